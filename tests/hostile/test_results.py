"""Results that are out of place: of other settings, photos or another split, edited, cut off, or deleted."""

import json
import shutil

import pytest

from canigatti.config import load_study
from canigatti.evaluation.commands.measure import measure
from canigatti.files import InputError, sha256_of
from canigatti.report.checking import check_all

TRAINING, EVALUATION = "training/plain/seed42", "evaluation/plain/seed42"


@pytest.fixture
def folder(finished, tmp_path):
    """The results of the tiny study."""
    shutil.copytree(finished.folder / "results" / "tiny", tmp_path / "tiny")
    return tmp_path / "tiny"


@pytest.fixture
def check(finished, folder, monkeypatch):
    """Check the results against the configuration, with overrides like those of `--config`."""
    monkeypatch.chdir(finished.folder)

    def check(*overrides):
        return check_all(load_study(finished.folder / "study.yaml", [*overrides]).outline("study.yaml"), folder)

    return check


def edit(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def cut(path):
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))


def record_again(folder, name):
    """Write the hash of an edited file into the record of the evaluation, as a careful forger would."""
    path = folder / EVALUATION / name
    edit(folder / EVALUATION / "evaluation.json", lambda record: record["files"].update({name: sha256_of(path)}))


def test_results_that_belong_together_pass(check):
    checked = check()
    assert set(checked) == {f"evaluation/{name}/seed42/evaluation.json" for name in ("plain", "augmented", "other")}
    assert len(set(checked.values())) == 3


@pytest.mark.parametrize("accuracy", [0.99, 7.0])
def test_edited_metrics_are_at_fault_and_not_the_predictions(folder, check, accuracy):
    edit(folder / EVALUATION / "metrics.json", lambda metrics: metrics.update(accuracy=accuracy))
    with pytest.raises(InputError, match=r"plain/seed42/metrics\.json: it has changed since .*; delete this file and"):
        check()


@pytest.mark.parametrize("name", ["predictions.csv", "validation.csv", "uncertain.csv"])
def test_a_table_that_is_cut_off_at_the_end_of_a_line_is_at_fault(folder, check, name):
    cut(folder / EVALUATION / name)
    with pytest.raises(InputError, match=f"{EVALUATION}/{name}: it has changed since"):
        check()


@pytest.mark.parametrize("name", ["predictions.csv", "validation.csv", "metrics.json", "speed.json"])
def test_a_prediction_before_corrections_must_be_that_of_the_model(finished, folder, check, tmp_path, name):
    """Its record is what proves which network predicted; the records of later steps are made from it."""
    uncorrected, half = folder / EVALUATION / "uncorrected", folder / "splits/half"
    shutil.copy(folder / "evaluation/other/seed42/uncorrected" / name, uncorrected / name)
    with pytest.raises(InputError, match=rf"uncorrected/{name}: it has changed since .*evaluation\.json was written"):
        check()
    parts = {"training": half / "training.csv", "test": half / "test.csv"}
    with pytest.raises(InputError, match=rf"uncorrected/{name}: it has changed since .*evaluation\.json was written"):
        measure(uncorrected, **parts, manifest=folder / "photos/manifest.csv", output=tmp_path / "measured")
    assert not (tmp_path / "measured").exists()


def test_a_history_that_is_cut_off_is_at_fault(folder, check):
    cut(folder / TRAINING / "history.csv")
    with pytest.raises(InputError, match=rf"{TRAINING}/history\.csv: it has changed since .*run\.json was written"):
        check()


@pytest.mark.parametrize(("name", "subset"), [("predictions.csv", "test"), ("validation.csv", "validation")])
def test_predictions_must_be_those_of_their_subset(folder, check, name, subset):
    cut(folder / EVALUATION / name)
    record_again(folder, name)
    with pytest.raises(InputError, match=rf"{name}: it does not list the {subset} set .*half/\w+\.csv"):
        check()


def test_the_predictions_of_another_subset_are_at_fault(folder, check):
    shutil.copy(folder / EVALUATION / "predictions.csv", folder / EVALUATION / "validation.csv")
    record_again(folder, "validation.csv")
    with pytest.raises(InputError, match=r"validation\.csv: it does not list the validation set .*half/training\.csv"):
        check()


@pytest.mark.parametrize("change", [{"accuracy": 0.99}, {"loss": 0.1}, {"n": 10_000}], ids=str)
def test_metrics_must_be_those_of_the_predictions(folder, check, change):
    edit(folder / EVALUATION / "metrics.json", lambda metrics: metrics.update(change))
    record_again(folder, "metrics.json")
    with pytest.raises(InputError, match=r"metrics\.json: its metrics are not those of .*predictions\.csv"):
        check()


@pytest.mark.parametrize("change", [{"accuracy": 7.0}, {"loss": -1.0}, {"accuracy_interval": [0.5, 1.2]}], ids=str)
def test_metrics_out_of_their_range_are_at_fault(folder, check, change):
    edit(folder / EVALUATION / "metrics.json", lambda metrics: metrics.update(change))
    record_again(folder, "metrics.json")
    with pytest.raises(InputError, match=rf"metrics\.json: expected a record of type Metrics, received {min(change)}"):
        check()


@pytest.mark.parametrize(
    ("override", "at_fault"),
    [
        ("experiments={plain: {epochs: 3}}", "plain"),
        ("experiments={augmented: {augmentation: {zoom: 0.1}}}", "augmented"),
        ("defaults={optimizer: {learning_rate: 0.02}}", "plain"),
        ("experiments={other: {split: half}}", "other"),
        ("experiments={other: {resize: pad}}", "other"),
    ],
)
def test_a_training_with_other_settings_than_the_configuration_is_refused(check, override, at_fault):
    message = rf"training/{at_fault}/seed42/run\.json: its network was trained with settings that differ"
    with pytest.raises(InputError, match=message):
        check(override)


SEARCH = "experiments={plain: {search: {space: {dense_units: {low: 1, high: 9, step: 1}}}}}"


def test_a_searched_experiment_must_be_trained_with_what_its_search_found(folder, check):
    record = json.loads((folder / TRAINING / "run.json").read_text())
    (folder / "search/plain").mkdir(parents=True)
    found = folder / "search/plain/spec.json"
    found.write_text(json.dumps(record["spec"]))
    check(SEARCH)
    edit(found, lambda spec: spec["network"].update(dense_units=7))
    with pytest.raises(InputError, match=r"plain/seed42/run\.json: .*that the search found, .*spec\.json"):
        check(SEARCH)


def test_the_record_of_another_experiment_is_refused(folder, check):
    shutil.copy(folder / "training/augmented/seed42/run.json", folder / TRAINING / "run.json")
    with pytest.raises(InputError, match=rf"{TRAINING}/run\.json: it is the record of augmented with seed 42"):
        check()


def test_a_training_on_other_photos_is_refused(folder, check):
    (folder / "photos/images-16.npy.sha256").write_text("0" * 64 + "\n")
    with pytest.raises(InputError, match=rf"{TRAINING}/run\.json: it was computed from other photos"):
        check()


def test_a_training_on_photos_in_another_resize_mode_is_refused(folder, check):
    edit(folder / TRAINING / "run.json", lambda record: record["spec"].update(resize="crop"))
    (folder / "photos/images-16-crop.npy.sha256").write_text("0" * 64 + "\n")
    with pytest.raises(InputError, match=rf"{TRAINING}/run\.json: it was computed from other photos"):
        check("experiments={plain: {resize: crop}}")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("half/training.csv", rf"{TRAINING}/run\.json: it was computed with another split than .*half/training\.csv"),
        ("half.csv", rf"{EVALUATION}/evaluation\.json: it was computed with another split than .*half\.csv"),
        (
            "half/test.csv",
            rf"{EVALUATION}/evaluation\.json: its metrics were computed with other corrections of .*half",
        ),
    ],
)
def test_a_training_or_evaluation_on_another_split_is_refused(folder, check, name, message):
    shutil.copy(folder / "splits" / name.replace("half", "most"), folder / "splits" / name)
    with pytest.raises(InputError, match=message):
        check()


def test_the_evaluation_of_another_model_is_refused(folder, check):
    edit(folder / EVALUATION / "evaluation.json", lambda record: record.update(model_sha256="0" * 64))
    with pytest.raises(InputError, match=rf"{EVALUATION}/evaluation\.json: it evaluates a model other than"):
        check()


@pytest.mark.parametrize(
    "change",
    [
        {"model_sha256": "0" * 64},
        {"validation_photos": 7},
        {"temperature": {"value": 9.0, "low": 1.0, "high": None, "slope": {"estimate": 0.1, "low": 0.0, "high": 1.0}}},
    ],
    ids=["another model", "other photos", "another temperature"],
)
def test_a_calibration_must_be_that_of_the_model_and_its_predictions(folder, check, change):
    edit(folder / TRAINING / "calibration.json", lambda calibration: calibration.update(change))
    with pytest.raises(
        InputError, match=rf"{TRAINING}/calibration\.json: it is not the calibration of the present model"
    ):
        check()


def test_a_failing_check_leaves_the_last_page(project):
    results = project.folder / "results" / "tiny"
    before = {path: path.read_bytes() for path in (results / "report").rglob("*") if path.suffix in (".html", ".csv")}
    edit(results / EVALUATION / "metrics.json", lambda metrics: metrics.update(accuracy=7.0))
    (results / EVALUATION).with_name(".seed42.measure.json").unlink()  # otherwise no job would run
    answer = project.run(warm=True)
    assert answer.returncode != 0
    assert f"canigatti: results/tiny/{EVALUATION}/metrics.json: it has changed" in answer.stdout + answer.stderr
    assert {path: path.read_bytes() for path in before} == before
    assert len(before) > 4


@pytest.mark.slow
def test_deleting_the_file_at_fault_makes_it_again(project):
    results = project.folder / "results" / "tiny"
    page = (results / "report/index.html").read_bytes()
    predictions = (results / EVALUATION / "predictions.csv").read_bytes()
    cut(results / EVALUATION / "predictions.csv")
    assert project.run(warm=True).returncode != 0
    assert (results / "report/index.html").read_bytes() == page
    (results / EVALUATION / "predictions.csv").unlink()
    answer = project.run(warm=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert (results / EVALUATION / "predictions.csv").read_bytes() == predictions


def test_a_deleted_model_is_made_again(project):
    (project.folder / "results/tiny" / TRAINING / "model.keras").unlink()
    assert {"train plain", "evaluate plain", "write_report"} <= project.planned()


def test_a_deleted_image_store_is_not_needed_until_a_network_is_trained(project):
    """README.md names what is optional to keep."""
    (project.folder / "results/tiny/photos/images-16.npy").unlink()
    shutil.rmtree(project.folder / "results/tiny/logs")
    shutil.rmtree(project.folder / "results/tiny/benchmarks")
    shutil.rmtree(project.folder / "results/tiny" / TRAINING / "tensorboard")
    assert project.planned() == set()
