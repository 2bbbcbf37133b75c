"""The trials of a search as a picture: the score against each hyper-parameter."""

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from canigatti.config import Objective
from canigatti.plots import CLASS_COLORS, NEUTRAL_COLOR, new_figure
from canigatti.search.selection import COMPLETED, FAILED, PARTLY_FAILED, score_columns, winner

_MOST_COLUMNS = 5
_LABELS = {"val_accuracy": "validation accuracy", "val_loss": "validation loss"}
_MEAN, _BEST = CLASS_COLORS


def plot_scores(table: pd.DataFrame, values: dict[str, list[Any]], objective: Objective, title: str) -> Figure:
    """A plot for each hyper-parameter: a point an execution, a larger one for the trial's mean, the winner marked.

    Args:
        table: what :func:`canigatti.search.selection.tabulate` gave; not all trials have failed.
        values: the possible values of each hyper-parameter.
        objective: what the score is.
        title: the figure's title.
    """
    rows = math.ceil(len(values) / _MOST_COLUMNS)
    columns = math.ceil(len(values) / rows)
    figure = new_figure(max(6.0, 2.4 * columns), 0.9 + 2.4 * rows)
    figure.suptitle(title)
    axes = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    best = winner(table, objective)
    for one, (name, possible) in zip(axes, values.items(), strict=False):
        _plot_panel(one, table, _places(table[name], possible), best)
        one.set(title=name.replace("_", " "), xlim=(-0.5, len(possible) - 0.5))
        one.set_xticks(range(len(possible)), [str(value) for value in possible])
    for unused in axes[len(values) :]:
        unused.remove()
    for first in axes[::columns]:
        first.set_ylabel(_LABELS[objective])
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _plot_panel(axes: Axes, table: pd.DataFrame, places: pd.Series, best: pd.Series) -> None:
    for number, column in enumerate(score_columns(table)):
        label = None if number else "execution"
        axes.scatter(places, table[column].astype(float), s=9, color=NEUTRAL_COLOR, label=label)
    for status, label, inside in ((COMPLETED, "trial (mean)", _MEAN), (PARTLY_FAILED, "trial failed in part", "white")):
        rows = table["status"] == status
        if rows.any():
            scores = table.loc[rows, "score"].astype(float)
            axes.scatter(places[rows], scores, s=34, facecolor=inside, edgecolor=_MEAN, label=label)
    axes.scatter(places[best.name], best["score"], s=110, color=_BEST, marker="*", label="best trial", zorder=3)
    failed = table["status"] == FAILED
    if failed.any():  # at the lower edge, whatever the scores are
        edge = axes.get_xaxis_transform()
        axes.scatter(
            places[failed], [0.03] * failed.sum(), marker="x", color=_BEST, transform=edge, label="trial failed"
        )
    axes.grid(axis="y")


def _places(chosen: pd.Series, possible: list[Any]) -> pd.Series:
    """Where each trial stands: values evenly spaced, whatever they are, and trials of one value side by side in order.

    Side by side is within ±0.3; a number is known by the nearest one, since reading a table may round it.
    """
    if isinstance(possible[0], str):
        positions = np.array([possible.index(value) for value in chosen])
    else:
        positions = np.abs(np.subtract.outer(chosen.to_numpy(), possible)).argmin(axis=1)
    groups = chosen.groupby(positions)
    shifts = (groups.cumcount() + 1) / (groups.transform("size") + 1) - 0.5
    return positions + 0.6 * shifts
