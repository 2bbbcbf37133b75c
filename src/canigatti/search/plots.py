"""Plots of the trials of a search: the score against each hyperparameter."""

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from canigatti.config import Objective
from canigatti.plots import CLASS_COLORS, NEUTRAL_COLOR, new_figure
from canigatti.search.selection import COMPLETED, FAILED, PARTLY_FAILED, best_row, score_columns

_MAX_COLUMNS = 5
_MAXLABELS = 12  # of the values of a hyperparameter
_MAX_CHARACTERS = 24  # of all labels of a panel, side by side
LABELS = {"val_accuracy": "validation accuracy", "val_loss": "validation loss"}
_MEAN, _BEST = CLASS_COLORS


def plot_scores(table: pd.DataFrame, values: dict[str, list[Any]], objective: Objective, title: str) -> Figure:
    """Plot the score against each hyperparameter: one panel per hyperparameter, with the best trial marked.

    Each panel has one small point per execution and a larger one per trial, its mean. Values are evenly spaced, so that
    the axis of learning rates is logarithmic.

    Args:
        table: one row per trial, see :func:`canigatti.search.selection.tabulate`; at least one did not fail.
        values: the possible values of each hyperparameter.
        objective: what the score is.
        title: title of the figure.
    """
    rows = math.ceil(len(values) / _MAX_COLUMNS)
    columns = math.ceil(len(values) / rows)
    figure = new_figure(max(6.0, 2.4 * columns), 0.9 + 2.4 * rows)
    figure.suptitle(title)
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    best = best_row(table, objective)
    for axes, (name, choices) in zip(panels, values.items(), strict=False):
        _plot_panel(axes, table, _positions(table[name], choices), best)
        margin = max(0.5, 0.03 * len(choices))  # so that marks at the ends are not cut off
        axes.set(title=name.replace("_", " "), xlim=(-margin, len(choices) - 1 + margin))
        _label_choices(axes, choices)
    for unused in panels[len(values) :]:
        unused.remove()
    for leftmost in panels[::columns]:
        leftmost.set_ylabel(LABELS[objective])
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _plot_panel(axes: Axes, table: pd.DataFrame, positions: pd.Series, best: pd.Series) -> None:
    for number, column in enumerate(score_columns(table)):
        label = None if number else "execution"
        axes.scatter(positions, table[column].astype(float), s=9, color=NEUTRAL_COLOR, label=label)
    for status, label, color in ((COMPLETED, "trial (mean)", _MEAN), (PARTLY_FAILED, "trial partly failed", "white")):
        rows = table["status"] == status
        if rows.any():
            scores = table.loc[rows, "score"].astype(float)
            axes.scatter(positions[rows], scores, s=34, facecolor=color, edgecolor=_MEAN, label=label)
    axes.scatter(positions[best.name], best["score"], s=110, color=_BEST, marker="*", label="best trial", zorder=3)
    failed = table["status"] == FAILED
    if failed.any():  # they have no score; the marks are at the lower edge of the panel
        edge = axes.get_xaxis_transform()
        axes.scatter(
            positions[failed], [0.03] * failed.sum(), marker="x", color=_BEST, transform=edge, label="trial failed"
        )
    axes.grid(axis="y")


def _label_choices(axes: Axes, choices: list[Any]) -> None:
    """Label every choice, or every second, third, … of many; labels that do not fit side by side are upright."""
    shown = range(0, len(choices), math.ceil(len(choices) / _MAXLABELS))
    labels = [str(choices[position]) for position in shown]
    is_crowded = len(" ".join(labels)) > _MAX_CHARACTERS
    axes.set_xticks(shown, labels, rotation="vertical" if is_crowded else "horizontal")


def _positions(values: pd.Series, choices: list[Any]) -> pd.Series:
    """Return the horizontal position of each trial.

    The choices are evenly spaced at 0, 1, 2, …; trials with the same value are spread in order within ±0.3. A number is
    matched to the nearest choice, because reading a table may round it.
    """
    if isinstance(choices[0], str):
        positions = np.array([choices.index(value) for value in values])
    else:
        positions = np.abs(np.subtract.outer(values.to_numpy(), choices)).argmin(axis=1)
    groups = values.groupby(positions)
    shifts = (groups.cumcount() + 1) / (groups.transform("size") + 1) - 0.5
    return positions + 0.6 * shifts
