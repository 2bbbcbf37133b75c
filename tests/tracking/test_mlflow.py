"""`canigatti log-to-mlflow`: what MLflow's own client reads back is what the files of the study hold, each run once."""

import os
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from canigatti.__main__ import main
from canigatti.evaluation.records import EvaluationRecord, Metrics
from canigatti.files import InputError
from canigatti.ownership import one_writer
from canigatti.tracking.runs import list_runs, read_run
from canigatti.tracking.store import MlflowStore
from canigatti.training.checkpoint import Checkpoint, write_checkpoint
from canigatti.training.records import HISTORY

STUDY = "tiny"


def history(epochs, loss=1.0):
    names = ("loss", "accuracy", "val_loss", "val_accuracy", "seconds")
    return [{"epoch": number + 1} | dict.fromkeys(names, loss / (number + 1)) for number in range(epochs)]


METRICS = {
    **{"accuracy": 0.75, "accuracy_interval": (0.5, 0.9), "loss": 0.4, "n": 20, "confusion": ((8, 2), (3, 7))},
    **{"threshold": 0.5, "balanced_accuracy": 0.75, "macro_f1": 0.74, "matthews": 0.5, "roc_auc": None},
    **{"average_precision": 0.8, "largest_class": 0.5, "classes": ()},
}


@pytest.fixture
def study(tmp_path, monkeypatch, tiny, make_training_record):
    """A study with a finished and evaluated run, and one that has been trained for two epochs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.yaml").write_text(tiny, encoding="utf-8")
    results = tmp_path / "results" / STUDY
    finish(results, make_training_record, history(3))
    evaluate(results)
    pause(results, 2)
    return results


def finish(results, make_training_record, rows, **fields):
    folder = results / "training/plain/seed42"
    folder.mkdir(parents=True, exist_ok=True)
    HISTORY.write(folder / "history.csv", rows)
    make_training_record(epochs=len(rows), wall_seconds=10.0, **fields).write(folder / "run.json")
    (folder / "curves.png").write_bytes(b"curves")
    (folder / "model.keras").write_bytes(b"model")


def evaluate(results, model_sha256="0" * 64, **fields):
    folder, record = results / "evaluation/plain/seed42", read_record(results)
    folder.mkdir(parents=True, exist_ok=True)
    Metrics(**METRICS | fields).write(folder / "metrics.json")
    evaluated = {"model_sha256": model_sha256, "inputs": record.inputs, "machine": record.machine, "files": {}}
    EvaluationRecord(**evaluated).write(folder / "evaluation.json")


def read_record(results):
    from canigatti.training.records import TrainingRecord

    return TrainingRecord.read(results / "training/plain/seed42/run.json")


def pause(results, epochs):
    state = {"variables": [np.zeros(3)], "best_weights": [], "early_stopping": {}, "stopped": False}
    path = results / "training/other/seed42/checkpoint/key.npz"
    write_checkpoint(path, Checkpoint(history(epochs), resumed_after=[], **state))


def log(results, folder):
    store = MlflowStore(str(folder / "store"), STUDY)
    return [store.log(run) for run in map(read_run, list_runs(results)) if run]


@pytest.fixture
def read_back(tmp_path):
    """A function that returns MLflow's client, and its runs of the study by name; superseded ones are a list."""

    def read():
        from mlflow import MlflowClient

        client = MlflowClient(tracking_uri=(tmp_path / "store").as_uri())
        found = client.search_runs([client.get_experiment_by_name(STUDY).experiment_id])
        return client, {run.info.run_name: run for run in found if "canigatti.superseded" not in run.data.tags}, found

    return read


def test_mlflow_reads_back_what_the_files_hold(study, tmp_path, read_back):
    assert log(study, tmp_path) == ["added", "added"]
    client, runs, _ = read_back()
    run, record = runs["plain, seed 42"], read_record(study)
    assert run.info.status == "FINISHED"
    table = pd.read_csv(study / "training/plain/seed42/history.csv")
    for name in ("loss", "accuracy", "val_loss", "val_accuracy", "seconds"):
        logged = client.get_metric_history(run.info.run_id, name)
        assert [(one.step, one.value) for one in logged] == [*zip(table["epoch"], table[name], strict=True)]
        times = [one.timestamp for one in logged]
        assert np.diff(times) == pytest.approx(1000 * table["seconds"][1:], abs=1)
    assert times[-1] == pytest.approx(1000 * os.stat(study / "training/plain/seed42/history.csv").st_mtime, abs=1)
    assert run.info.start_time == times[-1] - 10_000
    assert {name: value for name, value in run.data.metrics.items() if name.startswith("test_")} == {
        **{"test_accuracy": 0.75, "test_accuracy_low": 0.5, "test_accuracy_high": 0.9, "test_loss": 0.4, "test_n": 20},
        **{"test_threshold": 0.5, "test_balanced_accuracy": 0.75, "test_macro_f1": 0.74, "test_matthews": 0.5},
        **{"test_average_precision": 0.8, "test_largest_class": 0.5},
    }
    assert run.data.metrics["wall_seconds"] == record.wall_seconds
    assert run.data.params["seed"] == "42"
    assert run.data.params["optimizer.name"] == record.spec.optimizer.name
    assert run.data.params["network.filters"] == "[4]"
    assert run.data.tags["canigatti.model_sha256"] == record.model_sha256
    assert run.data.tags["canigatti.training"] == "completed"
    files = {one.path for one in client.list_artifacts(run.info.run_id)}
    assert files == {"curves.png", "history.csv", "run.json", "metrics.json"}


def test_a_training_that_is_not_finished_is_logged_as_far_as_it_has_come(study, tmp_path, read_back):
    log(study, tmp_path)
    client, runs, _ = read_back()
    run = runs["other, seed 42"]
    assert run.info.status == "KILLED"  # no process trains it
    assert [one.step for one in client.get_metric_history(run.info.run_id, "val_loss")] == [1, 2]
    assert run.data.params == {}
    pause(study, 3)
    assert log(study, tmp_path) == ["updated", "updated"]
    assert [one.step for one in client.get_metric_history(run.info.run_id, "val_loss")] == [1, 2, 3]


def test_a_training_that_a_process_has_claimed_is_running(study):
    @one_writer
    def train(output):
        assert read_run(output).status == "RUNNING"

    train(output=study / "training/other/seed42")


def test_logging_again_doubles_nothing_and_updates_what_has_changed(study, tmp_path, read_back):
    log(study, tmp_path)
    evaluate(study, accuracy=0.8)
    log(study, tmp_path)
    client, runs, found = read_back()
    assert len(found) == 2
    identity = runs["plain, seed 42"].info.run_id
    assert len(client.get_metric_history(identity, "loss")) == 3
    assert len(client.get_metric_history(identity, "test_loss")) == 1
    assert runs["plain, seed 42"].data.metrics["test_accuracy"] == 0.8


@pytest.mark.parametrize("change", ["history", "settings"])
def test_a_repeated_training_is_a_run_of_its_own(study, tmp_path, read_back, make_training_record, make_spec, change):
    log(study, tmp_path)
    rows = history(3, loss=2.0) if change == "history" else history(3)
    finish(study, make_training_record, rows, spec=make_spec(epochs=9 if change == "settings" else 1))
    assert log(study, tmp_path) == ["updated", "added"]
    _, _, found = read_back()
    superseded = [run for run in found if "canigatti.superseded" in run.data.tags]
    assert (len(found), len(superseded)) == (3, 1)
    assert superseded[0].data.metrics["loss"] == history(3)[-1]["loss"]
    assert log(study, tmp_path) == ["updated", "updated"]


def test_metrics_of_a_model_that_was_replaced_are_left_out(study):
    evaluate(study, model_sha256="9" * 64)
    run = read_run(study / "training/plain/seed42")
    assert not [name for name in run.results if name.startswith("test_")]


def test_diverged_epochs_do_not_double(study, tmp_path, read_back, make_training_record):
    rows = history(2)
    rows[1] |= {"loss": float("nan"), "val_loss": float("inf")}
    finish(study, make_training_record, rows, status="diverged")
    assert [log(study, tmp_path)[1], log(study, tmp_path)[1]] == ["added", "updated"]
    client, runs, _ = read_back()
    values = [one.value for one in client.get_metric_history(runs["plain, seed 42"].info.run_id, "loss")]
    assert values == pytest.approx([1.0, np.nan], nan_ok=True)


def test_limits_of_mlflow_are_respected(study, tmp_path, read_back, make_training_record):
    finish(study, make_training_record, history(300))  # of five metrics, in requests of a thousand at most
    run = read_run(study / "training/plain/seed42")
    longer = replace(run, settings=run.settings | {"long": "x" * 7000} | {f"key{n}": "" for n in range(200)})
    store = MlflowStore(str(tmp_path / "store"), STUDY)
    assert [store.log(longer), MlflowStore(str(tmp_path / "store"), STUDY).log(longer)] == ["added", "updated"]
    client, runs, _ = read_back()
    logged = runs["plain, seed 42"]
    assert len(client.get_metric_history(logged.info.run_id, "loss")) == 300
    assert len(logged.data.params["long"]) == 6000
    assert len(logged.data.params) == len(longer.settings)


@pytest.fixture
def command(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["canigatti", "log-to-mlflow", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_info:
            main()
        return exit_info.value.code, capsys.readouterr().out

    return run


def test_the_command_takes_the_configuration_and_reports_damaged_runs_last(study, tmp_path, command, read_back):
    (study / "training/broken/seed42").mkdir(parents=True)
    (study / "training/broken/seed42/run.json").write_text("{}")
    code, output = command("study.yaml", "--tracking-uri", "store", "--with-models")
    assert "broken" in code
    assert output == "other, seed 42: killed, added\nplain, seed 42: finished, added\n"
    client, runs, _ = read_back()
    identity = runs["plain, seed 42"].info.run_id
    assert "model.keras" in {one.path for one in client.list_artifacts(identity)}


def test_telemetry_is_off_and_a_store_that_cannot_be_used_is_a_user_error(tmp_path):
    MlflowStore(str(tmp_path / "store"), STUDY)
    from mlflow.telemetry.utils import is_telemetry_disabled

    assert is_telemetry_disabled()
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == os.environ["DO_NOT_TRACK"] == "true"
    with pytest.raises(InputError, match=r"^http://127\.0\.0\.1:9: MLflow cannot use this store"):
        MlflowStore("http://127.0.0.1:9", STUDY)
