"""A whole run that is killed, or interrupted, at a real moment: the same command finishes it."""

import json
import os
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from canigatti.files import sha256_of
from canigatti.training.checkpoint import read, write

pytestmark = pytest.mark.slow

LONG = """
  long: {augment: true, epochs: 200, early_stopping: {patience: 200}}
"""
RESULTS = Path("results/tiny")


@pytest.fixture(scope="module")
def begun(tmp_path_factory, copy_project, tiny):
    """A study of which one experiment is done, and one, which takes longer, is not."""
    project = copy_project(tmp_path_factory.mktemp("begun"))
    project.write_config(tiny[: tiny.index("  augmented:")] + LONG.lstrip("\n"))
    answer = project.run("--", str(RESULTS / "evaluation/plain/seed42/metrics.json"))
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return project


@pytest.fixture
def running(begun, tmp_path):
    """The study, gone on with, in the middle of the long training."""
    shutil.copytree(begun.folder, tmp_path / "project")
    project = type(begun)(tmp_path / "project")
    process = project.start()
    while not list((project.folder / RESULTS / "training/long/seed42").glob("model.backup/[!.]*.npz")):
        assert process.poll() is None
        time.sleep(0.01)
    yield project, process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def models(project):
    return {path: sha256_of(path) for path in (project.folder / RESULTS).rglob("model.keras")}


def assert_finished_from_where_it_was(project, answer, kept):
    said = answer.stdout + answer.stderr
    assert answer.returncode == 0, said
    assert "experiment=plain" not in said.replace("evaluation", "")
    assert kept.items() < models(project).items()
    folder = project.folder / RESULTS / "training/long/seed42"
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert 1 <= run["resumed_after"][0] < 200 == run["epochs"]
    history = (folder / "history.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert [int(row.split(",")[0]) for row in history] == list(range(1, 201))
    assert not (folder / "model.backup").exists()
    assert (project.folder / RESULTS / "report/index.html").is_file()


def test_a_run_that_is_killed_is_finished_by_unlocking_and_the_same_command(running):
    project, process = running
    kept = models(project)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert len(kept) == 1
    refused = project.run()
    assert refused.returncode != 0
    assert "--unlock" in refused.stdout + refused.stderr
    assert project.run("--unlock").returncode == 0
    assert_finished_from_where_it_was(project, project.run(), kept)


def test_a_run_that_is_interrupted_in_its_last_epoch_only_saves_the_model(running):
    """All epochs are kept then, and nothing is left to be fitted; every output must be there all the same."""
    project, process = running
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=60) != 0
    folder = project.folder / RESULTS / "training/long/seed42"
    (state,) = folder.glob("model.backup/[!.]*.npz")
    kept = read(state)
    write(state, replace(kept, stopped=True, resumed_after=[]))
    answer = project.run()
    assert answer.returncode == 0, answer.stdout + answer.stderr
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert run["epochs"] == len(kept.rows) == run["resumed_after"][0]
    assert (folder / "tensorboard").is_dir()


def test_another_study_runs_beside_it(running, tiny):
    project, process = running
    (project.folder / "other.yaml").write_text(
        tiny[: tiny.index("  augmented:")].replace("study: tiny", "study: other"), encoding="utf-8"
    )
    other = project.run(configuration="other.yaml")
    assert other.returncode == 0, other.stdout + other.stderr
    assert (project.folder / "results/other/report/index.html").is_file()
    assert process.wait(timeout=300) == 0


def test_ctrl_c_waits_for_the_epoch_and_the_same_command_finishes(running):
    project, process = running
    kept = models(project)
    second = project.run()
    assert second.returncode != 0
    assert "cannot be locked" in (second.stdout + second.stderr)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=60) != 0
    log = (project.folder / RESULTS / "logs/train/long/seed42.log").read_text(encoding="utf-8")
    assert "SIGINT: ends after this epoch, which is kept" in log
    assert log.count("epoch 200/200") == 0
    assert_finished_from_where_it_was(project, project.run(), kept)
