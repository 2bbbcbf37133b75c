"""The plots of the page, read back from the figures: curves, their marks and axes, and intervals of accuracies."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from canigatti.plots import CLASS_COLORS, NEUTRAL_COLOR
from canigatti.report.evidence import collect_networks
from canigatti.report.page.introductions import introduction
from canigatti.report.page.plots import describe_best_epoch, exceeds_axis, plot_curves_grid, plot_intervals
from canigatti.report.results import read_study
from canigatti.report.tables import BEST, Evidence, study_table

FLOWERS = ("daisy", "tulip")


@pytest.fixture(scope="module")
def study(results):
    """The results of eight experiments, each with two seeds."""
    study, folder = results(seeds=(42, 43))
    return read_study(study.outline("config/study.yaml"), folder)


@pytest.fixture(scope="module")
def runs(study):
    return study.runs[:6]  # three experiments


def evidence_of(study):
    return Evidence.of(collect_networks(study.runs, study.groups))


def with_history(run, **columns):
    return replace(run, history=run.history.assign(**columns))


def lines(axes, label):
    return [line for line in axes.get_lines() if line.get_label() == label]


@pytest.mark.parametrize("measure", ["loss", "accuracy"])
def test_a_panel_shows_the_curves_of_all_seeds_their_best_epochs_and_the_other_experiments(runs, measure):
    axes = plot_curves_grid(runs, measure).axes
    assert [panel.get_title(loc="left") for panel in axes] == [run.experiment for run in runs[::2]]
    panel, shown = axes[1], runs[2:4]
    for label, column in (("training", measure), ("validation", f"val_{measure}")):
        for line, run in zip(lines(panel, label), shown, strict=True):
            np.testing.assert_array_equal(line.get_xydata(), run.history[["epoch", column]])
    others = lines(panel, "validation, other experiments")
    for line, run in zip(others, (runs[0], runs[4]), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), run.history[f"val_{measure}"])
    (marks,) = lines(panel, "best epoch")
    expected = [run.history.set_index("epoch")[f"val_{measure}"].loc[[run.training.best_epoch]] for run in shown]
    np.testing.assert_array_equal(marks.get_xydata(), pd.concat(expected).reset_index())


def test_all_panels_have_the_same_axes_and_the_figure_has_one_entry_per_kind_of_line(runs):
    figure = plot_curves_grid(runs, "loss")
    assert len({(axes.get_xlim(), axes.get_ylim()) for axes in figure.axes}) == 1
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["validation", "training", "best epoch", "validation, other experiments"]


@pytest.mark.parametrize("count", [1, 2, 4, 5, 8])
def test_there_is_one_panel_per_experiment(study, count):
    assert len(plot_curves_grid(study.runs[: 2 * count], "loss").axes) == count


def test_the_best_epoch_is_described_with_its_range_over_the_seeds(runs):
    first, second = (
        replace(with_history(run, val_loss=loss), training=run.training.model_copy(update={"best_epoch": epoch}))
        for run, loss, epoch in ((runs[0], 0.25, 7), (runs[1], 0.5, 9))
    )
    assert describe_best_epoch([first], "loss") == "0.250 at epoch 7"
    assert describe_best_epoch([first, second], "loss") == "0.250 to 0.500 at epochs 7 to 9"
    assert describe_best_epoch([with_history(first, val_loss=np.nan)], "loss") == "no finite loss"


def test_values_that_are_not_finite_are_gaps_and_a_high_loss_does_not_stretch_the_axis(runs):
    damaged = with_history(runs[0], loss=[1e6, np.inf, np.nan, *runs[0].history["loss"][3:]])
    (axes,) = plot_curves_grid([damaged], "loss").axes
    (line,) = lines(axes, "training")
    np.testing.assert_array_equal(line.get_xdata(), [1, *range(4, 31)])
    assert axes.get_ylim()[1] < 1.2
    assert exceeds_axis([damaged], "loss")
    assert not exceeds_axis([with_history(runs[0], loss=0.5, val_loss=0.6)], "loss")


def test_an_interval_spans_its_limits_and_the_band_is_that_of_the_best(study):
    table = study_table(study.runs, evidence_of(study)).assign(original_accuracy=0.8)
    figure = plot_intervals(table)
    (axes,) = figure.axes
    bars = [line for line in axes.get_lines() if line.get_linewidth() == 3.5]
    for line, row in zip(bars, table.itertuples(), strict=True):
        np.testing.assert_allclose(line.get_xdata(), [100 * row.accuracy_low, 100 * row.accuracy_high])
        assert line.get_color() == (CLASS_COLORS[0] if row.standing else NEUTRAL_COLOR)
    best = table.loc[table["standing"] == BEST].iloc[0]
    (band,) = axes.patches
    low, high = band.get_x(), band.get_x() + band.get_width()
    np.testing.assert_allclose([low, high], [100 * best["accuracy_low"], 100 * best["accuracy_high"]])
    assert [text.get_text() for text in axes.get_yticklabels()] == list(table["experiment"])
    (diamonds,) = [line for line in axes.get_lines() if line.get_marker() == "D"]
    np.testing.assert_allclose(diamonds.get_xdata(), 80)


def test_experiments_without_an_accuracy_have_no_interval(study):
    table = study_table(study.runs, evidence_of(study))
    table.loc[0, ["accuracy", "accuracy_low", "accuracy_high"]] = np.nan
    (axes,) = plot_intervals(table).axes
    assert [text.get_text() for text in axes.get_yticklabels()] == list(table["experiment"])[1:]


def test_the_introduction_of_a_section_speaks_only_of_what_the_section_has(runs):
    modified = replace(runs[0], table="modifications")
    assert "base experiments" in introduction("modifications", [modified, runs[1]], runs[1:], [], FLOWERS)
    assert "base experiments" not in introduction("modifications", [modified], [], [], FLOWERS)
    assert "random search" not in introduction("search", runs, [], [], FLOWERS)
    searches = {method: SimpleNamespace(method=method) for method in ("random", "halving", "bayesian")}
    assert "random search" in introduction("search", runs, [], [searches["random"]], FLOWERS)
    assert "successive halving" in introduction("search", runs, [], [searches["halving"]], FLOWERS)
    both = introduction("search", runs, [], [searches["bayesian"], searches["random"]], FLOWERS)
    assert "Gaussian process" in both
    assert "random search" in both


def test_the_introduction_names_every_setting_in_which_an_experiment_differs(runs):
    base = next(run for run in runs if run.experiment == "base-641620-rgb")
    spec = base.training.spec

    def altered(name, **settings):
        training = base.training.model_copy(update={"spec": spec.model_copy(update=settings)})
        return replace(base, experiment=name, table="ablations", training=training)

    both = [altered("small", batch_size=8), altered("short", batch_size=8, epochs=3), altered("same")]
    text = introduction("ablations", both, [base], [], FLOWERS)
    assert "small differs from base-641620-rgb in batch size." in text
    assert "short differs from base-641620-rgb in batch size and epochs." in text or (
        "short differs from base-641620-rgb in epochs and batch size." in text
    )
    assert "same has the settings of base-641620-rgb." in text
