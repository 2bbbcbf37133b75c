"""The tiny study from generated photos to the page, through Snakemake."""

import io
import json
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image
from sklearn.metrics import accuracy_score, confusion_matrix

from canigatti.__main__ import main
from canigatti.evaluation.prediction import predict
from canigatti.evaluation.records import Calibration
from canigatti.files import sha256_of
from canigatti.photos.records import MANIFEST, read_kept
from canigatti.photos.store import open_store
from canigatti.training.model_files import load_model

RUNS = ["plain", "augmented", "other"]


@pytest.fixture(scope="module")
def results(finished):
    return finished.folder / "results" / "tiny"


def test_every_planted_fault_is_found_and_nothing_else(results):
    planted = pd.read_csv(results / "photos" / "planted.csv").set_index("path")
    manifest = MANIFEST.read(results / "photos" / "manifest.csv").set_index("path")
    assert manifest.loc[planted.index, "verdict"].to_dict() == planted["verdict"].to_dict()
    assert (manifest.loc[planted.index, "reason"] != "").all()
    others = manifest.drop(planted.index)
    assert set(others["verdict"]) == {"keep"}
    assert set(others["reason"]) == {""}


def test_every_kept_photo_is_in_one_subset_of_every_split_and_in_the_store(results):
    manifest = read_kept(results / "photos" / "manifest.csv")
    for split in ("half", "most"):
        assigned = pd.read_csv(results / "splits" / f"{split}.csv")
        assert list(assigned["id"]) == list(manifest["id"])
        assert set(assigned["part"]) == {"train", "validation", "test"}
    assert len(open_store(results / "photos" / "images-16.npy", results / "photos" / "manifest.csv").images) == len(
        manifest
    )


@pytest.mark.parametrize("experiment", RUNS)
def test_a_training_writes_its_declared_files(results, experiment):
    folder = results / "training" / experiment / "seed42"
    run = json.loads((folder / "run.json").read_text())
    assert run["experiment"] == experiment
    assert run["seed"] == 42
    assert run["spec"]["split"] == ("most" if experiment == "other" else "half")
    assert (run["spec"]["augmentation"] is not None) == (experiment == "augmented")
    assert run["model_sha256"] == sha256_of(folder / "model.keras")
    assert run["weight_mb"] == pytest.approx(run["parameters"] * 4 / 2**20)
    history = pd.read_csv(folder / "history.csv")
    assert list(history["epoch"]) == list(range(1, run["epochs"] + 1))
    assert run["best_epoch"] == history["val_loss"].idxmin() + 1
    assert Image.open(folder / "curves.png").width > 400
    assert list((folder / "tensorboard" / "train").iterdir())


@pytest.mark.parametrize("experiment", RUNS)
def test_metrics_are_those_of_the_predictions(results, experiment):
    folder = results / "evaluation" / experiment / "seed42"
    predictions = pd.read_csv(folder / "predictions.csv")
    metrics = json.loads((folder / "metrics.json").read_text())
    split = pd.read_csv(results / "splits" / ("most.csv" if experiment == "other" else "half.csv"))
    assert list(predictions["id"]) == list(split.query("part == 'test'")["id"])
    predicted = (predictions["probability"] > 0.5).astype(int)
    assert metrics["accuracy"] == accuracy_score(predictions["label"], predicted)
    assert metrics["confusion"] == confusion_matrix(predictions["label"], predicted).tolist()
    assert metrics["n"] == len(predictions)


@pytest.mark.parametrize("experiment", ["plain", "augmented"], ids=["grayscale", "rgb"])
def test_predict_agrees_with_the_pipeline_on_the_photo_files(results, experiment, tmp_path, monkeypatch, capsys):
    with zipfile.ZipFile(results / "photos" / "generated.zip") as archive:
        archive.extractall(tmp_path)
    manifest = MANIFEST.read(results / "photos" / "manifest.csv")
    model = results / "training" / experiment / "seed42" / "model.keras"
    paths = "".join(f"{tmp_path / path}\n" for path in manifest["path"])
    monkeypatch.setattr(sys, "argv", ["canigatti", "predict", "--json", "--uncalibrated", str(model), "-"])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(paths.encode())))
    with pytest.raises(SystemExit, match=r"files and folders could not be used"):  # planted faults
        main()
    answer = capsys.readouterr()
    predicted = {row["path"]: row for row in json.loads(answer.out)}
    kept = manifest.query("verdict == 'keep'").reset_index(drop=True)
    from_files = np.array([predicted[str(tmp_path / path)]["probability"] for path in kept["path"]])
    assert {row["probability_of"] for row in predicted.values()} == {"dog"}
    for path in manifest.query("verdict in ['empty', 'unreadable']")["path"]:
        assert f"canigatti: {tmp_path / path}: " in answer.err

    predictions = pd.read_csv(results / "evaluation" / experiment / "seed42" / "predictions.csv")
    tested = kept["id"].isin(predictions["id"])
    np.testing.assert_allclose(from_files[tested], predictions["probability"], rtol=0, atol=1e-6)
    images = open_store(results / "photos" / "images-16.npy", results / "photos" / "manifest.csv").images
    of_the_store = predict(load_model(model, sha256_of(model)), images, np.arange(len(images)))[:, 1]
    np.testing.assert_allclose(from_files, of_the_store, rtol=0, atol=1e-6)
    planted = pd.read_csv(results / "photos" / "planted.csv").query("verdict == 'keep'")
    assert len(set(planted["fault"])) >= 4
    assert set(planted["path"]) <= set(kept["path"])


@pytest.mark.parametrize("experiment", RUNS)
def test_every_model_has_its_calibration_next_to_it(results, experiment):
    training, evaluation = (results / stage / experiment / "seed42" for stage in ("training", "evaluation"))
    calibration = Calibration.read(training / "calibration.json")
    assert calibration.model_sha256 == sha256_of(training / "model.keras")
    assert (calibration.temperature is None) == (calibration.reason is not None)
    split = pd.read_csv(results / "splits" / ("most.csv" if experiment == "other" else "half.csv"))
    assert list(pd.read_csv(evaluation / "validation.csv")["id"]) == list(split.query("part == 'validation'")["id"])
    assert calibration.validation_photos == (split["part"] == "validation").sum()
    assert Image.open(evaluation / "reliability.png").width > 800


@pytest.mark.parametrize("experiment", RUNS)
def test_every_model_has_its_card_next_to_it(results, experiment):
    card = (results / "training" / experiment / "seed42" / "README.md").read_text(encoding="utf-8")
    metrics = json.loads((results / "evaluation" / experiment / "seed42" / "metrics.json").read_text())
    (result,) = yaml.safe_load(card.split("---\n")[1])["model-index"][0]["results"]
    assert {one["type"]: one["value"] for one in result["metrics"]}["accuracy"] == metrics["accuracy"]
    assert sha256_of(results / "training" / experiment / "seed42" / "model.keras") in card
    assert sha256_of(results / "photos" / "manifest.csv") in card


def test_the_page_and_the_tables_hold_every_experiment(results):
    page = (results / "report" / "index.html").read_text(encoding="utf-8")
    table = pd.read_csv(results / "report" / "tables" / "base.csv")
    assert list(table["experiment"]) == RUNS
    assert all(experiment in page for experiment in RUNS)
    assert (results / "report" / "tables" / "base.md").read_text().count("\n") >= 5


def test_exactly_the_declared_tables_are_written(results):
    names = {"base", "all", "comparison", "calibration", "derived", "power"}
    written = {path.name for path in (results / "report" / "tables").iterdir()}
    assert written == {f"{name}.{kind}" for name in names for kind in ("csv", "md")}
    assert Image.open(results / "report" / "accuracy-cost.png").width > 1000


@pytest.mark.parametrize("experiment", RUNS)
def test_the_prediction_time_per_photo_is_measured(results, experiment):
    speed = json.loads((results / "evaluation" / experiment / "seed42" / "speed.json").read_text())
    table = pd.read_csv(results / "report" / "tables" / "all.csv").set_index("experiment")
    assert table.loc[experiment, "milliseconds_per_photo"] == speed["milliseconds_per_photo"] > 0


def test_pairs_are_those_that_share_a_split(results):
    pairs = pd.read_csv(results / "report" / "tables" / "comparison.csv")
    assert [{*pair} for pair in pairs[["first", "second"]].to_numpy()] == [{"plain", "augmented"}]


def test_the_terminal_and_the_log_show_one_line_per_epoch(finished):
    terminal = (finished.folder / "terminal.txt").read_text()
    for experiment in RUNS:
        title = f"{experiment}, seed 42: epoch "
        log = (finished.folder / f"results/tiny/logs/train/{experiment}/seed42.log").read_text()
        for text in (terminal, log):
            assert sum(line.startswith(title) for line in text.splitlines()) == 2


@pytest.mark.slow  # tests/training/test_fitting.py compares models
def test_the_same_training_again_gives_identical_results(project):
    metrics = project.folder / "results/tiny/evaluation/augmented/seed42/metrics.json"
    predictions = metrics.with_name("predictions.csv")
    before = metrics.read_bytes(), predictions.read_bytes()
    answer = project.run(
        "--forcerun", "train", "--until", "measure", "--", str(metrics.relative_to(project.folder)), warm=True
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert (metrics.read_bytes(), predictions.read_bytes()) == before


def test_snakemake_makes_its_own_report(finished):
    answer = finished.run("--report", "snakemake-report.html")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    report = (finished.folder / "snakemake-report.html").read_text(encoding="utf-8")
    assert "Evaluation" in report
    assert np.all([experiment in report for experiment in RUNS])
