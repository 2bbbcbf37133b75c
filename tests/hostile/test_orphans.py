"""Snakemake alone is killed with -9 while a job runs, the configuration is edited, and the same command runs at once.

At the end every output is that of the new configuration, as if the old one had never run. CANIGATTI_TRIES sets the
number of random moments for each kind of job.
"""

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from canigatti.evaluation.records import EvaluationRecord
from canigatti.files import sha256_of
from canigatti.search.records import Execution
from canigatti.training.records import HISTORY, TrainingRecord

TRIES = int(os.environ.get("CANIGATTI_TRIES", "1"))
RESULTS = Path("results/tiny")
RUN = "plain/seed42"


@dataclass(frozen=True)
class Job:
    """A job that is orphaned.

    Attributes:
        command: of `canigatti`.
        target: what Snakemake is asked for, in the results.
        removed: what is deleted, so that the job runs, in the results.
        before: an edit of the tiny configuration before the job starts: old and new text.
        after: an edit after Snakemake has been killed.
        result: what decides whether the outputs are those of the new configuration, given the results.
        seconds: the longest time from the start of the command to the kill.
    """

    command: str
    target: str
    removed: str
    before: tuple[str, str]
    after: tuple[str, str]
    result: Callable
    seconds: float


def trained(folder):
    record, files = TrainingRecord.read(folder / "training" / RUN / "run.json"), folder / "training" / RUN
    assert record.model_sha256 == sha256_of(files / "model.keras")
    assert record.history_sha256 == sha256_of(files / "history.csv")
    assert not (files / "checkpoint").exists()
    return record.spec, HISTORY.read(files / "history.csv").drop(columns="seconds").to_csv()


def executed(folder):
    execution = Execution.read(folder / "search/found/trial1/execution1.json")
    return execution.values, execution.seed, execution.score


def evaluated(folder):
    files = folder / "evaluation" / RUN
    record = EvaluationRecord.read(files / "evaluation.json")
    assert record.model_sha256 == TrainingRecord.read(folder / "training" / RUN / "run.json").model_sha256
    assert record.files == {name: sha256_of(files / name) for name in record.files}
    return (files / "predictions.csv").read_text(), (files / "metrics.json").read_text()


def stored(folder):
    images = folder / "photos/images-16.npy"
    recorded = Path(f"{images}.sha256").read_text().strip()
    assert recorded == sha256_of(images)
    return recorded


def inspected(folder):
    return [(folder / "photos" / name).read_text() for name in ("manifest.csv", "groups.csv", "summary.json")]


def reported(folder):
    """Return all tables and the page; equal results and settings make equal bytes."""
    files = [*(folder / "report/tables").iterdir(), folder / "report/index.html"]
    return {path.name: path.read_bytes() for path in files}


PLAIN = "plain: {color: grayscale}"
LONG = "plain: {color: grayscale, epochs: 20, early_stopping: {patience: 20}}"
OTHER = "plain: {color: grayscale, optimizer: {name: adam, learning_rate: 0.02}}"
SEARCH = "  found: {{search: {{trials: 2, executions: 1, epochs: 4, seed: {}, space: {{optimizer: [adam, sgd]}}}}}}\n"
NEW_SEED = ("seed: 3}}", "seed: 4}}")
UNCHANGED = ("study: tiny", "study: tiny")
JOBS = {
    "train": Job("train", f"training/{RUN}/run.json", f"training/{RUN}", (PLAIN, LONG), (LONG, OTHER), trained, 6),
    "train-trial": Job(
        "train-trial",
        "search/found/trial1/execution1.json",
        "search",
        ("experiments:\n", "experiments:\n" + SEARCH.format(7)),
        ("executions: 1, epochs: 4, seed: 7", "executions: 1, epochs: 3, seed: 8"),
        executed,
        6,
    ),
    "evaluate": Job(
        "evaluate", f"evaluation/{RUN}/metrics.json", f"evaluation/{RUN}", UNCHANGED, (PLAIN, OTHER), evaluated, 6
    ),
    "store": Job("store", "photos/images-16.npy", "photos/images-16.npy", UNCHANGED, NEW_SEED, stored, 2),
    "inspect": Job("inspect", "photos/manifest.csv", "photos/manifest.csv", UNCHANGED, NEW_SEED, inspected, 2),
    "report": Job(
        "report",
        "report/index.html",
        "report",
        UNCHANGED,
        (PLAIN, "plain: {color: grayscale, table: ablations}"),
        reported,
        4,
    ),
}


def edit(project, change):
    text = (project.folder / "study.yaml").read_text(encoding="utf-8")
    assert change[0] in text
    project.write_config(text.replace(*change))


def remove(project, name):
    path = project.folder / RESULTS / name
    shutil.rmtree(path, ignore_errors=True)
    path.unlink(missing_ok=True)


def run(project, target):
    answer = project.run("--", str(RESULTS / target), warm=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def processes_in(folder) -> list[psutil.Process]:
    """Return the processes that run commands in this folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        if process.info["cwd"] == str(folder) and "canigatti" in (process.info["cmdline"] or []):
            found.append(process)
    return found


def wait_for_command(folder, command, seconds=120):
    deadline = time.monotonic() + seconds
    while not any(command in process.info["cmdline"] for process in processes_in(folder)):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def kill_edit_and_run_again(project, process, job):
    """Return once nothing that was started in the project's folder is running."""
    process.send_signal(signal.SIGKILL)
    process.wait()
    edit(project, job.after)
    assert project.run("--unlock", warm=True).returncode == 0
    run(project, job.target)
    psutil.wait_procs(processes_in(project.folder), timeout=120)


@pytest.fixture(scope="module")
def expected(finished, tmp_path_factory):
    """The result of a job with the new configuration, without any kill."""
    known = {}

    def result(job):
        if job.command not in known:
            folder = tmp_path_factory.mktemp("undisturbed") / "project"
            shutil.copytree(finished.folder, folder)
            project = type(finished)(folder)
            for change in (job.before, job.after):
                edit(project, change)
            remove(project, job.removed)
            run(project, job.target)
            known[job.command] = job.result(folder / RESULTS)
        return known[job.command]

    return result


@pytest.mark.slow
@pytest.mark.parametrize("attempt", range(TRIES))
@pytest.mark.parametrize("name", JOBS)
def test_an_orphaned_job_never_replaces_the_results_of_the_next_run(project, expected, name, attempt):
    job = JOBS[name]
    wanted = expected(job)
    edit(project, job.before)
    remove(project, job.removed)
    process = project.start("--", str(RESULTS / job.target))
    wait_for_command(project.folder, job.command)
    time.sleep(random.Random(f"{name} {attempt}").uniform(0, job.seconds))
    kill_edit_and_run_again(project, process, job)
    assert job.result(project.folder / RESULTS) == wanted


@pytest.mark.slow
def test_an_orphaned_training_does_not_replace_the_model_of_the_next_run(project):
    long = "plain: {color: grayscale, epochs: 400, early_stopping: {patience: 400}}"
    job = Job("train", f"training/{RUN}/run.json", f"training/{RUN}", (PLAIN, long), (long, OTHER), trained, 0)
    edit(project, job.before)
    remove(project, job.removed)
    process = project.start("--", str(RESULTS / job.target))
    while not list((project.folder / RESULTS / "training" / RUN).glob("checkpoint/[!.]*.npz")):
        assert process.poll() is None
        time.sleep(0.01)
    kill_edit_and_run_again(project, process, job)
    spec, _ = trained(project.folder / RESULTS)
    assert (spec.epochs, spec.optimizer.learning_rate) == (2, 0.02)
