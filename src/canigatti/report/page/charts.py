"""Where lines, dots and ticks stand in the charts that the page draws itself."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from canigatti.report.results import Run
from canigatti.report.tables import BEST

WIDTH, HEIGHT = 240, 150  # of a panel, in its own units
LEFT, RIGHT, TOP, BOTTOM = 34, 234, 8, 126  # of the frame inside it
_COIN_FLIP_TWICE = 1.0  # a loss no reader needs to see above; guessing gives ln 2 = 0.69
_NARROWEST = 0.06  # of what a panel shows, so that its ticks need no third decimal
_STEPS = [factor * 10.0**power for power in range(-4, 5) for factor in (1, 2, 5)]


@dataclass(frozen=True)
class Tick:
    """A value named on an axis, and where it stands."""

    place: float
    text: str


@dataclass(frozen=True)
class Panel:
    """One experiment's curves as SVG `points`, one for each seed, and its best epochs as (x, y)."""

    experiment: str
    validation: list[str]
    training: list[str]
    best: list[tuple[float, float]]
    summary: str


@dataclass(frozen=True)
class Chart:
    """Panels of one measure on the same two axes; `is_cut` when a curve leaves the frame at its top."""

    panels: list[Panel]
    epochs: list[Tick]
    values: list[Tick]
    is_cut: bool


@dataclass(frozen=True)
class Interval:
    """An experiment's accuracy on a percentage scale of places: 0 is the left end of the axis, 100 the right."""

    experiment: str
    start: float
    end: float
    value: float
    original: float | None
    text: str
    standing: str


@dataclass(frozen=True)
class IntervalChart:
    """Accuracies with their intervals on one axis; `best` is the interval of the best one, if one is ranked."""

    rows: list[Interval]
    best: Interval | None
    ticks: list[Tick]


@dataclass(frozen=True)
class _Axis:
    low: float
    high: float
    start: float
    end: float

    def place(self, values: np.ndarray) -> np.ndarray:
        return self.start + (values - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, at_most: int, smallest_step: float = 0) -> list[Tick]:
        """At most so many round values inside the axis, all multiples of one step."""
        for step in (step for step in _STEPS if step >= smallest_step):
            multiples = np.arange(np.ceil(self.low / step - 1e-9), np.floor(self.high / step + 1e-9) + 1)
            if len(multiples) <= at_most:
                return [Tick(round(float(self.place(value)), 1), f"{value + 0:.4g}") for value in multiples * step]
        return []


def accuracy_intervals(table: pd.DataFrame) -> IntervalChart:
    """The intervals of a table of experiments, with the original's accuracies where it has them.

    Args:
        table: see :func:`canigatti.report.tables.study_table`; one or more of its experiments did not diverge.
    """
    table = table[table["accuracy"].notna()]
    shown = [name for name in ("accuracy_low", "accuracy_high", "original_accuracy") if name in table]
    low, high = 100 * float(table[shown].min(axis=None)), 100 * float(table[shown].max(axis=None))
    margin = 0.05 * (high - low) or 1
    axis = _Axis(low - margin, high + margin, 0, 100)
    rows = [_interval(row, axis) for _, row in table.iterrows()]
    best = next((row for row in rows if row.standing == BEST), None)
    return IntervalChart(rows, best, axis.ticks(at_most=8, smallest_step=1))


def _interval(row: pd.Series, axis: _Axis) -> Interval:
    places = axis.place(100 * row[["accuracy_low", "accuracy_high", "accuracy"]].to_numpy(float))
    start, end, value = (round(float(place), 2) for place in places)
    original = row.get("original_accuracy")
    return Interval(
        experiment=row["experiment"],
        start=start,
        end=end,
        value=value,
        original=None if pd.isna(original) else round(float(axis.place(np.array(100 * original))), 2),
        text=f"{row['accuracy']:.1%}",
        standing=row["standing"],
    )


def learning_curves(runs: Sequence[Run], measure: str) -> Chart:
    """Panels of `loss` or `accuracy` over the epochs, an experiment a panel, in the order of `runs`."""
    longest = max((run.history["epoch"].max() for run in runs if len(run.history)), default=1)
    seen = np.concatenate([run.history[[measure, f"val_{measure}"]].to_numpy(float).ravel() for run in runs])
    seen = seen[np.isfinite(seen)] if np.isfinite(seen).any() else np.array([0.0, 1.0])
    low, high = float(seen.min()), float(seen.max())
    top = min(high, max(_COIN_FLIP_TWICE, 1.5 * low)) if measure == "loss" else high
    margin = max(0.05 * (top - low), (_NARROWEST - top + low) / 2)
    horizontal = _Axis(0, longest, LEFT, RIGHT)
    vertical = _Axis(low - margin, top + margin, BOTTOM, TOP)
    panels = [
        _panel([run for run in runs if run.experiment == name], measure, horizontal, vertical)
        for name in dict.fromkeys(run.experiment for run in runs)
    ]
    return Chart(
        panels,
        horizontal.ticks(at_most=4, smallest_step=1),
        vertical.ticks(at_most=6, smallest_step=0.01),
        is_cut=high > top,
    )


def _panel(runs: Sequence[Run], measure: str, horizontal: _Axis, vertical: _Axis) -> Panel:
    bests = pd.concat([run.history.query("epoch == @run.training.best_epoch") for run in runs])
    bests = bests.dropna(subset=f"val_{measure}")
    at = horizontal.place(bests["epoch"].to_numpy()), vertical.place(bests[f"val_{measure}"].to_numpy())
    return Panel(
        experiment=runs[0].experiment,
        validation=[_points(run.history, f"val_{measure}", horizontal, vertical) for run in runs],
        training=[_points(run.history, measure, horizontal, vertical) for run in runs],
        best=[(round(float(x), 1), round(float(y), 1)) for x, y in zip(*at, strict=True)],
        summary=_summary(bests, f"val_{measure}"),
    )


def _points(history: pd.DataFrame, column: str, horizontal: _Axis, vertical: _Axis) -> str:
    known = history[np.isfinite(history[column])]
    places = zip(horizontal.place(known["epoch"].to_numpy()), vertical.place(known[column].to_numpy()), strict=True)
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)


def _summary(bests: pd.DataFrame, column: str) -> str:
    if bests.empty:
        return "no value at the best epoch"
    values, epochs = bests[column], bests["epoch"]
    value = f"{values.min():.3f}" if len(values) == 1 else f"{values.min():.3f} to {values.max():.3f}"
    epoch = f"epoch {epochs.min()}" if epochs.nunique() == 1 else f"epochs {epochs.min()} to {epochs.max()}"
    return f"{value} at {epoch}"
