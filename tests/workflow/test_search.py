"""A random search through Snakemake: one job per execution, in parallel, killed and resumed, changed.

All of it takes two minutes. `make test` runs the searches of test_search_methods.py, whose rules are the same.
"""

import json
import os
import re
import shutil
import signal
import time
from datetime import datetime, timedelta

import pandas as pd
import pytest
from PIL import Image

pytestmark = pytest.mark.slow

FOUND = """
  found:
    network: {filters: [4], dense_units: 4, dropout: [0.1, 0.1], kernel_initializer: glorot_uniform}
    search:
      trials: 2
      executions: 2
      epochs: 2
      seed: 7
      space: {filters: [{low: 2, high: 8, step: 2}], optimizer: [adam, sgd]}
"""
TOO_LARGE = "dense_units: {low: 4, high: 4000000004, step: 4000000000}"
ALL_TOO_LARGE = "dense_units: {low: 4000000000, high: 4000000001, step: 1}"
EXECUTIONS = [f"trial{trial}/execution{execution}.json" for trial in (1, 2) for execution in (1, 2)]
REPORT = {"check_results", "plot_report", "write_report", "write_explorer", "write_cards"}
JOBS = {f"train_trial found {trial} {execution}" for trial in (1, 2) for execution in (1, 2)}
AFTER = {
    "select_trial found",
    "plot_search found",
    "train found",
    "plot_training found",
    "evaluate found",
    "measure found",
    "calibrate found",
    "explain_photos found",
    "plot_evaluation found",
}


@pytest.fixture(scope="module")
def searched(tmp_path_factory, finished, tiny):
    """The tiny study with a plain and a searched experiment, run with room for four trainings at once."""
    shutil.copytree(finished.folder, folder := tmp_path_factory.mktemp("searched") / "project")
    project = type(finished)(folder)
    project.write_config(tiny[: tiny.index("  augmented:")] + FOUND.lstrip("\n"))
    answer = project.run("--cores", "4", "--resources", "gpu=4", warm=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return project


@pytest.fixture
def changing(searched, tmp_path):
    """A copy of the finished search, times of files included, to change and run again."""
    shutil.copytree(searched.folder, tmp_path / "project")
    return type(searched)(tmp_path / "project")


@pytest.fixture(scope="module")
def results(searched):
    return searched.folder / "results" / "tiny" / "search" / "found"


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def edit(project, old, new):
    path = project.folder / "study.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_every_execution_leaves_its_score_and_its_logs(results):
    records = [read(results / name) for name in EXECUTIONS]
    assert {record["status"] for record in records} == {"completed"}
    assert all(0 <= record["score"] <= 1 and record["best_step"] in (1, 2) for record in records)
    assert len({record["seed"] for record in records}) == 4
    assert [record["values"] for record in records] == [
        values for values in read(results / "proposed.json")["trials"][:2] for _ in "12"
    ]
    for trial in (1, 2):
        for execution in (1, 2):
            assert list((results / f"trial{trial}/tensorboard/execution{execution}/validation").glob("events*"))


def test_the_best_trial_is_trained_and_evaluated_like_any_experiment(searched, results):
    table, best = pd.read_csv(results / "trials.csv"), read(results / "best.json")
    assert best["score"] == table["score"].max()
    assert best["trial"] == table.loc[table["score"].idxmax(), "trial"]
    spec = read(searched.folder / "results/tiny/training/found/seed42/run.json")["spec"]
    assert (spec["network"], spec["optimizer"]) == (best["network"], best["optimizer"])
    assert spec["network"]["filters"] == [best["values"]["filters_1"]]
    assert spec["optimizer"]["name"] == best["values"]["optimizer"]
    assert spec["network"]["kernel_initializer"] == "glorot_uniform"
    assert (searched.folder / "results/tiny/evaluation/found/seed42/metrics.json").is_file()
    assert "found" in (searched.folder / "results/tiny/report/index.html").read_text(encoding="utf-8")
    assert Image.open(results / "scores.png").width > 400


def test_four_executions_run_in_parallel_where_four_may(results):
    records = [read(results / name) for name in EXECUTIONS]
    starts = [datetime.fromisoformat(record["started"]) for record in records]
    ends = [start + timedelta(seconds=record["seconds"]) for start, record in zip(starts, records, strict=True)]
    assert max(starts) < min(ends)


def test_a_search_killed_in_its_third_execution_resumes_there(changing):
    results = changing.folder / "results/tiny/search/found"
    proposed = (results / "proposed.json").read_bytes()
    for trial in (1, 2):
        shutil.rmtree(results / f"trial{trial}")
    (results / "best.json").unlink()
    running = changing.start("--", "results/tiny/search/found/best.json")
    finished = wait_for_the_third(results, running)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert len(finished) == 2
    assert set(results.glob("trial*/execution*.json")) == set(finished)

    changing.run("--unlock")
    answer = changing.run("--", "results/tiny/search/found/best.json")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in finished} == finished
    assert (results / "proposed.json").read_bytes() == proposed
    assert all((results / name).is_file() for name in EXECUTIONS)


def wait_for_the_third(results, running):
    """Wait until two executions are finished and a third one trains; return the finished files with their state."""
    until = time.monotonic() + 600
    while time.monotonic() < until and running.poll() is None:
        finished = list(results.glob("trial*/execution*.json"))
        started = [
            log for log in results.parents[1].glob("logs/train_trial/found/*/*.log") if "epoch" in log.read_text()
        ]
        if len(finished) == 2 and len(started) == 3:
            break
        time.sleep(0.05)
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in finished}


def test_nothing_runs_again_when_nothing_changed(changing):
    assert changing.planned() == set()


def test_editing_the_space_runs_the_search_and_its_winner(changing):
    edit(changing, "high: 8, step: 2", "high: 8, step: 1")
    assert changing.planned() == {"propose_trials found"} | JOBS | AFTER | REPORT


@pytest.mark.parametrize("change", ["seed: 8", "objective: val_loss\n      seed: 7"])
def test_another_seed_or_objective_runs_the_search(changing, change):
    edit(changing, "seed: 7", change)
    assert changing.planned() >= JOBS | AFTER


def test_editing_another_experiment_leaves_the_search_alone(changing):
    edit(changing, "plain: {", "plain: {batch_size: 8, ")
    rules = ("train", "plot_training", "evaluate", "measure", "calibrate", "explain_photos", "plot_evaluation")
    assert changing.planned() == {f"{rule} plain" for rule in rules} | REPORT


def test_more_trials_or_executions_keep_the_finished_ones(changing):
    edit(changing, "trials: 2", "trials: 3")
    edit(changing, "executions: 2", "executions: 3")
    new = {f"train_trial found {trial} {execution}" for trial, execution in ((1, 3), (2, 3), (3, 1), (3, 2), (3, 3))}
    assert changing.planned() == new | AFTER | REPORT


def test_a_space_smaller_than_the_trials_is_tried_whole(changing):
    edit(changing, "trials: 2", "trials: 100")
    edit(changing, "optimizer: [adam, sgd]", "optimizer: [adam]")
    assert {job for job in changing.planned() if job.startswith("train_trial")} == {
        f"train_trial found {trial} {execution}" for trial in range(1, 5) for execution in (1, 2)
    }


def test_failed_executions_are_recorded_and_the_search_continues(changing):
    """One of the two trials asks for 4 TB of weights; running out of memory is a result of the search."""
    edit(changing, "filters: [{low: 2, high: 8, step: 2}], optimizer: [adam, sgd]", TOO_LARGE)
    edit(changing, "executions: 2", "executions: 1")
    answer = changing.run("--", "results/tiny/search/found/scores.png", warm=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    results = changing.folder / "results/tiny/search/found"
    table = pd.read_csv(results / "trials.csv").set_index("dense_units")
    assert dict(table["status"]) == {4: "completed", 4_000_000_004: "failed"}
    assert pd.isna(table.loc[4_000_000_004, "score"])
    assert "OOM" in table.loc[4_000_000_004, "execution_1_error"]
    assert read(results / "best.json")["values"] == {"dense_units": 4}


def test_a_search_whose_executions_all_fail_reports_why(changing):
    edit(changing, "filters: [{low: 2, high: 8, step: 2}], optimizer: [adam, sgd]", ALL_TOO_LARGE)
    edit(changing, "executions: 2", "executions: 1")
    answer = changing.run("--", "results/tiny/training/found/seed42/run.json")
    assert answer.returncode != 0
    assert re.search("all 2 trials failed.*OOM", answer.stdout + answer.stderr, re.DOTALL)
    assert not (changing.folder / "results/tiny/search/found/best.json").exists()


def test_an_experiment_without_a_search_has_none(changing):
    answer = changing.run("--dry-run", "--", "results/tiny/search/plain/best.json")
    assert answer.returncode != 0
    assert "the experiment plain has no search" in answer.stdout + answer.stderr
