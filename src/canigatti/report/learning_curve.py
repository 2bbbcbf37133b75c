"""The learning curve of an experiment: what more training photos would bring."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from canigatti.report.curve_fitting import TWICE, Envelope, envelope
from canigatti.report.further import CurvePoint
from canigatti.report.guessing import interval_of
from canigatti.report.records import LEARNING_CURVE
from canigatti.report.results import StudyResults

_MIN_SEEDS = 3  # of every point: the spread over fewer says too little about the range
_MIN_POINTS = 4
_GRID = 33  # numbers of photos for which the range is drawn


@dataclass(frozen=True)
class LearningCurve:
    """The learning curve of an experiment.

    Attributes:
        experiment: the experiment on the whole training set.
        table: see :data:`canigatti.report.records.LEARNING_CURVE`.
        photos: number of photos in the training set.
        ahead: the range of the fitted curves; None if the seeds or points are too few.
    """

    experiment: str
    table: pd.DataFrame
    photos: int
    ahead: Envelope | None


def learning_curve(study: StudyResults) -> LearningCurve | None:
    """Return the learning curve of a study; None if the study has none, or too few of its networks converged.

    Args:
        study: the results.
    """
    points = [point for point in study.further.curve if point.correct.shape[1]]
    if len(points) < 2 or points[-1].fraction != 1:
        return None
    experiment, photos = points[-1].experiment, round(points[-1].photos)
    groups = study.groups.loc[points[-1].correct.index].to_numpy()
    rows = [_row(point, groups) for point in points]
    ahead = _ahead(points, groups)
    if ahead is not None:
        rows.append(_row_ahead(rows[-1], ahead))
    return LearningCurve(experiment, LEARNING_CURVE.frame(rows), photos, ahead)


def _row(point: CurvePoint, groups: np.ndarray) -> dict:
    low, high = interval_of(point.correct.to_numpy(bool), groups)
    return {
        "experiment": point.experiment,
        "fraction": point.fraction,
        "photos": round(point.photos),
        "seeds": point.correct.shape[1],
        "diverged": point.diverged,
        "n": len(point.correct),
        "accuracy": float(point.correct.to_numpy().mean()),
        "accuracy_low": low,
        "accuracy_high": high,
        "measured": True,
    }


def _row_ahead(last: dict, ahead: Envelope) -> dict:
    low, high = 1 - ahead.high[-1], 1 - ahead.low[-1]
    values = {"accuracy": np.nan, "accuracy_low": low, "accuracy_high": high, "measured": False}
    return last | {"fraction": TWICE, "photos": round(TWICE * last["photos"]), "seeds": 0, "diverged": 0} | values


def _ahead(points: Sequence[CurvePoint], groups: np.ndarray) -> Envelope | None:
    if len(points) < _MIN_POINTS or min(point.correct.shape[1] for point in points) < _MIN_SEEDS:
        return None
    ids = points[-1].correct.index
    wrong = [~point.correct.loc[ids].to_numpy(bool) for point in points]
    photos = np.array([point.photos for point in points])
    grid = np.geomspace(photos[0] / photos[-1], TWICE, _GRID)
    return envelope(photos, wrong, groups, grid)


def curve_sentence(curve: LearningCurve) -> str:
    """Return what twice as many photos would bring; an empty text if the fitted curves do not bear a statement.

    They do not if there are fewer than four points or three seeds, if the error is not shown to fall with more photos,
    if neither curve agrees with the measurements, or if the range says no more than that the accuracy may be anything
    from lower than now to perfect.

    Args:
        curve: the learning curve.
    """
    ahead = curve.ahead
    if ahead is None or not ahead.fits or not ahead.falls:
        return ""
    now = curve.table[curve.table["measured"]].iloc[-1]
    low, high = 1 - ahead.high[-1], 1 - ahead.low[-1]
    if low < now["accuracy_low"] and high > 1 - (1 - now["accuracy"]) / 10:
        return ""
    return (
        f"With twice the training photos, about {round(TWICE * curve.photos):,}, {curve.experiment} would classify "
        f"about {100 * low:.1f} to {100 * high:.1f}% of the photos correctly, instead of "
        f"{100 * now['accuracy']:.1f}% with {curve.photos:,}."
    )


def curve_notes(curve: LearningCurve) -> list[str]:
    """Return sentences about what keeps the curve from a statement; none if there is one.

    Args:
        curve: the learning curve.
    """
    if curve_sentence(curve):
        return []
    if curve.ahead is None:
        return [f"A range for more photos needs at least {_MIN_POINTS} fractions and {_MIN_SEEDS} seeds that converge."]
    if not curve.ahead.falls:
        return ["The error is not shown to fall with more photos, so the curve says nothing about still more of them."]
    if not curve.ahead.fits:
        return ["Neither a power law nor one with a floor agrees with the measurements, so no range is given."]
    return ["The range for twice the photos is so wide that it says nothing."]
