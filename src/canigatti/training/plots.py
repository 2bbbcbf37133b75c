"""Plots of the learning curves."""

import pandas as pd
from matplotlib.figure import Figure

from canigatti.plots import CLASS_COLORS, NEUTRAL_COLOR, new_figure


def plot_curves(history: pd.DataFrame, best_epoch: int, title: str) -> Figure:
    """Plot loss and accuracy of the training and validation sets, and mark the best epoch.

    Args:
        history: one row per epoch, see :data:`canigatti.training.records.HISTORY`.
        best_epoch: the epoch whose weights were restored, from 1; 0 marks none.
        title: title of the figure.
    """
    figure = new_figure(9, 3.6)
    figure.suptitle(title)
    for axes, metric in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        axes.plot(history["epoch"], history[metric], color=NEUTRAL_COLOR, marker=".", label="training")
        axes.plot(history["epoch"], history[f"val_{metric}"], color=CLASS_COLORS[0], marker=".", label="validation")
        if best_epoch:
            axes.axvline(best_epoch, color=CLASS_COLORS[1], ls="--", linewidth=1, label=f"best epoch, {best_epoch}")
        axes.set(title=metric.capitalize(), xlabel="epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(axis="y")
        axes.legend()
    return figure
