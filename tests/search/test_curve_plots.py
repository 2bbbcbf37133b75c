"""The plot of learning curves and cost."""

import numpy as np
import pytest

from canigatti.search.curve_plots import plot_progress, progress
from canigatti.search.selection import curves_of, tabulate


@pytest.fixture
def halved(execution):
    """Three trials of one execution: the second one continues, the third one fails."""

    def stopped(trial, curve, rung, ended="end of rung"):
        known = {"ended": ended, "epochs": len(curve), "curve": curve, "rung": rung}
        return execution(trial, 1, None if ended == "failed" else max(curve), **known)

    return [
        stopped(1, (0.5, 0.6), 1),
        stopped(2, (0.55, 0.7), 1),
        stopped(3, (0.4,), 1, "failed"),
        stopped(2, (0.55, 0.7, 0.65, 0.8), 2, "completed"),
    ]


def test_progress_counts_the_epochs_of_all_trials_and_never_falls(halved):
    reached = progress(curves_of(halved), "val_accuracy")
    assert reached["trial"].tolist() == [1, 2, 3, 2]
    assert reached["epochs"].tolist() == [2, 4, 5, 7]
    assert reached["score"].tolist() == [0.6, 0.7, 0.4, 0.8]
    assert reached["best"].tolist() == [0.6, 0.7, 0.7, 0.8]
    lowest = progress(curves_of(halved), "val_loss")
    assert lowest["best"].tolist() == [0.5, 0.5, 0.4, 0.4]
    assert progress(curves_of(halved), "val_loss", failed=[3])["best"].tolist() == [0.5, 0.5, 0.5, 0.5]
    figure = plot_progress(tabulate(halved), curves_of(halved), "val_loss", "found")
    [line] = [one for one in figure.axes[1].get_lines() if one.get_label() == "best score so far"]
    assert min(line.get_ydata()) == 0.5, "a failed trial is not the best"


def test_the_score_of_a_trial_is_the_mean_of_its_executions(execution):
    executions = [execution(1, 1, 0.8), execution(1, 2, 0.6)]
    reached = progress(curves_of(executions), "val_accuracy")
    assert reached[["trial", "score", "epochs"]].to_numpy().tolist() == [[1, 0.7, 6]]


def test_each_curve_ends_with_a_mark_that_says_why(halved):
    figure = plot_progress(tabulate(halved), curves_of(halved), "val_accuracy", "found")
    left, right = figure.axes
    ends = {one.get_gid(): one.get_offsets()[0].tolist() for one in left.collections if one.get_gid()}
    assert ends["last epoch"] == [4, 0.8]
    assert ends["not promoted"] == [2, 0.6]
    assert ends["failed"] == [1, 0.4]
    in_legend = {one.get_label(): one.get_facecolor().tolist() for one in left.collections if not one.get_gid()}
    assert {"last epoch", "not promoted", "failed"} <= set(in_legend)
    assert len({tuple(color[0]) for color in in_legend.values()}) == 1, "a color stands for the best trial, not a mark"
    assert [line.get_xdata()[0] for line in left.get_lines() if line.get_label() == "end of a rung"] == [2]
    [winner] = [one for one in right.collections if one.get_label() == "best trial (mean)"]
    np.testing.assert_allclose(winner.get_offsets(), [[4, 0.7], [7, 0.8]])


def test_without_rungs_there_are_no_ends_of_rungs(execution):
    executions = [execution(1, 1, 0.8), execution(2, 1, 0.6), execution(3, 1)]
    figure = plot_progress(tabulate(executions), curves_of(executions), "val_accuracy", "found")
    labels = {label for axes in figure.axes for label in axes.get_legend_handles_labels()[1]}
    assert "end of a rung" not in labels
    assert {"best trial", "trial", "last epoch"} <= labels
