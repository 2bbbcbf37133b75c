"""A workflow run that is killed or interrupted: the same command finishes it."""

import os
import re
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from canigatti.files import sha256_of
from canigatti.training.checkpoint import read_checkpoint, write_checkpoint
from canigatti.training.records import HISTORY, TrainingRecord

pytestmark = pytest.mark.slow

LONG = """
  long: {augment: true, epochs: 200, early_stopping: {patience: 200}}
"""
RESULTS = Path("results/tiny")
TRAINING = RESULTS / "training/long/seed42"


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory, copy_project, tiny):
    """A study with one finished experiment, and a longer one that has not started."""
    project = copy_project(tmp_path_factory.mktemp("unfinished"))
    project.write_config(tiny[: tiny.index("  augmented:")] + LONG.lstrip("\n"))
    result = project.run("--", str(RESULTS / "evaluation/plain/seed42/metrics.json"))
    assert result.returncode == 0, result.stdout + result.stderr
    return project


@pytest.fixture
def running(unfinished, tmp_path):
    """The study and its Snakemake process, during the long training."""
    shutil.copytree(unfinished.folder, tmp_path / "project")
    project = type(unfinished)(tmp_path / "project")
    process = project.start()
    while not list((project.folder / TRAINING).glob("checkpoint/[!.]*.npz")):
        assert process.poll() is None
        time.sleep(0.01)
    yield project, process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def model_hashes(project):
    return {path: sha256_of(path) for path in (project.folder / RESULTS).rglob("model.keras")}


def assert_resumed_and_finished(project, result, finished_models):
    log = result.stdout + result.stderr
    assert result.returncode == 0, log
    assert "trained · long, seed 42" in log
    assert not re.search(r"\] train(ed|ing) · plain", log)
    assert finished_models.items() < model_hashes(project).items()
    folder = project.folder / TRAINING
    record = TrainingRecord.read(folder / "run.json")
    assert 1 <= record.resumed_after[0] < 200 == record.epochs
    assert list(HISTORY.read(folder / "history.csv")["epoch"]) == list(range(1, 201))
    assert not (folder / "checkpoint").exists()
    assert (project.folder / RESULTS / "report/index.html").is_file()


def test_a_killed_run_is_finished_by_unlocking_and_the_same_command(running):
    project, process = running
    finished_models = model_hashes(project)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert len(finished_models) == 1
    locked = project.run()
    assert locked.returncode != 0
    assert "--unlock" in locked.stdout + locked.stderr
    assert project.run("--unlock").returncode == 0
    assert_resumed_and_finished(project, project.run(), finished_models)


def test_a_run_that_is_interrupted_in_its_last_epoch_only_saves_the_model(running):
    """No epoch is left to train, and every output must be written nevertheless."""
    project, process = running
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=60) != 0
    folder = project.folder / TRAINING
    (path,) = folder.glob("checkpoint/[!.]*.npz")
    checkpoint = read_checkpoint(path)
    write_checkpoint(path, replace(checkpoint, stopped=True, resumed_after=[]))
    result = project.run()
    assert result.returncode == 0, result.stdout + result.stderr
    record = TrainingRecord.read(folder / "run.json")
    assert record.epochs == len(checkpoint.rows) == record.resumed_after[0]
    assert (folder / "tensorboard").is_dir()


def test_another_study_runs_at_the_same_time(running, tiny):
    project, process = running
    (project.folder / "other.yaml").write_text(
        tiny[: tiny.index("  augmented:")].replace("study: tiny", "study: other"), encoding="utf-8"
    )
    other = project.run(configuration="other.yaml")
    assert other.returncode == 0, other.stdout + other.stderr
    assert (project.folder / "results/other/report/index.html").is_file()
    assert process.wait(timeout=300) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM to all processes"])
def test_a_signal_waits_for_the_epoch_and_the_same_command_resumes(running, number):
    project, process = running
    finished_models = model_hashes(project)
    second = project.run()
    assert second.returncode != 0
    assert "cannot be locked" in (second.stdout + second.stderr)
    os.killpg(process.pid, number)
    assert process.wait(timeout=60) != 0
    log = (project.folder / RESULTS / "logs/train/long/seed42.log").read_text(encoding="utf-8")
    assert f"{number.name}: stopping after this epoch, whose checkpoint is kept" in log
    assert log.count("epoch 200/200") == 0
    assert_resumed_and_finished(project, project.run(), finished_models)


SEARCH = """
  found:
    search: {trials: 1, executions: 1, epochs: 300, space: {optimizer: [adam, sgd]}}
    early_stopping: {patience: 300}
"""
TRIAL = RESULTS / "search/found/trial1/execution1.json"


def test_a_trial_whose_processes_all_receive_sigterm_completes_its_epoch(unfinished, tmp_path, tiny):
    """Slurm sends it to all processes of a job, bash and tee included."""
    shutil.copytree(unfinished.folder, tmp_path / "project")
    project = type(unfinished)(tmp_path / "project")
    project.write_config(tiny[: tiny.index("  augmented:")] + SEARCH.lstrip("\n"))
    process = project.start("--", str(TRIAL))
    while not list((project.folder / TRIAL).parent.glob("execution1.checkpoint/[!.]*.npz")):
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGTERM)
    assert process.wait(timeout=60) != 0
    log = project.folder / RESULTS / "logs/train_trial/found/trial1/execution1.log"
    interrupted = log.read_text(encoding="utf-8")
    assert "SIGTERM: stopping after this epoch, whose checkpoint is kept" in interrupted
    last = re.findall(r"\bepoch +(\d+)/", interrupted)[-1]
    result = project.run("--", str(TRIAL))
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"resuming after epoch {last}, from the checkpoint" in log.read_text(encoding="utf-8")
