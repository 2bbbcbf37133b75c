"""Plots of what a search cost: learning curves with where each was stopped, and scores against trained epochs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from canigatti.config import Objective
from canigatti.plots import CLASS_COLORS, NEUTRAL_COLOR, new_figure
from canigatti.search.plots import LABELS
from canigatti.search.selection import FAILED, best_row

_OTHERS, _BEST = CLASS_COLORS
_MARKS = {  # by the beginning of `ended` in trials.csv
    "completed": ("o", "last epoch"),
    "not promoted": ("|", "not promoted"),
    "early stopping": ("s", "early stopping"),
    "pruned": ("v", "gave up"),
    "failed": ("x", "failed"),
}


def plot_progress(table: pd.DataFrame, curves: pd.DataFrame, objective: Objective, title: str) -> Figure:
    """Plot learning curves with the end of each, and beside them scores against the epochs that the search trained.

    Args:
        table: one row per trial, see :func:`canigatti.search.selection.tabulate`; at least one did not fail.
        curves: one row per epoch of each execution, see :func:`canigatti.search.selection.curves_of`.
        objective: what the scores are.
        title: title of the figure.
    """
    figure = new_figure(9.6, 4.2)
    figure.suptitle(title)
    left, right = figure.subplots(1, 2, sharey=True)
    best = int(best_row(table, objective)["trial"])
    _plot_curves(left, table, curves, best)
    failed = [int(trial) for trial in table.loc[table["status"] == FAILED, "trial"]]
    _plot_costs(right, progress(curves, objective, failed), objective, best)
    left.set_ylabel(LABELS[objective])
    handles, labels = left.get_legend_handles_labels()
    more = [pair for pair in zip(*right.get_legend_handles_labels(), strict=True) if pair[1] not in labels]
    for handle, label in more:
        handles.append(handle)
        labels.append(label)
    figure.legend(handles, labels, loc="outside lower center", ncols=5)
    return figure


def progress(curves: pd.DataFrame, objective: Objective, failed: Sequence[int] = ()) -> pd.DataFrame:
    """Return what each trial had reached when it was compared, in the order of rungs and trials.

    Args:
        curves: see :func:`canigatti.search.selection.curves_of`.
        objective: what the scores are.
        failed: trials that failed, which cannot be the best, whatever they had reached.

    Returns:
        One row per trial, or per trial in each rung: `trial`; `score`, the mean over executions of their best epochs so
        far; `epochs`, the number that the search had trained, over all trials and executions; and `best`, the best
        score so far.
    """
    known: dict[tuple[int, int], list[float]] = {}
    rows, epochs = list[dict[str, float]](), 0
    better = min if objective == "val_loss" else max
    rungs = curves["rung"].fillna(1)
    for (rung, trial), part in curves.groupby([rungs, "trial"]):
        for execution, one in part.groupby("execution"):
            known.setdefault((int(trial), int(execution)), []).extend(one["score"])
        epochs += len(part)
        scores = [better(values) for (number, _), values in known.items() if number == trial]
        rows.append({"rung": rung, "trial": int(trial), "score": float(np.mean(scores)), "epochs": epochs})
    table = pd.DataFrame(rows, columns=["rung", "trial", "score", "epochs"])
    scores = table["score"].mask(table["trial"].isin(failed))
    return table.assign(best=(scores.cummin() if objective == "val_loss" else scores.cummax()).ffill())


def _plot_curves(axes: Axes, table: pd.DataFrame, curves: pd.DataFrame, best: int) -> None:
    ended = table.set_index("trial")["ended"]
    for (trial, _), curve in curves.groupby(["trial", "execution"]):
        is_best = trial == best
        color, width, order = (_BEST, 1.8, 4) if is_best else (NEUTRAL_COLOR, 0.8, 2)
        label = "best trial" if is_best else "trial"
        axes.plot(curve["epoch"], curve["score"], color=color, linewidth=width, zorder=order, label=_once(axes, label))
        last = curve.iloc[-1]
        marker, name = next(mark for start, mark in _MARKS.items() if str(ended[trial]).startswith(start))
        style: Any = {"color": _BEST if is_best else _OTHERS, "marker": marker, "s": 26, "zorder": order + 1}
        axes.scatter(last["epoch"], last["score"], gid=name, **style)
        if _once(axes, name):  # in the legend, the color of neither the best trial nor the others
            axes.scatter([], [], label=name, color=NEUTRAL_COLOR, marker=marker, s=26)
    rungs = curves.groupby("rung")["epoch"].max() if curves["rung"].notna().any() else pd.Series(dtype=float)
    for epoch in rungs[:-1]:
        axes.axvline(epoch, color=NEUTRAL_COLOR, linewidth=0.8, linestyle=":", label=_once(axes, "end of a rung"))
    axes.set(title="learning curves", xlabel="epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y")


def _once(axes: Axes, label: str) -> str | None:
    """Return a label that the legend does not have yet, or None."""
    return None if label in axes.get_legend_handles_labels()[1] else label


def _plot_costs(axes: Axes, reached: pd.DataFrame, objective: Objective, best: int) -> None:
    axes.step(reached["epochs"], reached["best"], where="post", color=_OTHERS, label="best score so far")
    others = reached[reached["trial"] != best]
    axes.scatter(others["epochs"], others["score"], s=14, color=NEUTRAL_COLOR, label="trial (mean)", zorder=2)
    winner = reached[reached["trial"] == best]
    axes.scatter(winner["epochs"], winner["score"], s=40, color=_BEST, label="best trial (mean)", zorder=4)
    for epochs in _ends(reached):
        axes.axvline(epochs, color=NEUTRAL_COLOR, linewidth=0.8, linestyle=":")
    axes.set(title="scores against cost", xlabel="epochs of all trials so far", xlim=(0, None))
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.grid(axis="y")


def _ends(reached: pd.DataFrame) -> Sequence[float]:
    """Return the epochs after which all rungs but the last one were finished."""
    return [float(epochs) for epochs in reached.groupby("rung")["epochs"].max()][:-1]
