"""The picture of accuracy against cost."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Annotation
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from matplotlib.transforms import Bbox

from canigatti.plots import CLASS_COLORS, NEUTRAL_COLOR, new_figure
from canigatti.report.results import Run
from canigatti.report.texts import RANDOM_INITIALIZATION, duration

# Of Okabe and Ito (2008), told apart with every common colour blindness.
COLORS = {
    "base": NEUTRAL_COLOR,
    "modifications": CLASS_COLORS[0],
    "search": "#E69F00",
    "pretrained": CLASS_COLORS[1],
    "ablations": "#56B4E9",
}
_SHAPES = "os^Dv"  # one for each split, then from the first again
_NAMED_TABLES = ("search", "modifications", "pretrained")  # the others have too many experiments alike
_TICKS = [  # round spans of time, in seconds
    *(1, 2, 5, 10, 20, 30),
    *(60 * minutes for minutes in (1, 2, 5, 10, 20, 30)),
    *(3600 * hours for hours in (1, 2, 5, 10, 20, 50, 100, 200)),
]
_LARGEST_AREA, _SMALLEST_AREA = 260.0, 16.0  # square points: of the network with the most parameters, and at least
# Where a name may stand beside its point, the better places first; the distance is in points.
_PLACES = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)]
_SIDES = {-1: "right", 0: "center", 1: "left"}
_HEIGHTS = {-1: "top", 0: "center", 1: "bottom"}


def accuracy_and_cost(runs: Sequence[Run], table: pd.DataFrame) -> pd.DataFrame:
    """What the picture shows: a row an experiment, but for those that diverged.

    Columns: experiment, table, split, accuracy, accuracy_low, accuracy_high, parameters, random_initialization, and seconds,
    the training time with that of the experiments it starts from.

    Args:
        runs: of the study.
        table: the table of all experiments, see :func:`canigatti.report.tables.study_table`.
    """
    kinds = {run.experiment: run.table for run in runs}
    starts = {run.experiment: getattr(run.training.spec, "start_from", None) for run in runs}
    own = table.set_index("experiment")["training_seconds"]
    columns = [
        "experiment",
        "split",
        "accuracy",
        "accuracy_low",
        "accuracy_high",
        "parameters",
        "random_initialization",
    ]
    table = table[table["accuracy"].notna()]
    seconds = [sum(own[name] for name in _chain(experiment, starts)) for experiment in table["experiment"]]
    return table[columns].assign(table=table["experiment"].map(kinds), seconds=seconds)


def _chain(experiment: str | None, starts: dict[str, str | None]) -> list[str]:
    return [experiment, *_chain(starts[experiment], starts)] if experiment else []


def plot_accuracy_cost(costs: pd.DataFrame) -> Figure:
    """Accuracy with its interval against training time; the area of a point is the number of parameters.

    Args:
        costs: see :func:`accuracy_and_cost`; named are those of :func:`worth_naming`.
    """
    figure = new_figure(9, 5.4)
    FigureCanvasAgg(figure)  # measures the names
    axes = figure.add_subplot()
    costs = costs.assign(area=_areas(costs["parameters"], costs["parameters"].max()))
    shapes = {split: _SHAPES[n % len(_SHAPES)] for n, split in enumerate(dict.fromkeys(costs["split"]))}
    for row in costs.itertuples():
        _draw_point(axes, row, shapes[row.split])
    _label_axes(axes)
    _add_legend(figure, costs, shapes)
    figure.draw_without_rendering()
    _name_points(axes, costs)
    return figure


def worth_naming(costs: pd.DataFrame) -> pd.Series:
    """Whether an experiment stands in a short table, is the best of its table, or the best within its time."""
    best = costs["accuracy"] == costs.groupby("table")["accuracy"].transform("max")
    by_time = costs.sort_values(["seconds", "accuracy"], ascending=[True, False])["accuracy"]
    ahead = by_time > by_time.cummax().shift(fill_value=-1.0)
    return best | ahead.reindex(costs.index) | costs["table"].isin(_NAMED_TABLES)


def _draw_point(axes: Axes, row: Any, shape: str) -> None:
    color, percent = COLORS[row.table], 100 * row.accuracy
    around = [[max(0, percent - 100 * row.accuracy_low)], [max(0, 100 * row.accuracy_high - percent)]]
    axes.errorbar(row.seconds, percent, around, fmt="none", ecolor=color, elinewidth=1.2, alpha=0.6)
    face, edge = ("white", color) if row.random_initialization else (color, "white")
    axes.scatter(row.seconds, percent, row.area, facecolor=face, edgecolor=edge, marker=shape, zorder=3)


def _areas(parameters: pd.Series, most: float) -> pd.Series:
    return (_LARGEST_AREA * parameters / most).clip(lower=_SMALLEST_AREA)


def _label_axes(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.margins(x=0.14, y=0.08)
    axes.grid(axis="y")
    low, high = axes.get_xlim()
    ticks = [seconds for seconds in _TICKS if low < seconds < high]
    axes.xaxis.set_major_locator(FixedLocator(ticks if len(ticks) > 1 else [low, high]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: duration(seconds)))
    axes.set_xlabel("Training time")
    axes.set_ylabel("Test accuracy, %")


def _add_legend(figure: Figure, costs: pd.DataFrame, shapes: dict[str, str]) -> None:
    def key(text: str, color: str = NEUTRAL_COLOR, shape: str = "o", area: float = 50, face: str = "") -> Line2D:
        return Line2D([], [], ls="", marker=shape, ms=area**0.5, c=color, mfc=face or color, label=text)

    keys = [key(table, color) for table, color in COLORS.items() if (costs["table"] == table).any()]
    keys += [key(f"split {split}", shape=shape) for split, shape in shapes.items()] if len(shapes) > 1 else []
    keys += [key(RANDOM_INITIALIZATION, face="white")] if costs["random_initialization"].any() else []
    least, most = costs["parameters"].min(), costs["parameters"].max()
    sizes = pd.Series([float(f"{size:.1g}") for size in (least, most)]).unique()
    keys += [key(f"{size:,.0f} parameters", area=_areas(pd.Series([size]), most)[0]) for size in sizes]
    figure.legend(handles=keys, loc="outside right upper", labelspacing=0.9)


def _name_points(axes: Axes, costs: pd.DataFrame) -> None:
    """Put each name where it hides the least of points, whiskers and other names, and stays inside the axes."""
    taken = [box for row in costs.itertuples() for box in _boxes(axes, row)]
    for row in costs[worth_naming(costs)].sort_values("accuracy", ascending=False).itertuples():
        names = [_name(axes, row, *place) for place in _PLACES]
        boxes = [name.get_window_extent() for name in names]
        chosen = int(np.argmin([_hidden(box, taken, axes.bbox) for box in boxes]))
        for name in names[:chosen] + names[chosen + 1 :]:
            name.remove()
        taken.append(boxes[chosen])


def _name(axes: Axes, row: Any, right: int, up: int) -> Annotation:
    away = 3 + row.area**0.5 / 2
    return axes.annotate(
        row.experiment,
        (row.seconds, 100 * row.accuracy),
        (right * away, up * away),
        textcoords="offset points",
        fontsize=9,
        horizontalalignment=_SIDES[right],
        verticalalignment=_HEIGHTS[up],
    )


def _boxes(axes: Axes, row: Any) -> list[Bbox]:
    """The point and its whisker, in pixels."""
    ends = [(row.seconds, 100 * end) for end in (row.accuracy, row.accuracy_low, row.accuracy_high)]
    (x, y), (_, low), (_, high) = axes.transData.transform(ends)
    radius = row.area**0.5 / 2 * axes.figure.dpi / 72
    return [Bbox([(x - radius, y - radius), (x + radius, y + radius)]), Bbox([(x - 1, low), (x + 1, high)])]


def _hidden(box: Bbox, taken: list[Bbox], inside: Bbox) -> float:
    """Pixels of what is taken that a box would cover, and of its own outside the axes."""
    return sum(_common(box, other) for other in taken) + box.width * box.height - _common(box, inside)


def _common(one: Bbox, other: Bbox) -> float:
    common = Bbox.intersection(one, other)
    return float(common.width * common.height) if common else 0.0
