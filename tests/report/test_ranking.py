"""A study that ranks by another metric than accuracy: tables, headline, plots, and no certainty that was not tested."""

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection

from canigatti.config import RankBy
from canigatti.evaluation.predictions import logits_of, read_predictions, write_predictions
from canigatti.evaluation.records import Metrics
from canigatti.report.costs import accuracy_and_cost
from canigatti.report.evidence import collect_networks
from canigatti.report.plots import is_labeled, plot_accuracy_cost
from canigatti.report.ranking import RANKINGS
from canigatti.report.results import read_study
from canigatti.report.tables import Evidence, study_table
from canigatti.report.texts import for_reading

BEST, RIVAL = "base-801010-rgb-aug", "base-641620-gray"  # by accuracy, and by every other metric
CHANGED = {"balanced_accuracy": 0.95, "macro_f1": 0.95, "matthews": 0.9, "roc_auc": 0.99, "average_precision": 0.99}
VALUES = {**CHANGED, "loss": 0.01}
OTHERS = [metric for metric in RankBy.__args__ if metric != "accuracy"]


@pytest.fixture(scope="module")
def reported(results, write_report):
    """Write a study whose least accurate experiment is the best on the validation set, and by the other metrics."""

    @cache
    def write(rank_by, undefined=False):
        study, folder = results(rank_by=rank_by, seeds=(42, 43))
        for path in folder.glob("evaluation/*/*/metrics.json"):
            metrics = Metrics.read(path)
            better = VALUES if RIVAL in path.parts else {}
            missing = {"roc_auc": None, "average_precision": None} if undefined else {}
            metrics.model_copy(update={**better, **missing}).write(path)
        for path in folder.glob(f"evaluation/{RIVAL}/*/validation.csv") if rank_by != "accuracy" else ():
            read = read_predictions(path, study.classes)
            certain = np.where(np.eye(2)[read.labels] == 1, 0.99, 0.01)
            write_predictions(path, replace(read, probabilities=certain, logits=logits_of(certain)), study.classes)
        return study, write_report(study, folder), folder

    return write


def tabulate(study, folder, ranking):
    read = read_study(study.outline("config/study.yaml"), folder)
    networks = collect_networks(read.runs, read.groups, ranking)
    return read.runs, study_table(read.runs, Evidence.of(networks, ranking))


def header(report):
    html = (report / "index.html").read_text(encoding="utf-8").partition("</header>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", html.partition("<header>")[2]).split())


@pytest.mark.parametrize("rank_by", OTHERS)
def test_tables_and_headline_rank_by_the_metric(reported, rank_by):
    _, report, _ = reported(rank_by)
    ranking = RANKINGS[rank_by]
    table = pd.read_csv(report / "tables/base.csv").set_index("experiment")
    assert table["standing"].dropna().to_dict() == {RIVAL: "best"}
    assert f"{rank_by}_std" in table
    text = header(report)
    validation, tested = (ranking.format(table.loc[RIVAL, column]) for column in ("validation", rank_by))
    assert f"{RIVAL} has the best {ranking.name} on the validation set of its split ({validation})" in text
    assert f"and a {ranking.name} of {tested} on the test set" in text
    assert "Its accuracy is 76.8% of 5,000 test photos (mean of 2 seeds; 95% interval " in text
    assert f"Ranks by {ranking.name} come without intervals and tests" in text
    assert "significantly" not in text
    html = (report / "index.html").read_text(encoding="utf-8")
    assert f"<h3>{ranking.heading} against cost</h3>" in html
    assert f"evaluation/{RIVAL}/seed42/metrics.json" in html


@pytest.mark.parametrize("rank_by", OTHERS)
def test_the_mark_is_next_to_the_metric_and_the_notes_claim_no_certainty(reported, rank_by):
    _, report, _ = reported(rank_by)
    text, ranking = (report / "tables/base.md").read_text(encoding="utf-8"), RANKINGS[rank_by]
    headings = [cell.strip() for cell in text.splitlines()[0].split("|")]
    row = next(line for line in text.splitlines() if line.startswith(f"| {RIVAL} |")).split("|")
    assert row[headings.index(ranking.heading)].strip().startswith(f"★ {ranking.format(VALUES[rank_by])}")
    assert row[headings.index("Accuracy (95% interval)")].strip().startswith("76.8% ± 0.3 (")
    assert text.count("★") == 2  # the best, and its explanation
    assert "≈" not in text
    assert f"Ranks by {ranking.name} come without intervals and tests" in text
    assert "tests of this report are of accuracy" in (report / "tables/comparison.md").read_text(encoding="utf-8")


def test_accuracy_has_no_other_column_and_no_other_note(reported):
    _, report, _ = reported("accuracy")
    table = pd.read_csv(report / "tables/base.csv")
    assert not {"balanced_accuracy", "matthews"} & set(table)
    assert table.set_index("experiment")["standing"][BEST] == "best"
    html = (report / "index.html").read_text(encoding="utf-8")
    assert "come without intervals" not in html
    assert "come without intervals" not in (report / "tables/comparison.md").read_text(encoding="utf-8")


def test_an_undefined_metric_ranks_nothing_and_the_table_says_why(reported):
    _, report, _ = reported("roc_auc", undefined=True)
    table = pd.read_csv(report / "tables/base.csv")
    assert table["roc_auc"].isna().all()
    assert table["standing"].isna().all()
    assert (
        "– no ROC-AUC: it is undefined if a class has no photo in the set." in (report / "tables/base.md").read_text()
    )
    assert "has the best" not in header(report)
    assert "ROC-AUC is undefined" in header(report)


def test_the_plot_shows_the_metric_without_intervals(reported):
    study, _, folder = reported("loss")
    ranking = RANKINGS["loss"]
    costs = accuracy_and_cost(*tabulate(study, folder, ranking), {}, ranking)
    assert costs.loc[is_labeled(costs, ranking), "experiment"].tolist() == [RIVAL]
    (axes,) = plot_accuracy_cost(costs, ranking).axes
    assert axes.get_ylabel() == "Test loss"
    heights = [points.get_offsets()[0][1] for points in axes.collections if isinstance(points, PathCollection)]
    assert min(heights) == pytest.approx(0.01)


@pytest.mark.parametrize(("rank_by", "name"), [("roc_auc", "a ROC-AUC"), ("average_precision", "an average precision")])
def test_a_plot_without_any_value_says_so(reported, rank_by, name):
    study, _, folder = reported(rank_by, undefined=True)
    ranking = RANKINGS[rank_by]
    costs = accuracy_and_cost(*tabulate(study, folder, ranking), {}, ranking)
    (axes,) = plot_accuracy_cost(costs, ranking).axes
    assert [text.get_text() for text in axes.texts] == [f"no experiment has {name}"]


def test_the_text_of_the_metric_has_its_standard_deviation(reported):
    study, _, folder = reported("balanced_accuracy")
    ranking = RANKINGS["balanced_accuracy"]
    _, table = tabulate(study, folder, ranking)
    texts = for_reading(table, ranking).set_index("Experiment")["Balanced accuracy"]
    assert texts[RIVAL] == "★ 95.0% ± 0.0"
    assert re.fullmatch(r"85\.\d% ± 0\.3", texts[BEST])
