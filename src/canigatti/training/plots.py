"""Loss and accuracy over the epochs, as a picture."""

import pandas as pd
from matplotlib.figure import Figure

from canigatti.plots import CLASS_COLORS, NEUTRAL_COLOR, new_figure


def plot_curves(history: pd.DataFrame, best_epoch: int, title: str) -> Figure:
    """Loss and accuracy of the training and validation photos, the best epoch marked.

    Args:
        history: a row an epoch: epoch, loss, accuracy, val_loss, val_accuracy.
        best_epoch: the epoch whose weights were kept, counted from 1; 0 marks none.
        title: the figure's title.
    """
    figure = new_figure(9, 3.6)
    figure.suptitle(title)
    for axes, measure in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        axes.plot(history["epoch"], history[measure], color=NEUTRAL_COLOR, marker=".", label="training")
        axes.plot(history["epoch"], history[f"val_{measure}"], color=CLASS_COLORS[0], marker=".", label="validation")
        if best_epoch:
            axes.axvline(best_epoch, color=CLASS_COLORS[1], ls="--", linewidth=1, label=f"best epoch, {best_epoch}")
        axes.set(title=measure.capitalize(), xlabel="epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(axis="y")
        axes.legend()
    return figure
