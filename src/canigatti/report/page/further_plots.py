"""The plot of the learning curve."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from canigatti.plots import CLASS_COLORS, new_figure
from canigatti.report.learning_curve import LearningCurve, curve_sentence

_BAND_COLOR = "#E3EFF7"  # CLASS_COLORS[0] on white, light enough for the grid


def plot_learning_curve(curve: LearningCurve) -> Figure:
    """Plot the error against the number of training photos, with the range of the fitted curves up to twice as many.

    The range is drawn only if :func:`canigatti.report.learning_curve.curve_sentence` makes a statement.

    Args:
        curve: the learning curve.
    """
    figure = new_figure(7, 4.2)
    axes = figure.add_subplot()
    measured = curve.table[curve.table["measured"]]
    if curve.ahead is not None and curve_sentence(curve):
        photos = curve.ahead.photos * curve.photos
        axes.fill_between(
            photos, 100 * curve.ahead.low, 100 * curve.ahead.high, color=_BAND_COLOR, label="fitted curves"
        )
    errors = 100 * (1 - measured["accuracy"].to_numpy(float))
    low, high = (100 * (1 - measured[name].to_numpy(float)) for name in ("accuracy_high", "accuracy_low"))
    axes.errorbar(
        measured["photos"],
        errors,
        np.maximum(0, [errors - low, high - errors]),
        fmt="o",
        color=CLASS_COLORS[0],
        capsize=3,
        label="measured, with 95% interval",
    )
    axes.set_xscale("log")
    ticks = measured["photos"].tolist()
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_ylim(bottom=0)
    axes.grid(axis="y")
    axes.set_xlabel("training photos")
    axes.set_ylabel("test error, %")
    figure.legend(loc="outside upper left", ncols=2, fontsize=9)
    return figure
