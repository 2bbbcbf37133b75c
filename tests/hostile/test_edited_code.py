"""Code that is edited while a job runs: what the job computed with the former code does not count as up to date."""

import os
import signal
import time

import pytest

from canigatti import provenance
from canigatti.files import InputError
from canigatti.provenance import with_one_code

LONG = "plain: {color: grayscale, epochs: 60, early_stopping: {patience: 60}}"


@pytest.fixture
def command(tmp_path, monkeypatch):
    """A command of a package with three modules, and its folder."""
    monkeypatch.setattr(provenance, "PACKAGE", tmp_path)
    monkeypatch.setattr(provenance, "_imports", provenance._imports.__wrapped__)
    (tmp_path / "command.py").write_text("from canigatti import used\n")
    for name in ("used", "unused"):
        (tmp_path / f"{name}.py").write_text("")

    def edit(output, module):
        (tmp_path / module).write_text("# other\n")

    edit.__module__ = "canigatti.command"
    return with_one_code(edit)


@pytest.mark.parametrize("module", ["used.py", "command.py"])
def test_a_command_fails_if_its_code_changes(command, tmp_path, module):
    with pytest.raises(InputError, match=rf"^{tmp_path / module}: the code has changed .*; run the same command again"):
        command(output=tmp_path, module=module)


def test_code_that_a_command_does_not_use_may_change(command, tmp_path):
    command(output=tmp_path, module="unused.py")
    assert (tmp_path / "unused.py").read_text() == "# other\n"


@pytest.mark.slow
def test_a_training_whose_code_is_edited_meanwhile_runs_again(project):
    text = (project.folder / "study.yaml").read_text(encoding="utf-8")
    project.write_config(text.replace("plain: {color: grayscale}", LONG))
    process = project.start()
    try:
        while not list((project.folder / "results/tiny/training/plain").glob("*/checkpoint/[!.]*.npz")):
            assert process.poll() is None
            time.sleep(0.01)
        with (project.folder / "src/canigatti/training/batches.py").open("a", encoding="utf-8") as stream:
            stream.write("\n# other\n")
        assert process.wait(timeout=300) != 0
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert {"train plain", "train augmented", "train other"} <= project.planned()
    assert project.run().returncode == 0
