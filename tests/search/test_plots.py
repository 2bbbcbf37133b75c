import itertools

import numpy as np
import pytest

from canigatti.search.plots import plot_scores
from canigatti.search.records import TRIALS
from canigatti.search.selection import read_trials, tabulate

VALUES = {"dense_units": [8, 16, 24], "optimizer": ["adam", "sgd"]}


@pytest.fixture
def table(execution):
    def values(units, optimizer):
        return {"dense_units": units, "optimizer": optimizer}

    return tabulate(
        [
            execution(1, 1, 0.6, values=values(8, "adam")),
            execution(1, 2, 0.7, values=values(8, "adam")),
            execution(2, 1, 0.9, values=values(24, "adam")),
            execution(2, 2, 0.8, values=values(24, "adam")),
            execution(3, 1, values=values(16, "sgd")),
            execution(3, 2, values=values(16, "sgd")),
        ]
    )


def points(axes, label):
    [collection] = [scatter for scatter in axes.collections if scatter.get_label() == label]
    offsets = np.asarray(collection.get_offsets())
    return offsets[~np.isnan(offsets).any(axis=1)]


def test_each_panel_has_every_trial_at_its_value(table):
    units, optimizer = plot_scores(table, VALUES, "val_accuracy", "found").axes
    assert [axes.get_title("left") for axes in (units, optimizer)] == ["dense units", "optimizer"]
    assert [label.get_text() for label in units.get_xticklabels()] == ["8", "16", "24"]
    means = points(units, "trial (mean)")
    np.testing.assert_allclose(means[:, 1], [0.65, 0.85])
    np.testing.assert_array_equal(np.round(means[:, 0]), [0, 2])
    np.testing.assert_array_equal(np.round(points(optimizer, "trial (mean)")[:, 0]), [0, 0])
    np.testing.assert_array_equal(points(units, "execution")[:, 1], [0.6, 0.9])


def test_trials_with_the_same_value_do_not_overlap(table):
    _, optimizer = plot_scores(table, VALUES, "val_accuracy", "found").axes
    first, second = points(optimizer, "trial (mean)")[:, 0]
    assert first < second


@pytest.mark.parametrize(("objective", "best"), [("val_accuracy", 0.85), ("val_loss", 0.65)])
def test_the_best_trial_is_marked(table, objective, best):
    axes = plot_scores(table, VALUES, objective, "found").axes[0]
    assert points(axes, "best trial")[0, 1] == pytest.approx(best)
    assert axes.get_ylabel() == objective.replace("val_", "validation ")


def test_the_legend_has_failed_trials_only_if_there_are_any(table):
    axes = plot_scores(table, VALUES, "val_accuracy", "found").axes[0]
    assert round(points(axes, "trial failed")[0, 0]) == 1
    completed = plot_scores(table[table["status"] == "completed"], VALUES, "val_accuracy", "found").axes[0]
    assert "trial failed" not in completed.get_legend_handles_labels()[1]


def test_a_partly_failed_trial_has_a_different_mark(execution):
    table = tabulate([execution(1, 1, 0.9), execution(1, 2), execution(2, 1, 0.6), execution(2, 2, 0.6)])
    axes = plot_scores(table, {"dense_units": [10, 20]}, "val_accuracy", "found").axes[0]
    np.testing.assert_allclose(points(axes, "trial partly failed")[:, 1], [0.9])
    np.testing.assert_allclose(points(axes, "trial (mean)")[:, 1], [0.6])
    np.testing.assert_allclose(points(axes, "best trial")[:, 1], [0.6])


def test_learning_rates_are_evenly_spaced_and_their_labels_do_not_overlap(execution, tmp_path):
    rates = [1e-05, 3.16e-05, 0.0001, 0.000316, 0.001, 0.00316, 0.01]
    executions = [
        execution(number, 1, 0.5 + number / 20, values={"learning_rate": rates[-number]}) for number in (1, 3, 6)
    ]
    TRIALS.write(tmp_path / "trials.csv", tabulate(executions))  # whose numbers are rounded
    figure = plot_scores(read_trials(tmp_path / "trials.csv"), {"learning_rate": rates}, "val_accuracy", "found")
    [axes] = figure.axes
    np.testing.assert_array_equal(np.round(points(axes, "trial (mean)")[:, 0]), [6, 4, 1])
    assert [label.get_text() for label in axes.get_xticklabels()] == [str(rate) for rate in rates]
    assert_labels_are_apart(figure, axes)


def assert_labels_are_apart(figure, axes):
    figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
    assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))


def test_of_many_values_some_are_labeled(execution):
    executions = [
        execution(1, 1, 0.6, values={"dense_units": 1000}),
        execution(2, 1, 0.7, values={"dense_units": 1099}),
    ]
    choices = {"dense_units": list(range(1000, 1100))}
    figure = plot_scores(tabulate(executions), choices, "val_accuracy", "found")
    [axes] = figure.axes
    assert [label.get_text() for label in axes.get_xticklabels()] == [str(1000 + 9 * number) for number in range(12)]
    assert_labels_are_apart(figure, axes)
    assert axes.get_xlim() == (-3, 102)


def test_few_labels_are_horizontal(table):
    axes = plot_scores(table, VALUES, "val_accuracy", "found").axes[0]
    assert {label.get_rotation() for label in axes.get_xticklabels()} == {0}


def test_many_hyper_parameters_are_plotted_in_several_rows(table):
    many = {f"dropout_{number}": [0.1, 0.2] for number in range(1, 10)}
    figure = plot_scores(table.assign(**dict.fromkeys(many, 0.2)), many, "val_accuracy", "found")
    assert [axes.get_title("left") for axes in figure.axes] == [name.replace("_", " ") for name in many]
    assert {axes.get_subplotspec().get_gridspec().get_geometry() for axes in figure.axes} == {(2, 5)}
