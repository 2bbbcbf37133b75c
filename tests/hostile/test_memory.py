"""A training that runs out of memory, or is killed by the kernel for it, ends alone."""

import os
import re
import shlex
import signal
import subprocess
import time
from pathlib import Path

import pytest

from canigatti.config import Convolutional, Spec

pytestmark = pytest.mark.slow

HUGE = """
  huge: {batch_size: 24, network: {filters: [4], dense_units: 2000000000, dropout: [0.1, 0.1]}}
"""
LONG = """
  long: {batch_size: 24, epochs: 500, early_stopping: {patience: 500}}
"""
RESULTS = Path("results/tiny")


def study(tiny, more):
    return tiny[: tiny.index("  augmented:")] + more.lstrip("\n")


def test_a_training_that_runs_out_of_memory_is_named_with_its_batch_size_and_the_others_finish(
    tmp_path, copy_project, tiny
):
    project = copy_project(tmp_path / "project")
    project.write_config(study(tiny, HUGE))
    answer = project.run("--keep-going")
    assert answer.returncode != 0
    said = answer.stdout + answer.stderr
    assert re.search(r"huge, seed 42: \d+ photos in batches of 24: memory ran out .* smaller batch size", said)
    assert "Traceback" not in said
    assert (project.folder / RESULTS / "evaluation/plain/seed42/metrics.json").is_file()
    assert not (project.folder / RESULTS / "training/huge/seed42/model.keras").exists()
    project.write_config(study(tiny, HUGE.replace("2000000000", "4")))
    answer = project.run()
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert (project.folder / RESULTS / "report/index.html").is_file()


def test_a_training_that_the_kernel_kills_is_named_with_its_batch_size_and_the_others_finish(
    tmp_path, copy_project, tiny
):
    """The kernel sends SIGKILL to the process that holds the most memory, and so does this test."""
    project = copy_project(tmp_path / "project")
    project.write_config(study(tiny, LONG))
    running = project.start("--keep-going", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    states = project.folder / RESULTS / "training/long/seed42/model.backup"
    while not list(states.glob("[!.]*.npz")):
        assert running.poll() is None
        time.sleep(0.01)
    os.kill(process_of(project.folder, "--experiment long"), signal.SIGKILL)
    said, _ = running.communicate(timeout=300)
    assert running.returncode != 0
    assert "experiment=long" in said
    assert re.search(r"long, seed 42: \d+ photos in batches of 24", said)
    assert (project.folder / RESULTS / "evaluation/plain/seed42/metrics.json").is_file()
    answer = project.run()
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "goes on after epoch" in answer.stdout


def test_a_training_whose_memory_is_limited_ends_naming_its_batch_size_and_leaves_nothing(
    photo_files, train_command, tmp_path
):
    """Where the system refuses memory, TensorFlow's libraries end the process themselves, by a signal."""
    network = Convolutional(filters=(20_000,), dense_units=4, dropout=(0.1, 0.1))
    spec = Spec(image_size=16, batch_size=40, epochs=1, network=network, augmentation=None)
    command = train_command(photo_files, tmp_path / "out", spec)
    limited = f"ulimit -v {5 * 2**20} && exec {shlex.join(command)}"  # kB; the training takes 6 GB, its start 2
    answer = subprocess.run(["bash", "-c", limited], capture_output=True, text=True, check=False)
    assert answer.returncode != 0
    assert "tried, seed 42: 40 photos in batches of 40" in answer.stdout
    assert not [path for path in (tmp_path / "out").rglob("*") if path.suffix in (".keras", ".npz", ".json")]


def process_of(folder: Path, argument: str) -> int:
    """The Python process with this argument that works in this folder."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if command.startswith("python -m canigatti") and argument in command and (entry / "cwd").samefile(folder):
                return int(entry.name)
        except OSError:  # it has ended, or is not ours
            continue
    raise AssertionError(f"no process has {argument}")
