"""Robustness, test-time augmentation and a learning curve in a study that has been run."""

import shutil

import numpy as np
import pandas as pd
import pytest

from canigatti.evaluation.predictions import read_predictions
from canigatti.evaluation.records import CORRUPTED
from canigatti.photos.records import MANIFEST, SPLIT
from canigatti.report.records import DERIVED, LEARNING_CURVE, POWER, ROBUSTNESS
from canigatti.training.records import TrainingRecord

FURTHER = """
robustness: {experiments: [plain]}
test_time_augmentation: {experiments: [plain]}
learning_curve: {experiment: plain, fractions: [1/4, 1/2, 3/4, 1]}
"""
POINTS = ["plain-1of4", "plain-1of2", "plain-3of4"]


@pytest.fixture(scope="module")
def further(finished, tmp_path_factory, copy_project, tiny):
    """The finished study with these keys added, and the jobs that they need."""
    folder = tmp_path_factory.mktemp("further") / "project"
    shutil.copytree(finished.folder, folder)
    project = type(finished)(folder)
    project.write_config(tiny + FURTHER)
    planned = project.planned()
    answer = project.run(warm=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return project, planned


def test_only_what_the_keys_ask_for_runs(further):
    """No experiment of the study is trained or evaluated again: the fraction 1 is the experiment itself."""
    _, planned = further
    assert planned == {
        *(f"{rule} {name}" for rule in ("train", "evaluate", "measure", "calibrate") for name in POINTS),
        *("measure_robustness plain", "augment_tests plain"),
        *("check_results", "plot_report", "write_report", "write_explorer", "write_cards"),
    }


def test_a_network_of_the_curve_is_trained_on_its_fraction_and_tested_on_the_same_photos(further):
    results = further[0].folder / "results/tiny"
    whole = read_predictions(results / "evaluation/plain/seed42/predictions.csv", ("cat", "dog"))
    for name, fraction in zip(POINTS, (0.25, 0.5, 0.75), strict=True):
        record = TrainingRecord.read(results / f"training/{name}/seed42/run.json")
        assert record.spec.train_fraction == fraction
        predicted = read_predictions(results / f"evaluation/{name}/seed42/predictions.csv", ("cat", "dog"))
        np.testing.assert_array_equal(predicted.ids, whole.ids)
    log = (results / "logs/train/plain-1of4/seed42.log").read_text()
    train = (SPLIT.read(results / "splits/half.csv")["part"] == "train").sum()
    count = int(log.split("seed 42: ")[1].split(" photos")[0])
    assert abs(count - train / 4) <= 2


def test_the_report_has_the_tables_and_the_page_their_sections(further):
    report = further[0].folder / "results/tiny/report"
    robustness, curve = (
        ROBUSTNESS.read(report / "tables/robustness.csv"),
        LEARNING_CURVE.read(report / "tables/learning-curve.csv"),
    )
    assert set(robustness["experiment"]) == {"plain"}
    assert curve["fraction"].tolist() == [0.25, 0.5, 0.75, 1]
    assert set(DERIVED.read(report / "tables/derived.csv")["kind"]) == {
        "ensemble of the best",
        "test-time augmentation",
    }
    assert len(POWER.read(report / "tables/power.csv")) == 2
    page = (report / "index.html").read_text()
    for section in ("power", "derived", "robustness", "learning-curve"):
        assert f'<section id="{section}">' in page
    assert (report / "learning-curve.png").stat().st_size > 1000


def test_a_changed_result_is_noticed_before_the_report(further):
    project, _ = further
    path = project.folder / "results/tiny/evaluation/plain/seed42/corrupted.csv"
    written = path.parents[1] / ".seed42.measure_robustness.json"
    contents = {one: one.read_bytes() for one in (path, written)}
    written.unlink()  # otherwise the edit is noticed before anything is planned
    rows = CORRUPTED.read(path)
    CORRUPTED.write(path, rows.assign(noise_1=1 - rows["noise_1"]))
    answer = project.run("--until", "check_results", warm=True)
    for one, content in contents.items():
        one.write_bytes(content)
    assert answer.returncode != 0
    log = (project.folder / "results/tiny/logs/check_results.log").read_text()
    assert "corrupted.csv: it has changed since" in log


def correct(project, subset, action):
    """Correct a cat in this subset of the split `half`; return its id and the planned jobs."""
    results, text = project.folder / "results/tiny", (project.folder / "study.yaml").read_text(encoding="utf-8")
    split = SPLIT.read(results / "splits/half.csv")
    name = split.query(f"part == '{subset}' and label == 0")["id"].iloc[0]
    sha256 = MANIFEST.read(results / "photos/manifest.csv").set_index("id").loc[name, "sha256"]
    (project.folder / "corrections.csv").write_text(f"id,sha256,action,label,reason\n{name},{sha256},{action},\n")
    if "corrections" not in text:
        project.write_config(text.replace("seed: 3}}", "seed: 3}, corrections: corrections.csv}", 1))
    return name, project.planned()


def test_a_corrected_training_photo_trains_the_networks_of_the_curve_again(further):
    uncorrected = (further[0].folder / "study.yaml").read_text(encoding="utf-8")
    _, planned = correct(further[0], "train", "relabel,dog")
    further[0].write_config(uncorrected)
    rules = ("train", "evaluate", "measure", "calibrate")
    assert planned >= {f"{rule} {name}" for rule in rules for name in (*POINTS, "plain")}
    assert planned >= {"measure_robustness plain", "augment_tests plain"}


@pytest.mark.slow
def test_a_corrected_test_photo_is_predicted_by_no_network_again_and_is_in_no_result(further):
    project = further[0]
    report = project.folder / "results/tiny/report/tables"
    before = ROBUSTNESS.read(report / "robustness.csv")["n"].iloc[0]
    name, planned = correct(project, "test", "exclude,")
    predicting = ("train", "evaluate", "measure_robustness", "augment_tests")
    assert not [job for job in planned if job.split()[0] in predicting]
    assert planned >= {f"{rule} {one}" for rule in ("measure", "calibrate") for one in (*POINTS, "plain")}
    answer = project.run(warm=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    for table in (ROBUSTNESS.read(report / "robustness.csv"), LEARNING_CURVE.read(report / "learning-curve.csv")):
        assert set(table["n"]) == {before - 1}
    derived = DERIVED.read(report / "derived.csv").query("kind == 'test-time augmentation'")
    assert derived["n"].tolist() == [before - 1]
    assert name in CORRUPTED.read(project.folder / "results/tiny/evaluation/plain/seed42/corrupted.csv")["id"].tolist()


def test_without_the_keys_the_sections_and_tables_are_gone(further):
    project, _ = further
    project.write_config((project.folder / "study.yaml").read_text(encoding="utf-8").replace(FURTHER, ""))
    assert project.planned() == {"check_results", "plot_report", "write_report", "write_explorer", "write_cards"}
    answer = project.run(warm=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    report = project.folder / "results/tiny/report"
    assert not [*report.glob("tables/robustness*"), *report.glob("*learning-curve*"), *report.glob("tables/learning*")]
    assert isinstance(pd.read_csv(report / "tables/derived.csv"), pd.DataFrame)
    assert '<section id="robustness">' not in (report / "index.html").read_text()
