"""Probabilities on the page: the table, and sentences that say no more than their intervals bear."""

import re

import pandas as pd
import pytest

from canigatti.evaluation.abstention import MAX_ERRORS
from canigatti.evaluation.records import (
    Calibration,
    CalibrationError,
    Candidate,
    Estimate,
    OperatingPoint,
    ProbabilityMetrics,
    Temperature,
)
from canigatti.report.calibration import (
    error_sentence,
    error_text,
    point_text,
    promise_sentence,
    temperature_sentence,
    temperature_text,
)
from canigatti.report.records import CALIBRATION

CHOSEN = Candidate(threshold=2.5, answered=800, errors=2, independent=790, bound=0.008)


def made(temperature=None, gain=None, error=(0.0, 0.001), **fields):
    """A calibration with these values: (estimate, low, high), and (squared, standard error)."""
    slope = Estimate(estimate=1.0, low=0.5, high=2.0)
    fitted = temperature and Temperature(value=temperature[0], low=temperature[1], high=temperature[2], slope=slope)
    found = CalibrationError(squared=error[0], standard_error=error[1], bins=15)
    metrics = ProbabilityMetrics(log_loss=0.3, brier=0.1, slope=None, error=found)
    values = {
        **{"model_sha256": "0" * 64, "validation_photos": 1000, "validation_groups": 990, "test_photos": 400},
        **{"temperature": fitted, "reason": None, "before": metrics, "after": metrics if fitted else None},
        "gain": gain and Estimate(estimate=gain[0], low=gain[1], high=gain[2]),
        **{"area": 0.01, "candidates": (CHOSEN,), "points": ()},
    }
    return Calibration(**values | fields)


@pytest.mark.parametrize(
    ("temperature", "verdict"),
    [
        ((1.83, 1.52, 2.2), "Its probabilities are too certain: the temperature is 1.83 (1.52–2.20)."),
        ((0.7, 0.5, 0.9), "Its probabilities are not certain enough: the temperature is 0.70 (0.50–0.90)."),
        ((1.2, 0.9, 1.6), "Its probabilities are not shown to be too certain or not certain enough: the temperature"),
        ((0.9, 0.5, None), "Its probabilities are not shown to be too certain or not certain enough: the temperature"),
        ((3.0, 1.5, None), "Its probabilities are too certain: the temperature is 3.00 (1.50–∞)."),
    ],
)
def test_the_interval_decides_what_is_said_about_certainty(temperature, verdict):
    assert temperature_sentence(made(temperature)).startswith(verdict)


@pytest.mark.parametrize(
    ("gain", "said"),
    [
        ((0.03, 0.01, 0.05), "On the test set, it lowers the log-loss by 0.0300 (0.0100 to 0.0500)."),
        ((-0.03, -0.05, -0.01), "On the test set, it raises the log-loss by 0.0300 (0.0100 to 0.0500)."),
        ((0.01, -0.02, 0.04), "it changes the log-loss by −0.0100 (−0.0400 to +0.0200), which may be chance."),
    ],
)
def test_a_change_of_the_log_loss_is_claimed_only_where_its_interval_excludes_none(gain, said):
    assert temperature_sentence(made((1.5, 1.2, 1.9), gain)).endswith(said)


def test_without_a_temperature_the_reason_is_said():
    expected = "There is no temperature: its training diverged."
    assert temperature_sentence(made(reason="its training diverged")) == expected
    assert temperature_text(made()) == "–"


def test_a_calibration_error_is_claimed_only_where_chance_does_not_explain_it():
    shown = error_sentence(made((1.5, 1.2, 1.9), error=(0.0025, 0.0005)))
    assert shown == "With the temperature, the calibration error on the test set is 5.0 (3.9–5.9) percentage points."
    hidden = error_sentence(made(error=(0.0001, 0.0001)))
    assert hidden == "The test set shows no calibration error above chance; its interval ends at 1.7 points."
    negative = CalibrationError(squared=-0.0004, standard_error=0.0001, bins=3)
    assert error_text(negative) == "0.0 (0.0–0.0)"
    assert error_sentence(made().model_copy(update={"before": None})) == ""


def test_a_promise_says_what_is_answered_and_what_was_wrong_on_the_test_set():
    point = OperatingPoint(max_error=0.01, chosen=CHOSEN, answered=372, errors=3, needed=None)
    assert promise_sentence(point, made()) == (
        "At most 1% of the answers are wrong, with 95% confidence, if it answers for 93% of the photos; on the test "
        "set: 3 of 372 answers wrong."
    )
    assert point_text(point, 400) == "answers 93%, 3 of 372 wrong"
    nothing = point.model_copy(update={"answered": 0, "errors": 0})
    assert "answers for 0% of the photos; on the test set: no photo is answered." in promise_sentence(nothing, made())
    assert "for 100% of the photos" in promise_sentence(point.model_copy(update={"answered": 400}), made())
    almost = point.model_copy(update={"answered": 9999})
    assert "for 99.9% of the photos" in promise_sentence(almost, made(test_photos=10_000))


def test_a_promise_that_cannot_be_made_says_why():
    few = Candidate(threshold=1.0, answered=100, errors=0, independent=100, bound=0.03)
    point = OperatingPoint(max_error=0.01, chosen=None, answered=0, errors=0, needed=299)
    assert promise_sentence(point, made(candidates=(few,))) == (
        "An error of at most 1% cannot be promised with so few validation photos: it needs at least 299, and there are "
        "100."
    )
    assert point_text(point, 400) == "– (needs about 299 photos)"
    assert point_text(point.model_copy(update={"needed": None}), 400) == "–"


@pytest.fixture(scope="module")
def written(results, write_report):
    study, folder = results(seeds=(42, 43), diverged=("base-641620-gray",))
    return write_report(study, folder)


def test_the_table_has_a_row_for_each_run_and_is_read_back(written):
    table = CALIBRATION.read(written / "tables" / "calibration.csv")
    assert len(table) == 16
    diverged = table[table["experiment"] == "base-641620-gray"]
    assert set(diverged["reason"]) == {"its training diverged"}
    assert diverged["temperature"].isna().all()
    others = table[table["experiment"] != "base-641620-gray"]
    assert (others["reason"] == "").all()
    assert (others["temperature_low"] < others["temperature"]).all()
    assert others["log_loss_after"].notna().all()
    assert {f"answered_{100 * error:.0f}" for error in MAX_ERRORS} <= {*table}


def test_the_markdown_has_both_tables_with_notes(written):
    text = (written / "tables" / "calibration.md").read_text(encoding="utf-8")
    assert text.count("| Experiment | Seed |") == 2
    assert "Kumar et al. 2019" in text
    assert "fixed-sequence tests" in text


def test_the_page_shows_the_first_seed_of_each_experiment_that_did_not_diverge(written):
    page = (written / "index.html").read_text(encoding="utf-8")
    start = page.index('<section id="probabilities">')
    section = page[start : page.index("</section>", start)]
    rows = re.findall(r'<th scope="row">\s*([\w-]+)', section)
    names = set(pd.read_csv(written / "tables" / "all.csv")["experiment"]) - {"base-641620-gray"}
    assert sorted(rows) == sorted([*names, *names])
    assert "the best experiment, seed 42" in section
    assert "Reliability diagram and risk-coverage curve of base-801010-rgb-aug" in section
