"""What the plots of the photos show of many classes: some of them, and bars divided by class while that is readable."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from canigatti.photos.records import Verdict
from canigatti.plots import CLASS_COLORS, MANY_CLASSES, NEUTRAL_COLOR, class_colors

_EXTREMES = 10  # of many classes, this many of the largest and of the smallest are shown
_MAX_DIVIDED = 9  # classes that divide a bar
_LEGEND_COLUMNS = 4


@dataclass(frozen=True)
class ShownClasses:
    """The classes that a figure shows.

    Attributes:
        labels: in the order of the figure.
        note: which ones these are; empty if all.
    """

    labels: tuple[int, ...]
    note: str


def choose_classes(rows: pd.DataFrame, classes: int) -> ShownClasses:
    """Choose all classes, or from `MANY_CLASSES` on those with the most and with the fewest kept photos.

    Args:
        rows: the manifest.
        classes: the number of classes.
    """
    if classes < MANY_CLASSES:
        return ShownClasses(tuple(range(classes)), "")
    kept = rows.loc[rows["verdict"] == Verdict.KEEP, "label"].dropna().astype(int)
    order = np.argsort(-np.bincount(kept, minlength=classes), kind="stable").tolist()
    note = f"the {_EXTREMES} largest and the {_EXTREMES} smallest of {classes:,} classes"
    return ShownClasses((*order[:_EXTREMES], *order[-_EXTREMES:]), note)


@dataclass(frozen=True)
class ClassBars:
    """Horizontal bars that classes divide; more than nine classes are one part.

    Attributes:
        names: names of the parts, without the last one, the files without a class.
        colors: colors of all parts.
        divided: whether each class is a part.
    """

    names: tuple[str, ...]
    colors: tuple[str, ...]
    divided: bool

    @classmethod
    def of(cls, classes: Sequence[str]) -> Self:
        """Return bars for these classes."""
        if len(classes) > _MAX_DIVIDED:
            return cls((f"all {len(classes):,} classes",), (CLASS_COLORS[0], NEUTRAL_COLOR), divided=False)
        return cls(tuple(classes), (*class_colors(len(classes)), NEUTRAL_COLOR), divided=True)

    def count(self, kinds: pd.Series, labels: pd.Series) -> pd.DataFrame:
        """Count the files of each kind (rows, most frequent first) and part (columns; the last for no class)."""
        parts = labels.astype("Int64") if self.divided else labels.astype("Int64").clip(upper=0)
        columns = range(len(self.colors))
        table = pd.crosstab(kinds, parts.fillna(len(self.names)).astype(int)).reindex(columns=columns, fill_value=0)
        return table.loc[table.sum(axis=1).sort_values(ascending=False, kind="stable").index]

    def plot(self, axes: Axes, table: pd.DataFrame) -> None:
        """Plot one stacked horizontal bar per row of :meth:`count`, with the total at its end."""
        axes.spines[["bottom", "left"]].set_visible(False)
        axes.tick_params(length=0)
        axes.set_xticks([])
        if table.empty:
            axes.set_yticks([])
            axes.text(0, 0.5, "none", transform=axes.transAxes, va="center")
            return
        positions, totals = np.arange(len(table)), table.sum(axis=1)
        left = np.zeros(len(table))
        for column, color in zip(table, self.colors, strict=True):
            axes.barh(positions, table[column], left=left, height=0.7, color=color)
            left += table[column].to_numpy()
        for position, total in zip(positions, totals, strict=True):
            axes.annotate(f"{total:,}", (total, position), (4, 0), textcoords="offset points", va="center")
        axes.set_yticks(positions, [shorten(str(name), 60) for name in table.index])
        axes.set(xlim=(0, 1.12 * max(1, totals.max())), ylim=(len(table) - 0.4, -0.6))

    def add_legend(self, figure: Figure, no_class: str | None = None) -> None:
        """Add the names of the parts above the axes, and `no_class` for the last part."""
        names = [*self.names, *([no_class] if no_class else [])]
        few = len(names) < _LEGEND_COLUMNS
        handles = [Patch(color=color) for color, _ in zip(self.colors, names, strict=False)]
        shown = names if few else [shorten(name, 24) for name in names]
        figure.legend(handles, shown, loc="outside upper right", ncols=len(names) if few else _LEGEND_COLUMNS)


def shorten(text: str, length: int) -> str:
    """Return a text on one line, with the middle omitted if it is too long."""
    text = " ".join(text.split())
    half = length // 2
    return text if len(text) <= length else f"{text[:half]}…{text[-half + 1 :]}"
