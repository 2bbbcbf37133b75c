"""Plot of accuracy against training time: total training time, labeled points, and legible labels."""

from itertools import combinations
from types import SimpleNamespace

import pandas as pd
import pytest
from matplotlib.text import Annotation

from canigatti.plots import save
from canigatti.report.costs import accuracy_and_cost
from canigatti.report.plots import is_labeled, plot_accuracy_cost


def make_costs(*rows):
    columns = ["experiment", "table", "split", "accuracy", "seconds", "parameters"]
    frame = pd.DataFrame(rows, columns=columns).assign(random_initialization=False, diverged=0)
    return frame.assign(accuracy_low=frame["accuracy"] - 0.01, accuracy_high=frame["accuracy"] + 0.01)


CLOSE = make_costs(
    *((f"base-{number}", "base", "half", 0.80 + number / 1000, 600 + 10 * number, 2e7) for number in range(8)),
    *((f"pretrained-{number}", "pretrained", "most", 0.805, 660 + 5 * number, 2e6) for number in range(3)),
)


def make_run(experiment, start_from):
    spec = SimpleNamespace(start_from=start_from)
    return SimpleNamespace(experiment=experiment, table="pretrained", training=SimpleNamespace(spec=spec))


def test_training_time_includes_that_of_the_experiment_it_starts_from_and_of_searches():
    table = make_costs(*((name, "pretrained", "half", 0.9, 0, 1e6) for name in ("transfer", "tune", "again")))
    table["training_seconds"] = [100.0, 20.0, 3.0]
    runs = [make_run("transfer", None), make_run("tune", "transfer"), make_run("again", "tune")]
    assert accuracy_and_cost(runs, table, {})["seconds"].tolist() == [100, 120, 123]
    searched = accuracy_and_cost(runs, table, {"transfer": 1000.0})
    assert searched["seconds"].tolist() == [1100, 1120, 1123]


def test_labels_of_short_tables_best_of_each_table_and_best_within_its_time():
    experiments = {
        "fast": ("base", 0.80, 10, True),  # the fastest of all
        "slow": ("base", 0.79, 20, False),
        "best": ("base", 0.85, 30, True),
        "tuned": ("search", 0.70, 90, True),
        "ablation": ("ablations", 0.75, 40, True),  # the best of its table
        "other": ("ablations", 0.74, 50, False),
    }
    frame = make_costs(
        *((name, table, "half", accuracy, s, 1) for name, (table, accuracy, s, _) in experiments.items())
    )
    assert is_labeled(frame).tolist() == [label for *_, label in experiments.values()]


def test_labels_do_not_overlap_and_are_inside_the_axes():
    axes = plot_accuracy_cost(CLOSE).axes[0]
    labels = [child for child in axes.get_children() if isinstance(child, Annotation)]
    assert len(labels) == is_labeled(CLOSE).sum() == 11
    boxes = [label.get_window_extent() for label in labels]
    assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]
    assert all(axes.bbox.contains(x, y) for box in boxes for x, y in (box.min, box.max))


@pytest.mark.parametrize("frame", [CLOSE, CLOSE.head(1), CLOSE.assign(seconds=0.4), CLOSE.assign(accuracy_high=0.0)])
def test_plot_is_deterministic(tmp_path, frame):
    for name in ("first.png", "second.png"):
        save(plot_accuracy_cost(frame), tmp_path / name)
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()
