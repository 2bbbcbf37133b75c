"""Probabilities of the networks: the table, and sentences that say no more than their intervals bear."""

import math
from collections.abc import Callable, Sequence

import pandas as pd

from canigatti.evaluation.abstention import MAX_ERRORS, describe_refusal
from canigatti.evaluation.records import Calibration, CalibrationError, Estimate, OperatingPoint, ProbabilityMetrics
from canigatti.report.notes import ABSENT
from canigatti.report.records import CALIBRATION
from canigatti.report.results import Run
from canigatti.report.texts import count_noun, markdown, signed

CALIBRATION_NOTE = (
    "The logits of a network are divided by its temperature, so that probabilities are as certain as they are right. "
    "The temperature is fitted on the validation set (maximum likelihood); all other values are those of the test set, "
    "before → after. A slope of 1 is calibrated, below 1 too certain. The calibration error is the root mean square "
    "difference of predicted probabilities and the fractions that came true, in percentage points, in bins with equal "
    "numbers of photos and without the bias of few photos (Kumar et al. 2019). 95% intervals in parentheses; groups of "
    "photos that belong together are the independent units."
)
PROMISE_NOTE = (
    "A network may answer only for the photos that it is most certain of. A promise is about photos like those of the "
    "study and holds with 95% confidence, each for itself: fixed-sequence tests of Clopper and Pearson bounds on the "
    "validation set, in which photos of a group count as if they had the same result; fractions of answers and errors "
    "are those of the test set. Area: the mean fraction of wrong answers on the test set over all numbers of answered "
    f"photos. {ABSENT} the validation photos do not allow the promise."
)
_NORMAL = 1.96


def calibration_table(runs: Sequence[Run]) -> pd.DataFrame:
    """Return one row per run, see :data:`canigatti.report.records.CALIBRATION`; what is undefined is missing.

    `answered_1` is the fraction of test photos that are answered with a promised error of 1%, `wrong_1` the fraction of
    these answers that are wrong, `threshold_1` the log-odds that an answer needs, and `photos_needed_1` the number of
    validation photos that the promise would need if it cannot be made.
    """
    return CALIBRATION.frame([_row(run) for run in runs])


def _row(run: Run) -> dict:
    calibration = run.calibration
    fitted, gain = calibration.temperature, calibration.gain
    row = dict.fromkeys(CALIBRATION.columns, math.nan) | {
        "experiment": run.experiment,
        "seed": run.seed,
        "validation_photos": calibration.validation_photos,
        "validation_groups": calibration.validation_groups,
        "test_photos": calibration.test_photos,
        "reason": calibration.reason or "",
    }
    if fitted:
        row |= {"temperature": fitted.value, "temperature_low": fitted.low}
        row |= {"temperature_high": math.inf if fitted.high is None else fitted.high}
    if gain:
        row |= {"gain": gain.estimate, "gain_low": gain.low, "gain_high": gain.high}
    if calibration.area is not None:
        row["area"] = calibration.area
    for when, metrics in (("before", calibration.before), ("after", calibration.after)):
        row |= _metrics_of(metrics, when) if metrics else {}
    for point in calibration.points:
        row |= _point_of(point, calibration.test_photos)
    return row


def _metrics_of(metrics: ProbabilityMetrics, when: str) -> dict[str, float]:
    values = {f"log_loss_{when}": metrics.log_loss, f"brier_{when}": metrics.brier}
    values |= {f"squared_error_{when}": metrics.error.squared, f"squared_error_{when}_se": metrics.error.standard_error}
    if metrics.slope:
        values |= {f"slope_{when}": metrics.slope.estimate}
        values |= {f"slope_{when}_low": metrics.slope.low, f"slope_{when}_high": metrics.slope.high}
    return values


def _point_of(point: OperatingPoint, photos: int) -> dict[str, float]:
    percent = f"{100 * point.max_error:.0f}"
    if not point.chosen:
        return {} if point.needed is None else {f"photos_needed_{percent}": point.needed}
    values = {f"threshold_{percent}": point.chosen.threshold, f"answered_{percent}": point.answered / photos}
    return values | ({f"wrong_{percent}": point.errors / point.answered} if point.answered else {})


def calibration_texts(runs: Sequence[Run]) -> pd.DataFrame:
    """Format the calibration of each run as text, one row per run."""
    several = len({run.seed for run in runs}) > 1
    rows = [
        {
            "Experiment": run.experiment,
            **({"Seed": str(run.seed)} if several else {}),
            "Temperature": temperature_text(run.calibration),
            "Log-loss": _change(run.calibration, lambda one: f"{one.log_loss:.4f}"),
            "Brier score": _change(run.calibration, lambda one: f"{one.brier:.4f}"),
            "Slope": _change(run.calibration, lambda one: slope_text(one.slope)),
            "Calibration error": _change(run.calibration, lambda one: error_text(one.error)),
        }
        for run in runs
    ]
    return pd.DataFrame(rows)


def promise_texts(runs: Sequence[Run]) -> pd.DataFrame:
    """Format the promised errors of each run as text, one row per run."""
    several = len({run.seed for run in runs}) > 1
    rows = []
    for run in runs:
        calibration, area = run.calibration, run.calibration.area
        points = {point.max_error: point_text(point, calibration.test_photos) for point in calibration.points}
        rows.append(
            {
                "Experiment": run.experiment,
                **({"Seed": str(run.seed)} if several else {}),
                **{f"At most {100 * error:.0f}% wrong": points.get(error, ABSENT) for error in MAX_ERRORS},
                "Area": ABSENT if area is None else f"{100 * area:.2f}%",
            }
        )
    return pd.DataFrame(rows)


def calibration_as_markdown(runs: Sequence[Run]) -> str:
    """Format the calibration of each run as two Markdown tables with their notes."""
    left = ("Experiment",)
    tables = (calibration_texts(runs), CALIBRATION_NOTE), (promise_texts(runs), PROMISE_NOTE)
    return "\n".join(markdown(texts, left, [note]) for texts, note in tables)


def _change(calibration: Calibration, text_of: Callable[[ProbabilityMetrics], str]) -> str:
    """Format a metric before and after temperature scaling: `0.3312 → 0.3004`."""
    both = [metrics for metrics in (calibration.before, calibration.after) if metrics]
    return " → ".join(map(text_of, both)) or ABSENT


def temperature_text(calibration: Calibration) -> str:
    """Format a temperature and its interval: `1.83 (1.52–2.20)`; `–` without one."""
    fitted = calibration.temperature
    if fitted is None:
        return ABSENT
    return f"{fitted.value:.2f} ({fitted.low:.2f}–{'∞' if fitted.high is None else f'{fitted.high:.2f}'})"


def slope_text(slope: Estimate | None) -> str:
    """Format a slope and its interval: `0.61 (0.52–0.70)`; `–` without one."""
    if not slope:
        return ABSENT
    estimate, low, high = (f"{value:.2f}".replace("-", "−") for value in (slope.estimate, slope.low, slope.high))
    return f"{estimate} ({low} to {high})"


def error_text(error: CalibrationError) -> str:
    """Format a calibration error in percentage points with its interval: `3.1 (1.9–4.0)`; 0 if chance explains it."""
    limits = (error.squared + sign * _NORMAL * error.standard_error for sign in (-1, 1))
    root, low, high = (100 * math.sqrt(max(0.0, squared)) for squared in (error.squared, *limits))
    return f"{root:.1f} ({low:.1f}–{high:.1f})"


def point_text(point: OperatingPoint, photos: int) -> str:
    """Format what a promise means: `answers 93%, 3 of 372 wrong`, or the number of validation photos that it needs."""
    if point.chosen:
        return f"answers {_fraction(point.answered, photos)}, {point.errors:,} of {point.answered:,} wrong"
    return ABSENT if point.needed is None else f"{ABSENT} (needs about {count_noun(point.needed, 'photo')})"


def temperature_sentence(calibration: Calibration) -> str:
    """Return what the temperature says about a network, and what it changes on the test set."""
    fitted, gain = calibration.temperature, calibration.gain
    if fitted is None:
        return f"There is no temperature: {calibration.reason}."
    text = temperature_text(calibration)
    if fitted.low > 1:
        verdict = f"Its probabilities are too certain: the temperature is {text}."
    elif fitted.high is not None and fitted.high < 1:
        verdict = f"Its probabilities are not certain enough: the temperature is {text}."
    else:
        verdict = f"Its probabilities are not shown to be too certain or not certain enough: the temperature is {text}."
    return verdict if gain is None else f"{verdict} {_gain_sentence(gain)}"


def _gain_sentence(gain: Estimate) -> str:
    if gain.low > 0:
        text = f"{gain.estimate:.4f} ({gain.low:.4f} to {gain.high:.4f})"
        return f"On the test set, it lowers the log-loss by {text}."
    if gain.high < 0:
        text = f"{-gain.estimate:.4f} ({-gain.high:.4f} to {-gain.low:.4f})"
        return f"On the test set, it raises the log-loss by {text}."
    text = f"{signed(-gain.estimate, 4)} ({signed(-gain.high, 4)} to {signed(-gain.low, 4)})"
    return f"On the test set, it changes the log-loss by {text}, which may be chance."


def error_sentence(calibration: Calibration) -> str:
    """Return whether an error of the probabilities is shown on the test set, with the temperature if there is one."""
    metrics = calibration.after or calibration.before
    if metrics is None:
        return ""
    subject = "With the temperature, the" if calibration.after else "The"
    if metrics.error.squared > _NORMAL * metrics.error.standard_error:
        return f"{subject} calibration error on the test set is {error_text(metrics.error)} percentage points."
    highest = 100 * math.sqrt(max(0.0, metrics.error.squared + _NORMAL * metrics.error.standard_error))
    return f"{subject} test set shows no calibration error above chance; its interval ends at {highest:.1f} points."


def promise_sentence(point: OperatingPoint, calibration: Calibration) -> str:
    """Return what a promise means for a network, or why it cannot be made."""
    if point.chosen is None:
        refusal = describe_refusal(calibration.candidates, point.max_error)
        return f"{refusal[0].upper()}{refusal[1:]}."
    photos = calibration.test_photos
    result = f"{point.errors:,} of {point.answered:,} answers wrong" if point.answered else "no photo is answered"
    return (
        f"At most {100 * point.max_error:.0f}% of the answers are wrong, with 95% confidence, if it answers for "
        f"{_fraction(point.answered, photos)} of the photos; on the test set: {result}."
    )


def _fraction(count: int, total: int) -> str:
    """Format a fraction in percent; `all` and 0% only where they are exact."""
    percent = 100 * count / total
    return "100%" if count == total else f"{min(percent, 99.9):.1f}%" if percent >= 99.5 else f"{percent:.0f}%"
