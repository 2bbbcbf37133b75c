"""The study's tables: what they hold, and what they say to the eye."""

import json
import re
import shutil
from functools import cache

import pandas as pd
import pytest

from canigatti.report.commands import report

MEASURED = ["accuracy", "accuracy_low", "accuracy_high", "loss", "best_epoch", "seconds_per_epoch"]


@pytest.fixture(scope="module")
def tables(results):
    """Write a study, run the command, and give base.csv as a frame and base.md as text."""

    @cache
    def run(**fields):
        study, folder = results(**fields)
        report(study.outline("config/study.yaml"), folder, folder / "report")
        written = folder / "report" / "tables"
        return pd.read_csv(written / "base.csv"), (written / "base.md").read_text(encoding="utf-8")

    return run


def test_base_table_has_the_columns_of_the_study_in_the_order_of_the_configuration(tables):
    base, _ = tables()
    assert list(base.columns) == (
        ["experiment", "split", "color", "augmented", "seeds", *MEASURED, "parameters", "weight_mb", "n", "standing"]
    )
    assert list(base["experiment"][:4]) == [
        "base-641620-gray", "base-641620-gray-aug", "base-641620-rgb", "base-641620-rgb-aug"
    ]  # fmt: skip
    assert len(base) == 8


def test_rows_stay_in_an_order_that_is_not_the_alphabets(results):
    study, folder = results()
    outline = json.loads(study.outline("config/study.yaml"))
    outline["experiments"] = ["base-801010-rgb", "base-641620-rgb", "base-801010-gray"]
    report(json.dumps(outline), folder, folder / "report")
    base = pd.read_csv(folder / "report" / "tables" / "base.csv")
    assert base["experiment"].tolist() == outline["experiments"]


def test_base_table_holds_the_numbers_that_were_measured(tables):
    base, _ = tables()
    row = base.set_index("experiment").loc["base-801010-gray-aug"]
    assert row[["split", "color", "augmented"]].tolist() == ["80-10-10", "grayscale", True]
    assert row["accuracy"] == 0.83
    assert row["accuracy_low"] == pytest.approx(0.83 - 70 / 2500)
    assert row["accuracy_high"] == pytest.approx(0.83 + 60 / 2500)
    assert row["loss"] == pytest.approx(0.404)
    assert row["best_epoch"] == 27
    assert row["seconds_per_epoch"] == 61.5
    assert row["parameters"] == 20573185
    assert row["weight_mb"] == 78.48
    assert row["n"] == 2500


def test_the_best_is_marked_and_so_is_what_its_interval_overlaps(tables):
    base, text = tables()
    standing = base.set_index("experiment")["standing"].fillna("")
    # The best is 85.16% and its interval begins at 82.36%.
    assert standing.to_dict() == {
        "base-641620-gray": "",  # to 77.8%
        "base-641620-gray-aug": "",  # to 81.24%
        "base-641620-rgb": "",  # to 81.56%
        "base-641620-rgb-aug": "not clearly worse",  # to 83.6%
        "base-801010-gray": "",  # to 80.76%
        "base-801010-gray-aug": "not clearly worse",
        "base-801010-rgb": "not clearly worse",  # to 83.76%
        "base-801010-rgb-aug": "best",
    }
    assert text.count("| ≈ ") == 3
    assert text.count("| ★ ") == 1
    assert "not clearly worse: its interval overlaps the best's" in text


def test_markdown_is_one_table_made_for_reading(tables):
    _, text = tables()
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert lines[0] == (
        "| Experiment | Split | Colour | Augmented | Accuracy (95% interval) | Loss | Best epoch | s/epoch "
        "| Parameters | MB |"
    )
    assert len(lines) == 2 + 8
    assert {line.count("|") for line in lines} == {11}
    assert "| base-801010-gray-aug | 80-10-10 | grayscale | yes | ≈ 83.0% (80.2–85.4) | 0.4040 | 27 | 61.5 " in text


def test_the_originals_figures_stand_beside_those_of_the_full_study(tables):
    base, text = tables(name="full")
    row = base.set_index("experiment").loc["base-801010-rgb-aug"]
    assert row["accuracy"] == 0.8516
    assert row[[f"original_{name}" for name in ("accuracy", "loss", "best_epoch", "seconds_per_epoch")]].tolist() == [
        0.8464, 0.3668, 63, 215
    ]  # fmt: skip
    assert "| 84.64% | 0.3668 | 63 | 215 |" in text


def test_the_originals_figures_stand_beside_no_other_study(tables):
    base, text = tables(name="laptop")
    assert not [column for column in base if "original" in column]
    assert "riginal" not in text


def test_an_experiment_the_original_did_not_have_gets_a_dash(results):
    from canigatti.report.results import Outline, read_original, read_study
    from canigatti.report.tables import as_markdown, base_table

    study, folder = results()
    runs = read_study(Outline.parse(study.outline("config/study.yaml")), folder).runs
    original = read_original().query("experiment != 'base-641620-gray'")
    text = as_markdown(base_table(runs, original))
    assert re.search(r"\| base-641620-gray \|.*\| – \| – \| – \| – \|\n", text)


def test_several_seeds_give_mean_and_spread(tables):
    base, text = tables(seeds=(42, 43, 44))
    row = base.set_index("experiment").loc["base-641620-gray"]
    assert row["seeds"] == 3
    assert row["accuracy"] == pytest.approx(0.770)  # of 0.766, 0.770, 0.774
    assert row["accuracy_std"] == pytest.approx(0.004)
    assert row["accuracy_low"] == pytest.approx(0.770 - 70 / 5000)
    assert row["loss_std"] == pytest.approx(1.2 * 0.004)
    assert {"best_epoch_std", "seconds_per_epoch_std"} < set(base)
    assert "| 77.0% ± 0.4 (75.6–78.2) |" in text
    assert "3 seeds" in text


def test_the_same_results_give_the_same_files(results):
    study, folder = results()
    report(study.outline("config/study.yaml"), folder, folder / "report")
    first = {path: path.read_bytes() for path in (folder / "report").rglob("*") if path.is_file()}
    shutil.rmtree(folder / "report")
    report(study.outline("config/study.yaml"), folder, folder / "report")
    assert len(first) == 3
    assert first == {path: path.read_bytes() for path in (folder / "report").rglob("*") if path.is_file()}
