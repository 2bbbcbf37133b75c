"""Searches by halving and Bayesian searches through Snakemake: which jobs run, again or not, and after being killed."""

import itertools
import json
import os
import shutil
import signal
import time

import numpy as np
import pandas as pd
import pytest

from canigatti.search.promotion import promote
from canigatti.search.records import Execution
from canigatti.training.checkpoint import read_state

SEARCHES = """
  halved:
    early_stopping: {patience: 8}
    search: {method: halving, trials: 4, rungs: 4, executions: 1, epochs: 8, seed: 52, space: {
      filters: [{low: 2, high: 8, step: 2}], learning_rate: {low: 1e-2, high: 1e30, values: 2}}}
  guided:
    search: {method: bayesian, trials: 4, initial_trials: 2, round_trials: 1, executions: 1, epochs: 1, seed: 7,
      space: {filters: [{low: 2, high: 8, step: 2}], learning_rate: {low: 1e-4, high: 1e-1, values: 9}}}
"""  # the first trial of `halved` diverges: the plan of later rungs names it, until others are promoted
FIRST = {f"train_first_rung halved {trial} 1" for trial in (1, 2, 3, 4)}
TARGETS = ("--", *(f"results/tiny/search/{name}/curves.png" for name in ("halved", "guided")))
HALVED = ("--", "results/tiny/search/halved/best.json")
CHOICE = {"select_trial halved"}


@pytest.fixture(scope="module")
def planned_first(tmp_path_factory, finished, tiny):
    """The tiny study with two searches, before they run, and the jobs that would run."""
    shutil.copytree(finished.folder, folder := tmp_path_factory.mktemp("methods") / "project")
    project = type(finished)(folder)
    project.write_config(tiny + SEARCHES.lstrip("\n"))
    return project, project.planned(*TARGETS)


@pytest.fixture(scope="module")
def searched(planned_first):
    project, _ = planned_first
    answer = project.run(*TARGETS, warm=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return project


@pytest.fixture
def changing(searched, tmp_path):
    """A copy of the finished searches, times of files included, to change and run again."""
    shutil.copytree(searched.folder, tmp_path / "project")
    return type(searched)(tmp_path / "project")


def results(project, name="halved"):
    return project.folder / "results/tiny/search" / name


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def rung_of(project, number):
    files = results(project).glob(f"rung{number}/trial*/execution1.json")
    return {record.trial: record for record in map(Execution.read, files)}


def written(project):
    """The results of rungs, with when each was written and its content."""
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in results(project).rglob("execution*.*")}


def test_the_number_of_jobs_is_known_before_any_runs(planned_first):
    _, jobs = planned_first
    next_rungs = [job for job in jobs if job.startswith("train_next_rung halved")]
    assert {job for job in jobs if job.startswith("train_first_rung")} == FIRST
    assert sorted(job.split()[2] for job in next_rungs) == ["2", "2", "3", "4"]
    assert {"promote_trials halved 2", "promote_trials halved 3", "propose_round guided 2"} < jobs
    assert {job for job in jobs if job.startswith("train_trial")} == {f"train_trial guided {t} 1" for t in (1, 2, 3, 4)}


def test_the_best_half_of_each_rung_continues(searched):
    rungs = [rung_of(searched, number) for number in (1, 2, 3, 4)]
    assert [len(rung) for rung in rungs] == [4, 2, 1, 1], "only promoted trials are trained"
    assert [{record.epochs for record in rung.values()} for rung in rungs] == [{1}, {2}, {4}, {8}]
    for below, above in itertools.pairwise(rungs):
        assert sorted(above) == promote(below.values(), len(above), "val_accuracy")
        assert all(above[trial].curve[: len(below[trial].curve)] == below[trial].curve for trial in above)
    [winner] = rungs[3]
    table = pd.read_csv(results(searched) / "trials.csv").set_index("trial")
    assert read(results(searched) / "best.json")["trial"] == winner
    assert table["epochs"].sum() == 4 * 1 + 2 * 1 + 1 * 2 + 1 * 4
    assert table.loc[winner, "ended"] == "completed"
    assert table.loc[1, "ended"] == "failed", "the first trial diverges"
    assert sorted(table["ended"])[2:] == ["not promoted after rung 1", "not promoted after rung 2"]


def test_nothing_runs_again_when_nothing_changed(searched):
    assert searched.planned(*TARGETS) == set()


def test_rounds_of_a_bayesian_search_build_on_each_other(searched):
    folder = results(searched, "guided")
    first, second, third = (
        read(folder / name)["trials"] for name in ("proposed.json", "round2/proposed.json", "round3/proposed.json")
    )
    assert second[:2] == first[:2]
    assert third[:3] == second
    assert [read(folder / f"trial{trial}/execution1.json")["values"] for trial in (1, 2, 3, 4)] == third
    assert len({json.dumps(values) for values in third}) == 4


def test_more_trials_run_in_the_first_rung_and_later_rungs_where_they_are_new(changing):
    before, promoted = written(changing), {*rung_of(changing, 2)}
    edit(changing, "trials: 4, rungs", "trials: 6, rungs")
    new = {f"train_first_rung halved {trial} 1" for trial in (5, 6)}
    planned = changing.planned(*HALVED)
    assert {job for job in planned if job.startswith("train_first_rung")} == new
    answer = changing.run(*HALVED, warm=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    after = written(changing)
    assert {path: after[path] for path in before} == before, "nothing that was there is trained again"
    members = {*read(results(changing) / "rung2/promoted.json")["trials"]}
    assert sorted(members) == promote(rung_of(changing, 1).values(), 3, "val_accuracy")
    added = {str(path.relative_to(results(changing))) for path in {*after} - {*before} if path.suffix == ".json"}
    finalists = {*read(results(changing) / "rung3/promoted.json")["trials"]} - {*rung_of(changing, 3)}
    expected = {f"rung1/trial{trial}/execution1.json" for trial in (5, 6)}
    expected |= {f"rung2/trial{trial}/execution1.json" for trial in members - promoted}
    assert expected <= added
    assert len(added - expected) <= 1, "a new finalist"
    assert finalists == set()
    assert changing.planned(*HALVED) == set()


def test_more_trials_of_a_bayesian_search_are_more_rounds(changing):
    edit(changing, "trials: 4, initial", "trials: 5, initial")
    planned = changing.planned("--", "results/tiny/search/guided/best.json")
    assert planned == {"propose_round guided 4", "train_trial guided 5 1", "select_trial guided"}


def test_another_method_keeps_trials_that_it_has_in_common(changing):
    """A random search has the same first trials as a Bayesian one, trained in the same way."""
    edit(changing, "method: bayesian, trials: 4, initial_trials: 2, round_trials: 1", "method: random, trials: 3")
    planned = changing.planned("--", "results/tiny/search/guided/best.json")
    assert planned == {"train_trial guided 3 1", "select_trial guided"}


@pytest.mark.slow
def test_a_search_killed_in_its_second_rung_trains_only_what_was_running(changing):
    expected = {
        path.relative_to(results(changing)): Execution.read(path) for path in results(changing).rglob("execution1.json")
    }
    trained = [path for path, record in expected.items() if record.status == "completed"]
    states = {path: read_state(results(changing) / path.with_suffix(".npz")) for path in trained}
    for number in (2, 3, 4):
        shutil.rmtree(results(changing) / f"rung{number}")
    shutil.rmtree(changing.folder / "results/tiny/logs/train_next_rung")
    (results(changing) / "best.json").unlink()
    running = changing.start("--", "results/tiny/search/halved/best.json")
    wait_for_the_second(changing, running)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    finished = written(changing)
    assert len([path for path in finished if "rung2" in str(path) and path.suffix == ".json"]) == 1

    changing.run("--unlock")
    answer = changing.run(*HALVED)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert {path: state for path, state in written(changing).items() if path in finished} == finished
    for path, record in expected.items():
        again = Execution.read(results(changing) / path)
        same = {"started": record.started, "seconds": record.seconds}
        assert again.model_copy(update=same) == record
    for path in trained:
        state = read_state(results(changing) / path.with_suffix(".npz"))
        assert all(map(np.array_equal, state.variables, states[path].variables))
        assert all(map(np.array_equal, state.best_weights, states[path].best_weights))


def wait_for_the_second(project, running):
    """Wait until one trial of the second rung is finished and the other one trains."""
    logs, until = project.folder / "results/tiny/logs/train_next_rung", time.monotonic() + 600
    while time.monotonic() < until and running.poll() is None:
        texts = [log.read_text(encoding="utf-8") for log in logs.rglob("rung2/**/*.log")]
        if len(texts) == 2 and all("continuing" in text for text in texts):
            return
        time.sleep(0.02)
    raise AssertionError("the second rung did not start")


def edit(project, old, new):
    path = project.folder / "study.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
