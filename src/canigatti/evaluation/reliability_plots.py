"""Plot of the calibration of a network's probabilities, and of its errors if it abstains."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from canigatti.evaluation.abstention import risk_coverage
from canigatti.evaluation.calibration import Sample, equal_mass_bins, stated_and_true
from canigatti.evaluation.intervals import accuracy_interval
from canigatti.evaluation.records import Calibration
from canigatti.plots import CLASS_COLORS, NEUTRAL_COLOR, new_figure


def plot_reliability(test: Sample, calibration: Calibration, classes: Sequence[str]) -> Figure:
    """Plot a reliability diagram of the test set before and after temperature scaling, and the risk-coverage curve.

    Args:
        test: the test set.
        calibration: of the network.
        classes: names of the classes, label 0 first.
    """
    figure = new_figure(10.5, 4.6)
    left, right = figure.subplots(1, 2)
    _plot_reliability(left, test, calibration, classes)
    _plot_risk(right, test, calibration)
    return figure


def _plot_reliability(axes: Axes, test: Sample, calibration: Calibration, classes: Sequence[str]) -> None:
    axes.plot([0, 1], [0, 1], color=NEUTRAL_COLOR, linewidth=1, zorder=0)
    if test.is_finite:
        _plot_bins(axes, test, 1.0, CLASS_COLORS[1], "probabilities of the network")
    if calibration.temperature:
        value = calibration.temperature.value
        _plot_bins(axes, test, value, CLASS_COLORS[0], f"with the temperature {value:.2f}")
    two = len(classes) == 2
    axes.set_xlabel(f"predicted probability of {classes[1]}" if two else "probability of the predicted class")
    axes.set_ylabel(f"photos of {classes[1]}" if two else "correct predictions")
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.set_title("Reliability; 95% intervals")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left")


def _plot_bins(axes: Axes, test: Sample, temperature: float, color: str, label: str) -> None:
    """Plot the fraction of photos for which the statement is true in each equal-mass bin, with its interval."""
    stated, true = stated_and_true(test.predictions, temperature)
    bins = equal_mass_bins(stated)
    inside = [bins == number for number in range(int(bins.max()) + 1)]
    means = np.array([stated[mask].mean() for mask in inside])
    fractions = np.array([true[mask].mean() for mask in inside])
    limits = np.array([accuracy_interval(true[mask], test.groups[mask]) for mask in inside])
    lengths = np.abs(limits.T - fractions)  # rounding may put a limit on the other side
    axes.errorbar(means, fractions, yerr=lengths, color=color, label=label, marker="o", markersize=4, linewidth=1)


def _plot_risk(axes: Axes, test: Sample, calibration: Calibration) -> None:
    if test.is_finite:
        coverage, risk = risk_coverage(test.predictions)
        axes.plot(coverage, risk, color=CLASS_COLORS[0], drawstyle="steps-post")
        axes.set_ylim(0, max(0.02, 1.25 * float(risk[len(risk) // 10 :].max())))
    for point in calibration.points:
        if point.chosen and point.answered:
            place = point.answered / calibration.test_photos, point.errors / point.answered
            axes.plot(*place, marker="o", markersize=6, color=CLASS_COLORS[1], linestyle="none")
            axes.annotate(
                f"at most {point.max_error:.0%}", place, xytext=(-6, 6), textcoords="offset points", ha="right"
            )
    axes.set_xlim(0, 1.02)
    axes.set_xlabel("answered test photos, the most certain first")
    axes.set_ylabel("wrong answers")
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=1))
    axes.set_title("Errors if it abstains; dots: promised errors")
