"""Plot of accuracy, or of the metric that ranks, against training time."""

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
from canigatti.report.notes import RANDOM_INITIALIZATION
from canigatti.report.ranking import ACCURACY, Ranking
from canigatti.report.texts import duration

# Okabe and Ito (2008): distinguishable with all common forms of color blindness.
COLORS = {
    "base": NEUTRAL_COLOR,
    "modifications": CLASS_COLORS[0],
    "search": "#E69F00",
    "pretrained": CLASS_COLORS[1],
    "ablations": "#56B4E9",
}
_MARKERS = "os^Dv"  # one per split, cyclic
_LABELED_TABLES = ("search", "modifications", "pretrained")  # the other tables have too many similar experiments
_TICKS = [  # round durations, seconds
    *(1, 2, 5, 10, 20, 30),
    *(60 * minutes for minutes in (1, 2, 5, 10, 20, 30)),
    *(3600 * hours for hours in (1, 2, 5, 10, 20, 50, 100, 200)),
]
_LARGEST_AREA, _SMALLEST_AREA = 260.0, 16.0  # square points; the network with the most parameters has the largest
# Directions from a point to its label, in order of preference.
_DIRECTIONS = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)]
_HORIZONTAL = {-1: "right", 0: "center", 1: "left"}
_VERTICAL = {-1: "top", 0: "center", 1: "bottom"}


def plot_accuracy_cost(costs: pd.DataFrame, ranking: Ranking = ACCURACY) -> Figure:
    """Plot accuracy with its 95% interval, or the metric that ranks, against training time.

    The area of a point shows the number of parameters.

    Args:
        costs: see :func:`canigatti.report.costs.accuracy_and_cost`; the experiments of :func:`is_labeled` have a label.
        ranking: the metric that ranks.
    """
    figure = new_figure(9, 5.4)
    FigureCanvasAgg(figure)  # needed to measure the labels
    axes = figure.add_subplot()
    if costs.empty:
        article = "an" if ranking.name[0] in "aeiou" else "a"
        axes.text(0.5, 0.5, f"no experiment has {article} {ranking.name}", ha="center")
        axes.axis("off")
        return figure
    costs = costs.assign(
        area=_areas(costs["parameters"], costs["parameters"].max()), labeled=is_labeled(costs, ranking)
    )
    costs = costs.assign(**{end: ranking.scale * costs[name] for end, name in _ends(ranking).items()})
    markers = {split: _MARKERS[n % len(_MARKERS)] for n, split in enumerate(dict.fromkeys(costs["split"]))}
    for row in costs.itertuples():
        _plot_point(axes, row, markers[row.split])
    _label_axes(axes, ranking)
    _add_legend(figure, costs, markers)
    figure.draw_without_rendering()
    _label_points(axes, costs, ranking)
    return figure


def _ends(ranking: Ranking) -> dict[str, str]:
    """Return the columns of the plotted value and of the limits of its interval; only the accuracy has an interval."""
    limits = ("accuracy_low", "accuracy_high") if ranking.is_accuracy else (ranking.metric, ranking.metric)
    return dict(zip(("value", "low", "high"), (ranking.metric, *limits), strict=True))


def is_labeled(costs: pd.DataFrame, ranking: Ranking = ACCURACY) -> pd.Series:
    """Return whether an experiment is in a short table, the best of its table, or the best within its training time."""
    ranked = costs.assign(gain=ranking.gains(costs[ranking.metric]))
    best = ranked["gain"] == ranked.groupby("table")["gain"].transform("max")
    by_time = ranked.sort_values(["seconds", "gain"], ascending=[True, False])["gain"]
    is_record = by_time > by_time.cummax().shift(fill_value=-np.inf)
    return best | is_record.reindex(costs.index) | costs["table"].isin(_LABELED_TABLES)


def _plot_point(axes: Axes, row: Any, marker: str) -> None:
    color = COLORS[row.table]
    errors = [[max(0, row.value - row.low)], [max(0, row.high - row.value)]]
    axes.errorbar(row.seconds, row.value, errors, fmt="none", ecolor=color, elinewidth=1.2, alpha=0.6)
    face, edge = ("white", color) if row.random_initialization else (color, "white")
    axes.scatter(row.seconds, row.value, row.area, facecolor=face, edgecolor=edge, marker=marker, zorder=3)


def _areas(parameters: pd.Series, most: float) -> pd.Series:
    return (_LARGEST_AREA * parameters / most).clip(lower=_SMALLEST_AREA)


def _label_axes(axes: Axes, ranking: Ranking) -> None:
    axes.set_xscale("log")
    axes.margins(x=0.14, y=0.08)
    axes.grid(axis="y")
    low, high = axes.get_xlim()
    ticks = [seconds for seconds in _TICKS if low < seconds < high]
    axes.xaxis.set_major_locator(FixedLocator(ticks if len(ticks) > 1 else [low, high]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: duration(seconds)))
    axes.set_xlabel("Training time")
    axes.set_ylabel(f"Test {ranking.name}" + (", %" if ranking.scale == 100 else ""))


def _add_legend(figure: Figure, costs: pd.DataFrame, markers: dict[str, str]) -> None:
    def key(label: str, color: str = NEUTRAL_COLOR, marker: str = "o", area: float = 50, face: str = "") -> Line2D:
        return Line2D([], [], ls="", marker=marker, ms=area**0.5, c=color, mfc=face or color, label=label)

    keys = [key(table, color) for table, color in COLORS.items() if (costs["table"] == table).any()]
    keys += [key(f"split {split}", marker=marker) for split, marker in markers.items()] if len(markers) > 1 else []
    keys += [key(RANDOM_INITIALIZATION, face="white")] if costs["random_initialization"].any() else []
    least, most = costs["parameters"].min(), costs["parameters"].max()
    sizes = pd.Series([float(f"{size:.1g}") for size in (least, most)]).unique()
    keys += [key(f"{size:,.0f} parameters", area=_areas(pd.Series([size]), most)[0]) for size in sizes]
    figure.legend(handles=keys, loc="outside right upper", labelspacing=0.9)


def _label_points(axes: Axes, costs: pd.DataFrame, ranking: Ranking) -> None:
    """Place each label where it covers least of the points, error bars and other labels, inside the axes."""
    occupied = [box for row in costs.itertuples() for box in _point_boxes(axes, row)]
    for row in costs[costs["labeled"]].sort_values("value", ascending=ranking.is_loss).itertuples():
        labels = [_add_label(axes, row, *direction) for direction in _DIRECTIONS]
        boxes = [label.get_window_extent() for label in labels]
        chosen = int(np.argmin([_covered_area(box, occupied, axes.bbox) for box in boxes]))
        for label in labels[:chosen] + labels[chosen + 1 :]:
            label.remove()
        occupied.append(boxes[chosen])


def _add_label(axes: Axes, row: Any, right: int, up: int) -> Annotation:
    distance = 3 + row.area**0.5 / 2
    return axes.annotate(
        row.experiment,
        (row.seconds, row.value),
        (right * distance, up * distance),
        textcoords="offset points",
        fontsize=9,
        horizontalalignment=_HORIZONTAL[right],
        verticalalignment=_VERTICAL[up],
    )


def _point_boxes(axes: Axes, row: Any) -> list[Bbox]:
    """Return the bounding boxes of a point and its error bar, in pixels."""
    ends = [(row.seconds, end) for end in (row.value, row.low, row.high)]
    (x, y), (_, low), (_, high) = axes.transData.transform(ends)
    radius = row.area**0.5 / 2 * axes.figure.dpi / 72
    return [Bbox([(x - radius, y - radius), (x + radius, y + radius)]), Bbox([(x - 1, low), (x + 1, high)])]


def _covered_area(box: Bbox, occupied: list[Bbox], axes: Bbox) -> float:
    """Return the occupied area that a box covers plus its own area outside the axes, in square pixels."""
    return sum(_overlap(box, other) for other in occupied) + box.width * box.height - _overlap(box, axes)


def _overlap(first: Bbox, second: Bbox) -> float:
    common = Bbox.intersection(first, second)
    return float(common.width * common.height) if common else 0.0
