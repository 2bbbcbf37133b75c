"""Plots of a confusion matrix, or of the most confused pairs of many classes."""

from collections.abc import Sequence
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from canigatti.plots import CLASS_COLORS, MANY_CLASSES, new_figure

_MAX_PAIRS = 25
_MAX_CLASSES_WITH_COUNTS = 15
_TEXT_COLOR = "#24292F"


def plot_confusion(confusion: np.ndarray, classes: Sequence[str]) -> Figure:
    """Plot the confusion matrix, with the fraction of each true class as color; or the most confused pairs.

    Args:
        confusion: (classes, classes), counts; rows are true classes.
        classes: names of the classes, label 0 first.
    """
    if len(classes) == 2:
        return _plot_two(confusion, classes)
    return _plot_matrix(confusion, classes) if len(classes) < MANY_CLASSES else _plot_pairs(confusion, classes)


def confused_pairs(confusion: np.ndarray, count: int) -> list[tuple[int, int, int]]:
    """Return the most confused pairs: true label, predicted label and number of photos, the most frequent first.

    Args:
        confusion: (classes, classes), counts; rows are true classes.
        count: the maximum number of pairs.
    """
    errors = confusion - np.diag(np.diag(confusion))
    order = np.argsort(-errors, axis=None, kind="stable")[:count]
    pairs = np.stack(np.unravel_index(order, errors.shape), axis=1).tolist()
    return [(true, predicted, int(errors[true, predicted])) for true, predicted in pairs if errors[true, predicted]]


def _plot_two(confusion: np.ndarray, classes: Sequence[str]) -> Figure:
    """Plot counts, with the fraction of each true class as a number and as color."""
    totals = confusion.sum(axis=1, keepdims=True)
    fractions = confusion / np.maximum(totals, 1)
    figure = new_figure(5, 4.4)
    axes = figure.add_subplot()
    axes.imshow(fractions, vmin=0, vmax=1, aspect="auto")
    axes.axhline(0.5, color="white", linewidth=3)
    axes.axvline(0.5, color="white", linewidth=3)
    for (row, column), fraction in np.ndenumerate(fractions):
        color = "white" if fraction > 0.5 else _TEXT_COLOR
        fraction_text = f"{fraction:.1%} of true {classes[row]}" if totals[row] else f"no true {classes[row]}"
        axes.text(column, row - 0.06, f"{confusion[row, column]:,}", color=color, ha="center", fontsize=22)
        axes.text(column, row + 0.08, fill(fraction_text, 24), color=color, ha="center", va="top")
    axes.set_xticks([0, 1], [fill(f"predicted {name}", 24) for name in classes])
    axes.set_yticks([0, 1], [fill(f"true {name}", 16) for name in classes])
    _remove_frame(axes)
    axes.set_title(_title(confusion))
    return figure


def _plot_matrix(confusion: np.ndarray, classes: Sequence[str]) -> Figure:
    count = len(classes)
    fractions = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    figure = new_figure(3.2 + 0.55 * count, 2.6 + 0.5 * count)
    axes = figure.add_subplot()
    axes.imshow(fractions, vmin=0, vmax=1, aspect="auto")
    if count <= _MAX_CLASSES_WITH_COUNTS:
        for (row, column), fraction in np.ndenumerate(fractions):
            color = "white" if fraction > 0.5 else _TEXT_COLOR
            if confusion[row, column]:
                axes.text(column, row, f"{confusion[row, column]:,}", color=color, ha="center", va="center")
    names = [fill(name, 24) for name in classes]
    axes.set_xticks(range(count), names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(count), names)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    _remove_frame(axes)
    axes.set_title(_title(confusion))
    return figure


def _plot_pairs(confusion: np.ndarray, classes: Sequence[str]) -> Figure:
    pairs = confused_pairs(confusion, _MAX_PAIRS)
    figure = new_figure(8, 1.4 + 0.26 * max(1, len(pairs)))
    axes = figure.add_subplot()
    counts = [number for _, _, number in pairs]
    bars = axes.barh(range(len(pairs)), counts, color=CLASS_COLORS[0])
    axes.bar_label(bars, padding=3)
    axes.set_yticks(range(len(pairs)), [f"{classes[true]} as {classes[predicted]}" for true, predicted, _ in pairs])
    axes.invert_yaxis()
    axes.set_xlabel("test photos")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_title(f"{_title(confusion)}; most confused pairs")
    return figure


def _remove_frame(axes: Axes) -> None:
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _title(confusion: np.ndarray) -> str:
    return f"{np.trace(confusion):,} of {confusion.sum():,} photos classified correctly"
