"""A training on Slurm that is interrupted in any way resumes after its last whole epoch, with the same result."""

import os
import re
import shutil
import signal
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest
from slurm_heads import FollowedFile, Head, command, jobs, wait_until

from canigatti.training.model_files import load_model
from canigatti.training.records import HISTORY, TrainingRecord

pytestmark = pytest.mark.slurm

EPOCHS = 400
LONG = f"  long: {{augment: true, epochs: {EPOCHS}, early_stopping: {{patience: {EPOCHS}}}}}\n"
TRAINING = "training/long/seed42"
LOG = "logs/train/long/seed42.log"
METRICS = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy"]
FIRST = 5  # the epoch in whose log line the interruption happens

# In every process that trains, when the file `hog` appears: use more memory than the job has requested.
HOG = f"""
import sys, threading, time
from pathlib import Path

def use_memory():
    while not Path("hog").exists():
        time.sleep(0.05)
    Path("hog").unlink()
    used = bytearray(b"x") * {4 * 10**9}
    time.sleep(60)

if {{"canigatti", "train"}} <= set(sys.orig_argv):
    threading.Thread(target=use_memory, daemon=True).start()
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, copy_project, tiny, one_core):
    """The photos of a study, and the long training without interruption, on one core of this machine."""
    project = copy_project(tmp_path_factory.mktemp("prepared") / "project")
    project.write_config(tiny[: tiny.index("  augmented:")] + LONG)
    one_core(project, "--", f"results/tiny/{TRAINING}/run.json")
    return project


@pytest.fixture
def head(cluster, prepared, tmp_path):
    """The study before its training, on Slurm."""
    shutil.copytree(prepared.folder, tmp_path / "project")
    project = type(prepared)(tmp_path / "project")
    head = Head(project)
    shutil.rmtree(head.path(TRAINING))
    head.path(LOG).unlink()
    yield head
    for job in jobs():
        if job.state in ("RUNNING", "PENDING"):
            command("scancel", "--full", "--signal=KILL", job.number)


def target(head):
    return ("--", str(head.path(f"{TRAINING}/run.json").relative_to(head.project.folder)))


@pytest.fixture
def log(head):
    """The log of the training: all of its lines, although Snakemake deletes the log of a job that starts again."""
    with FollowedFile(head.path(LOG)) as file:
        yield file


def epochs(log) -> list[int]:
    return [int(number) for number in re.findall(r"\bepoch +(\d+)/", log.text)]


def start_training(head, log, *arguments):
    """Start Snakemake, and return it with the number of the Slurm job in whose training an epoch has ended."""
    process = head.start(*arguments, *target(head))
    wait_until(lambda: FIRST in epochs(log), process=process)
    return process, jobs()[-1].number


def assert_resumed(head, log, prepared, interruptions=1, exactly=True):
    """Check that each interruption lost no whole epoch, and that the result is that of an uninterrupted training.

    Args:
        exactly: whether the epoch that was running was completed, and no epoch trained twice; without a signal before
            it, a kill may come between the log line of an epoch and its checkpoint.
    """
    resumed = [int(number) for number in re.findall(r"resuming after epoch (\d+)", log.text)]
    assert len(resumed) == interruptions
    counted = epochs(log)
    assert sorted(set(counted)) == list(range(1, EPOCHS + 1))
    assert len(counted) <= EPOCHS + (0 if exactly else interruptions)
    assert all(FIRST - 1 <= number < EPOCHS for number in resumed)
    assert_same_result(head, prepared)
    assert not (head.path(TRAINING) / "checkpoint").exists()
    assert TrainingRecord.read(head.path(f"{TRAINING}/run.json")).resumed_after == tuple(resumed)


def assert_same_result(head, prepared):
    folders = [head.path(TRAINING), prepared.folder / "results/tiny" / TRAINING]
    actual, expected = (HISTORY.read(folder / "history.csv")[METRICS] for folder in folders)
    pd.testing.assert_frame_equal(actual, expected, check_exact=True)
    weights = [
        load_model(folder / "model.keras", TrainingRecord.read(folder / "run.json").model_sha256).get_weights()
        for folder in folders
    ]
    assert all((actual == expected).all() for actual, expected in zip(*weights, strict=True))


@pytest.mark.parametrize(
    "interrupt",
    [
        pytest.param(["scancel"], id="scancel"),
        pytest.param(["scancel", "--signal=TERM"], id="SIGTERM to the step"),
        pytest.param(["scontrol", "requeue"], id="requeue"),
    ],
)
def test_an_interrupted_training_completes_its_epoch_and_resumes_by_itself(head, log, prepared, interrupt):
    process, job = start_training(head, log)
    command(*interrupt, job)
    assert process.wait(timeout=600) == 0, head.log
    assert "SIGTERM: stopping after this epoch, whose checkpoint is kept" in log.text
    assert_resumed(head, log, prepared)
    assert (jobs()[-1].number == job) == (interrupt[-1] == "requeue")


def test_a_training_whose_job_is_terminated_with_its_steps_resumes_after_its_last_whole_epoch(head, log, prepared):
    """`srun` receives the signal too, and kills the step at once."""
    process, job = start_training(head, log)
    command("scancel", "--signal=TERM", "--full", job)
    assert process.wait(timeout=600) == 0, head.log
    assert_resumed(head, log, prepared, exactly=False)


def pause(head):
    """Stop the training, which would end before Slurm's clock, and return it."""
    training = next(
        process
        for process in psutil.process_iter(["cmdline", "cwd"])
        if process.info["cwd"] == str(head.project.folder)
        and (process.info["cmdline"] or [])[:5] == ["python", "-P", "-m", "canigatti", "train"]
    )
    training.suspend()
    return training


def resume_after_sigterm(training):
    def has_received() -> bool:
        status = Path(f"/proc/{training.pid}/status").read_text(encoding="utf-8")
        pending = int(re.search(r"ShdPnd:\s+(\w+)", status)[1], 16)
        # Slurm resumes a process that it terminates.
        return bool(pending & 1 << signal.SIGTERM - 1) or training.status() != psutil.STATUS_STOPPED

    wait_until(has_received)
    training.resume()


@pytest.mark.parametrize("warned", [True, False], ids=["warned", "not warned"])
def test_a_training_whose_time_is_up_resumes_with_a_longer_limit(head, log, prepared, warned):
    options = () if warned else ("--default-resources", "slurm_extra=''")
    process, job = start_training(head, log, *options)
    training = pause(head)
    limit = [one.end - one.start for one in jobs()][-1]
    command("scontrol", "update", f"JobId={job}", f"EndTime=now+{125 if warned else 2}seconds")
    resume_after_sigterm(training)
    assert process.wait(timeout=600) == 0, head.log
    assert "SIGTERM: stopping after this epoch" in log.text
    assert_resumed(head, log, prepared)
    ended = next(one for one in jobs() if one.number == job)
    assert ended.state == ("FAILED" if warned else "TIMEOUT")
    details = command("scontrol", "--oneliner", "show", "job", jobs()[-1].number)
    days_and_time = re.search(r"TimeLimit=(\S+)", details)[1]
    hours, minutes, _ = map(int, days_and_time.rpartition("-")[2].split(":"))
    assert 60 * hours + minutes == pytest.approx(2 * limit / 60, abs=1)


def test_a_training_that_is_killed_for_its_memory_resumes_with_more(head, log, prepared):
    (head.project.folder / "src" / "sitecustomize.py").write_text(HOG, encoding="utf-8")
    process, job = start_training(head, log)
    (head.project.folder / "hog").touch()
    assert process.wait(timeout=600) == 0, head.log
    assert_resumed(head, log, prepared, exactly=False)
    requested = [
        int(re.search(r"MinMemoryNode=(\d+)M", command("scontrol", "--oneliner", "show", "job", number))[1])
        for number in (job, jobs()[-1].number)
    ]
    assert requested[1] == pytest.approx(2 * requested[0], abs=1)


def test_after_the_head_is_killed_the_next_one_waits_for_the_training_and_repeats_no_epoch(head, log, prepared):
    process, job = start_training(head, log)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    head.run("--unlock")
    head.run(*target(head))
    assert "another process is writing it; waiting until that process has ended" in log.text
    assert jobs()[-1].number != job
    assert sorted(epochs(log)) == list(range(1, EPOCHS + 1))
    assert_same_result(head, prepared)
    assert not (head.path(TRAINING) / "checkpoint").exists()


def test_a_training_that_ends_while_no_head_runs_is_not_repeated(head, log, prepared):
    process, job = start_training(head, log)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    wait_until(lambda: next(one for one in jobs() if one.number == job).state == "COMPLETED")
    time.sleep(1)
    head.run("--unlock")
    head.run(*target(head))
    assert epochs(log) == list(range(1, EPOCHS + 1))
    assert_same_result(head, prepared)
