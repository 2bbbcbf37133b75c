"""Plots that only the page shows: learning curves side by side, and accuracies with their intervals."""

from collections.abc import Sequence
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from canigatti.plots import CLASS_COLORS, NEUTRAL_COLOR, new_figure
from canigatti.report.notes import DIVERGED, GAVE_UP, RANDOM_INITIALIZATION
from canigatti.report.results import Run
from canigatti.report.tables import BEST
from canigatti.report.texts import ending_marks

_COLUMNS = 3
_PANEL_INCHES = (3.3, 2.3)
_TITLE_CHARACTERS = 36  # fit above a panel
_HIGHEST_LOSS = 1 / np.log(2)  # times the loss of a model that guesses, ln(classes); higher values matter to no reader
_SMALLEST_RANGE = 0.06  # of the values on an axis, so that two decimals are enough for the ticks
_TICK_STEPS = (1, 2, 5, 10)
_GHOST_COLOR = "#DDE0E4"
_BAND_COLOR = "#E3EFF7"  # CLASS_COLORS[0] on white, light enough for the grid


def plot_curves_grid(runs: Sequence[Run], measure: str, classes: int = 2) -> Figure:
    """Plot the learning curves of several experiments: one panel per experiment, with the same axes in all panels.

    A panel shows the training and validation curves of all seeds, and in gray the validation curve of each other
    experiment (first seed). Its title contains the result of :func:`describe_best_epoch`.

    Args:
        runs: in the order of the panels.
        measure: `loss` or `accuracy`.
        classes: the number of classes.
    """
    panels = group_by_experiment(runs)
    columns = 2 if len(panels) == 4 else min(_COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    figure = new_figure(columns * _PANEL_INCHES[0], 0.4 + rows * _PANEL_INCHES[1])
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for axes, (experiment, panel) in zip(grid, panels.items(), strict=False):
        others = [seeds[0] for name, seeds in panels.items() if name != experiment]
        _plot_panel(axes, measure, panel, others)
    for axes in grid[len(panels) :]:
        axes.remove()
    _set_curve_axes(grid[0], runs, measure, classes)
    for number, axes in enumerate(grid[: len(panels)]):
        axes.tick_params(labelbottom=number + columns >= len(panels))  # the last panel of each column
    figure.supxlabel("epoch", fontsize=10)
    figure.supylabel(measure, fontsize=10)
    figure.legend(*_legend_entries(grid[0]), loc="outside upper left", ncols=2 * columns, fontsize=9, columnspacing=1.2)
    return figure


def group_by_experiment(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """Return the runs of each experiment, in the order in which the experiments occur first."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.experiment, []).append(run)
    return groups


def describe_best_epoch(runs: Sequence[Run], measure: str) -> str:
    """Return the validation metric at the best epoch, with its range over the seeds: `0.412 at epoch 7`."""
    bests = _best_epochs(runs, measure)
    if bests.empty:
        return f"no finite {measure}"
    values, epochs = bests[f"val_{measure}"], bests["epoch"]
    value = f"{values.min():.3f}" if len(values) == 1 else f"{values.min():.3f} to {values.max():.3f}"
    epoch = f"epoch {epochs.min()}" if epochs.nunique() == 1 else f"epochs {epochs.min()} to {epochs.max()}"
    return f"{value} at {epoch}"


def exceeds_axis(runs: Sequence[Run], measure: str, classes: int = 2) -> bool:
    """Return whether some values are higher than the upper end of the axis of :func:`plot_curves_grid`."""
    values = _finite_values(runs, measure)
    return bool(values.max() > _value_range(values, measure, classes)[1])


def _plot_panel(axes: Axes, measure: str, runs: Sequence[Run], others: Sequence[Run]) -> None:
    validation = f"val_{measure}"
    for run in others:
        axes.plot(*_curve(run, validation), color=_GHOST_COLOR, linewidth=1, label="validation, other experiments")
    for run in runs:
        axes.plot(*_curve(run, measure), color=NEUTRAL_COLOR, linewidth=1.2, ls="--", label="training")
        axes.plot(*_curve(run, validation), color=CLASS_COLORS[0], label="validation")
    bests = _best_epochs(runs, measure)
    style: Any = {"color": CLASS_COLORS[1], "markeredgecolor": "white", "zorder": 3}
    axes.plot(bests["epoch"], bests[validation], "o", markersize=7, label="best epoch", **style)
    axes.grid(axis="y")
    name = fill(runs[0].experiment, _TITLE_CHARACTERS)
    lines = [*_run_marks(runs), describe_best_epoch(runs, measure)]
    axes.set_title(name, fontsize=10, fontweight="bold", pad=5 + 12 * len(lines))
    axes.annotate("\n".join(lines), (0, 1), (0, 4), xycoords="axes fraction", textcoords="offset points", fontsize=9)


def _curve(run: Run, column: str) -> tuple[pd.Series, pd.Series]:
    finite = run.history[np.isfinite(run.history[column])]
    return finite["epoch"], finite[column]


def _best_epochs(runs: Sequence[Run], measure: str) -> pd.DataFrame:
    bests = pd.concat([run.history[run.history["epoch"] == run.training.best_epoch] for run in runs])
    return bests[np.isfinite(bests[f"val_{measure}"])]


def _run_marks(runs: Sequence[Run]) -> list[str]:
    marks = [RANDOM_INITIALIZATION] if runs[0].training.random_initialization else []
    diverged = sum(run.diverged for run in runs)
    if diverged:
        marks.append(DIVERGED if diverged == len(runs) else f"{diverged} of {len(runs)} {DIVERGED}")
    gave_up = sum(run.training.gave_up for run in runs)
    if gave_up:
        marks.append(GAVE_UP if gave_up == len(runs) else f"{gave_up} of {len(runs)} {GAVE_UP}")
    return marks


def _set_curve_axes(axes: Axes, runs: Sequence[Run], measure: str, classes: int) -> None:
    low, high = _value_range(_finite_values(runs, measure), measure, classes)
    margin = max(0.05 * (high - low), (_SMALLEST_RANGE - high + low) / 2)
    axes.set_ylim(low - margin, high + margin)
    axes.set_xlim(0, max((run.history["epoch"].max() for run in runs if len(run.history)), default=1) * 1.03)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=_TICK_STEPS))
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=_TICK_STEPS))


def _finite_values(runs: Sequence[Run], measure: str) -> np.ndarray:
    values = np.concatenate([run.history[[measure, f"val_{measure}"]].to_numpy(float).ravel() for run in runs])
    return values[np.isfinite(values)] if np.isfinite(values).any() else np.array([0.0, 1.0])


def _value_range(values: np.ndarray, measure: str, classes: int) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    return low, min(high, max(_HIGHEST_LOSS * np.log(classes), 1.5 * low)) if measure == "loss" else high


def _legend_entries(axes: Axes) -> tuple[list, list[str]]:
    entries = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    labels = [label for label in ("validation", "training", "best epoch") if label in entries]
    labels += [label for label in entries if label not in labels]
    return [entries[label] for label in labels], labels


def plot_intervals(table: pd.DataFrame) -> Figure:
    """Plot the accuracy of each experiment with its 95% interval, in percent.

    The interval of the best experiment is a shaded band over all rows. A diamond is the accuracy in the original study.

    Args:
        table: see :func:`canigatti.report.tables.study_table`; at least one experiment has an accuracy.
    """
    table = table[table["accuracy"].notna()].reset_index(drop=True)
    figure = new_figure(9, 0.7 + 0.34 * len(table))
    axes = figure.add_subplot()
    for row in table[table["standing"] == BEST].head(1).itertuples():
        axes.axvspan(100 * row.accuracy_low, 100 * row.accuracy_high, color=_BAND_COLOR, zorder=0)
    for position, row in table.iterrows():
        _plot_interval(axes, position, row)
    if "original_accuracy" in table:
        style: Any = {"markerfacecolor": "white", "markeredgecolor": "black", "zorder": 4}
        axes.plot(100 * table["original_accuracy"], table.index, "D", markersize=6, **style)
    _set_interval_axes(axes, table)
    return figure


def _plot_interval(axes: Axes, position: int, row: pd.Series) -> None:
    color = CLASS_COLORS[0] if row["standing"] else NEUTRAL_COLOR
    low, value, high = (100 * row[name] for name in ("accuracy_low", "accuracy", "accuracy_high"))
    axes.plot([low, high], [position, position], color=color, linewidth=3.5, alpha=0.7, solid_capstyle="round")
    face = "white" if row["random_initialization"] else color
    edge = color if row["random_initialization"] else "white"
    axes.plot(value, position, "o", markersize=9, markerfacecolor=face, markeredgecolor=edge, zorder=3)
    place: Any = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center"}
    weight = "bold" if row["standing"] == BEST else "normal"
    axes.annotate(f"{value:.1f}%", (1, position), (8, 0), fontweight=weight, annotation_clip=False, **place)


def _set_interval_axes(axes: Axes, table: pd.DataFrame) -> None:
    axes.set_yticks(table.index, _row_labels(table))
    for label, standing in zip(axes.get_yticklabels(), table["standing"], strict=True):
        label.set_fontweight("bold" if standing == BEST else "normal")
    axes.set_ylim(len(table) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.05)
    axes.grid(axis="x")
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=_TICK_STEPS))
    axes.set_xlabel("test accuracy, %")


def _row_labels(table: pd.DataFrame) -> list[str]:
    marks = zip(table["random_initialization"], ending_marks(table), strict=True)
    notes = [[RANDOM_INITIALIZATION] * bool(random) + [mark] * bool(mark) for random, mark in marks]
    return [
        f"{name} ({', '.join(note)})" if note else name for name, note in zip(table["experiment"], notes, strict=True)
    ]
