"""The state of a run from the files of its jobs: what runs, what waits and for what, and what failed and why."""

import multiprocessing
import os
import time

import pytest

from canigatti.config import load_study
from canigatti.live.finished import Finished
from canigatti.live.jobs import photo_jobs, planned_runs, run_jobs, search_jobs
from canigatti.live.logs import failure_in
from canigatti.live.states import State, Workflow, read_states
from canigatti.ownership import claim, is_claimed, this_workflow, workflow_is_alive
from canigatti.search.records import Promotion
from canigatti.training.checkpoint import Checkpoint, read_rows, write_checkpoint

STUDY = """
study: small
classes: [cat, dog]
photos: {generate: {count: 100}}
splits: {half: {train: 0.5, validation: 0.25, test: 0.25}}
weights: {vgg16: imagenet}
defaults: {split: half, image_size: 32}
experiments:
  plain: {}
  transfer: {network: {backbone: vgg16}}
  finetune: {network: {backbone: vgg16}, start_from: transfer, unfreeze: everything}
  tuned: {search: {trials: 2, executions: 1, space: {dense_units: {low: 1, high: 9, step: 1}}}}
"""
ENDED, ALIVE = Workflow(False, 0.0), Workflow(True, time.time() - 60)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.yaml").write_text(STUDY)
    for job in photo_jobs(study(tmp_path), results(tmp_path)):
        touch(*job.outputs)
    return tmp_path


def study(folder):
    return load_study(folder / "study.yaml")


def results(folder):
    return folder / "results" / "small"


def touch(*paths, text="made up\n"):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def states(folder, workflow=ALIVE):
    found = read_states(study(folder), results(folder), workflow, Finished({}, {}))
    return {run.planned.experiment: run for run in found.runs}


def jobs_of(folder, experiment):
    planned = next(run for run in planned_runs(study(folder)) if run.experiment == experiment)
    return run_jobs(planned, results(folder))


def checkpoint(folder, epochs):
    rows = [
        {"epoch": epoch + 1, "loss": 0.5, "accuracy": 0.5, "val_loss": 0.5, "val_accuracy": 0.5, "seconds": 1.0}
        for epoch in range(epochs)
    ]
    write_checkpoint(folder / "abc.npz", Checkpoint(rows, [], [], {}, False, []))


def hold(output, ready, release):
    claim(output)
    ready.set()
    release.wait(60)


@pytest.fixture
def claimed():
    """Return a function that claims an output in another process, and returns one that ends that process."""
    processes, context = [], multiprocessing.get_context("fork")

    def start(output):
        ready, release = context.Event(), context.Event()
        process = context.Process(target=hold, args=(output, ready, release))
        process.start()
        processes.append((process, release))
        assert ready.wait(60)

    yield start
    for process, release in processes:
        release.set()
        process.join()


def test_a_job_runs_while_its_process_holds_its_output(folder, claimed):
    job = jobs_of(folder, "plain")[0]
    assert states(folder)["plain"].state == State.WAITING
    job.claims.parent.mkdir(parents=True)
    claimed(job.claims)
    checkpoint(job.checkpoint, 3)
    run = states(folder)["plain"]
    assert run.state == State.RUNNING
    assert [row["epoch"] for row in run.now.rows] == [1, 2, 3]


def test_a_look_at_a_lock_neither_makes_one_nor_keeps_it(tmp_path):
    output = tmp_path / "output"
    assert not is_claimed(output)
    assert not list(tmp_path.iterdir())
    (tmp_path / ".output.lock").touch()
    assert not is_claimed(output)
    claim(output)
    assert is_claimed(output)


def test_a_job_without_outputs_has_failed_with_the_last_error_of_its_log(folder):
    job = jobs_of(folder, "plain")[0]
    lines = [
        "plain, seed 42: epoch   1/9  loss 0.5",
        "Traceback (most recent call last):",
        "ValueError: no layer is named x",
    ]
    touch(job.log, text="\n".join(lines) + "\n")
    run = states(folder, ENDED)["plain"]
    assert (run.state, run.now.reason) == (State.FAILED, "ValueError: no layer is named x")
    assert states(folder)["plain"].state == State.FAILED
    assert states(folder, Workflow(None, 0.0))["plain"].state == State.FAILED


def test_an_error_of_an_earlier_workflow_is_not_one_of_this(folder):
    job = jobs_of(folder, "plain")[0]
    touch(job.log, text="canigatti: weights.h5: the weights do not fit\n")
    os.utime(job.log, (ALIVE.started - 9, ALIVE.started - 9))
    run = states(folder)["plain"]
    assert run.state == State.WAITING
    assert "earlier attempt: weights.h5: the weights do not fit" in run.now.reason


def test_a_killed_training_is_interrupted_and_a_killed_job_of_a_running_workflow_has_failed(folder):
    job = jobs_of(folder, "plain")[0]
    touch(job.log, text="ValueError: of an attempt before\nplain, seed 42: epoch   1/9  loss 0.5\n")
    checkpoint(job.checkpoint, 2)
    assert states(folder, ENDED)["plain"].state == State.INTERRUPTED
    assert states(folder)["plain"].state == State.FAILED
    assert "without an error" in states(folder)["plain"].now.reason


@pytest.mark.parametrize(
    "line",
    [
        "plain, seed 42: epoch   1/9  loss 0.5",
        "plain, seed 42: 40 photos in batches of 8, 6,897 parameters",
        "found, trial 1, execution 2: {'filters_1': 8}",
        "found, trial 1, execution 2: rung 2: {'filters_1': 8}",
    ],
)
def test_an_error_before_the_last_attempt_is_not_one_of_it(tmp_path, line):
    log = tmp_path / "train.log"
    log.write_text(f"ValueError: bad\n{line}\n", encoding="utf-8")
    assert failure_in(log) is None
    log.write_text(f"{line}\nValueError: bad\n", encoding="utf-8")
    assert failure_in(log) == "ValueError: bad"


def test_a_run_names_what_it_waits_for(folder):
    assert states(folder)["plain"].now.reason == ""
    assert states(folder)["finetune"].now.reason == "transfer, from which it starts, is trained first"
    touch(jobs_of(folder, "transfer")[0].log, text="ValueError: bad\n")
    assert states(folder)["finetune"].now.reason == "transfer, from which it starts, has failed"


def test_weights_that_failed_hold_up_only_the_networks_that_start_from_them(folder):
    job = next(job for job in photo_jobs(study(folder), results(folder)) if job.only_for == "vgg16")
    job.outputs[0].unlink()
    touch(job.log, text="canigatti: vgg16: no network\n")
    found = states(folder)
    assert found["transfer"].now.reason == "weights of vgg16 has failed"
    assert found["plain"].now.reason == ""


def test_photos_come_first(folder):
    (results(folder) / "photos" / "manifest.csv").unlink()
    assert states(folder)["plain"].now.reason == "first: inspecting the photos"


def test_a_trained_network_waits_for_its_evaluation(folder):
    jobs = jobs_of(folder, "plain")
    touch(*jobs[0].outputs)
    run = states(folder)["plain"]
    assert (run.state, run.now.job.step) == (State.TRAINED, "evaluation")


def test_a_search_counts_its_trainings(folder):
    planned = next(run for run in planned_runs(study(folder)) if run.experiment == "tuned")
    jobs = list(search_jobs(planned, results(folder)))
    touch(*jobs[0].outputs)
    assert states(folder)["tuned"].searched == (1, 2)
    touch(jobs[1].log, text="canigatti: disk full\n")
    assert states(folder)["tuned"].state == State.FAILED


def test_the_jobs_of_a_search_by_halving_are_those_of_the_promoted_trials(folder):
    text = (folder / "study.yaml").read_text()
    halving = "search: {method: halving, factor: 3, rungs: 3, trials: 9, epochs: 9, executions: 1,"
    (folder / "study.yaml").write_text(text.replace("search: {trials: 2, executions: 1,", halving))
    planned = next(run for run in planned_runs(study(folder)) if run.experiment == "tuned")
    jobs = list(search_jobs(planned, results(folder)))[:-1]
    assert len(jobs) == 9 + 3 + 1
    found = results(folder) / "search/tuned"
    Promotion(places=3, trials=(4, 5, 9)).write(found / "rung2/promoted.json")
    jobs = list(search_jobs(planned, results(folder)))[:-1]
    assert [str(job.outputs[0].relative_to(found)) for job in jobs[9:12]] == [
        f"rung2/trial{trial}/execution1.json" for trial in (4, 5, 9)
    ]
    assert jobs[9].log == results(folder) / "logs/train_next_rung/tuned/rung2/trial4/execution1.log"
    assert jobs[0].log == results(folder) / "logs/train_first_rung/tuned/rung1/trial1/execution1.log"
    touch(*(job.outputs[0] for job in jobs[:9]))
    assert states(folder)["tuned"].searched == (9, 13)


@pytest.mark.parametrize("damage", ["", "half a file"])
def test_a_damaged_or_missing_checkpoint_has_no_rows(tmp_path, damage):
    assert read_rows(tmp_path / "missing") == []
    (tmp_path / "x.npz").write_text(damage)
    assert read_rows(tmp_path) == []


@pytest.mark.parametrize(
    ("log", "failure"),
    [
        ("", None),
        ("a warning\nW0000 00:00 something\n", None),
        ("canigatti: a.csv: it has changed\n", "a.csv: it has changed"),
        ("Traceback\n  File x\nkeras.src.SomeError: bad\nWARNING: after it\n", "keras.src.SomeError: bad"),
        ("ValueError: first\nplain, seed 1: 40 photos in batches of 8, 9 parameters\nepoch   1/9  loss\n", None),
        (f"ValueError: {'x' * 900}\n", f"ValueError: {'x' * 388}…"),
    ],
)
def test_the_reason_is_the_last_error_of_the_last_attempt(tmp_path, log, failure):
    (tmp_path / "log").write_text(log)
    assert failure_in(tmp_path / "log") == failure


def test_a_workflow_is_alive_if_its_process_is_the_same():
    process, started = this_workflow()
    assert workflow_is_alive(process, started) is True
    assert workflow_is_alive(process, started - 100) is False
    assert workflow_is_alive(process.replace("@", "@another-"), started) is None
    ended = multiprocessing.get_context("fork").Process(target=int)
    ended.start()
    ended.join()
    assert workflow_is_alive(f"{ended.pid}@{process.partition('@')[2]}", started) is False
