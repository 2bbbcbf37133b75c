"""A training that runs out of memory, or that the kernel kills for it, does not stop other jobs."""

import os
import re
import shlex
import signal
import subprocess
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

HUGE = """
  huge: {batch_size: 24, network: {filters: [4], dense_units: 2000000000, dropout: [0.1, 0.1]}}
"""
LONG = """
  long: {batch_size: 24, epochs: 500, early_stopping: {patience: 500}}
"""
RESULTS = Path("results/tiny")


def study(tiny, experiment):
    return tiny[: tiny.index("  augmented:")] + experiment.lstrip("\n")


def test_a_training_that_runs_out_of_memory_is_reported_with_its_batch_size_and_other_jobs_finish(
    tmp_path, copy_project, tiny
):
    project = copy_project(tmp_path / "project")
    project.write_config(study(tiny, HUGE))
    result = project.run("--keep-going")
    assert result.returncode != 0
    log = result.stdout + result.stderr
    assert re.search(r"huge, seed 42: \d+ photos in batches of 24: out of memory .* smaller batch size", log)
    assert "Traceback" not in log
    assert (project.folder / RESULTS / "evaluation/plain/seed42/metrics.json").is_file()
    assert not (project.folder / RESULTS / "training/huge/seed42/model.keras").exists()
    project.write_config(study(tiny, HUGE.replace("2000000000", "4")))
    result = project.run()
    assert result.returncode == 0, result.stdout + result.stderr
    assert (project.folder / RESULTS / "report/index.html").is_file()


def test_a_training_that_the_kernel_kills_is_reported_with_its_batch_size_and_other_jobs_finish(
    tmp_path, copy_project, tiny
):
    """The kernel sends SIGKILL to the process that uses the most memory, and so does this test."""
    project = copy_project(tmp_path / "project")
    project.write_config(study(tiny, LONG))
    running = project.start("--keep-going", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    checkpoints = project.folder / RESULTS / "training/long/seed42/checkpoint"
    while not list(checkpoints.glob("[!.]*.npz")):
        assert running.poll() is None
        time.sleep(0.01)
    os.kill(process_of(project.folder, "--experiment long"), signal.SIGKILL)
    log, _ = running.communicate(timeout=300)
    assert running.returncode != 0
    assert "FAILED to train · long, seed 42" in log
    assert re.search(r"long, seed 42: \d+ photos in batches of 24", log)
    assert (project.folder / RESULTS / "evaluation/plain/seed42/metrics.json").is_file()
    result = project.run()
    assert result.returncode == 0, result.stdout + result.stderr
    assert "resuming after epoch" in result.stdout


def test_a_training_with_limited_memory_reports_its_batch_size_and_leaves_no_file(
    photo_files, train_command, make_spec, tmp_path
):
    """TensorFlow's libraries end the process by a signal if the system refuses to allocate memory."""
    spec = make_spec(batch_size=40, network={"filters": [100_000], "dense_units": 4, "dropout": [0.1, 0.1]})
    command = train_command(photo_files, tmp_path / "out", spec)
    limited = f"ulimit -v {5 * 2**20} && exec {shlex.join(command)}"  # kB; the training needs 20 GB, its start 2 GB
    result = subprocess.run(["bash", "-c", limited], capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert "tried, seed 42: 40 photos in batches of 40" in result.stdout
    assert not [path for path in (tmp_path / "out").rglob("*") if path.suffix in (".keras", ".npz", ".json")]


def process_of(folder: Path, argument: str) -> int:
    """The Python process with this argument whose working directory is this folder."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if (
                command.startswith("python -P -m canigatti")
                and argument in command
                and (entry / "cwd").samefile(folder)
            ):
                return int(entry.name)
        except OSError:  # it has ended, or belongs to another user
            continue
    raise AssertionError(f"no process has {argument}")
