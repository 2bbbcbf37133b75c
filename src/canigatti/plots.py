"""The common style of all figures: fonts, colors, and how they are saved."""

import warnings
from pathlib import Path
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from canigatti.files import atomic_path

# Blue and vermilion of Okabe and Ito (2008), distinguishable with common color blindness and in grayscale print.
CLASS_COLORS = ("#0072B2", "#D55E00")
NEUTRAL_COLOR = "#8A8F98"
_GRAY_OF_TAB10 = 7
MANY_CLASSES = 30  # from this number on, figures show some of the classes, and say so

_TEXT, _LINE = "#24292F", "#C4C9D0"
_STYLE: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib, so that every machine renders the same pixels
    "font.size": 10,
    "figure.titlesize": 12,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.labelsize": 10,
    "axes.labelcolor": _TEXT,
    "axes.titlecolor": _TEXT,
    "axes.edgecolor": _LINE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#E6E8EB",
    "grid.linewidth": 0.8,
    "text.color": _TEXT,
    "text.parse_math": False,  # a file name may contain a dollar sign
    "xtick.color": _TEXT,
    "ytick.color": _TEXT,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "image.cmap": "Blues",
    "axes.prop_cycle": cycler(color=[*CLASS_COLORS, "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]),
}
mpl.rcdefaults()  # the user's matplotlibrc must not change the figures
mpl.rcParams.update(_STYLE)


def class_colors(count: int) -> tuple[str, ...]:
    """Return a color for each of `count` classes: :data:`CLASS_COLORS` for two.

    Beyond two they are those of matplotlib's tab10 without gray, which is no class; beyond nine they repeat, because
    the light ones of tab20 cannot be read on white.
    """
    if count == len(CLASS_COLORS):
        return CLASS_COLORS
    colors = [to_hex(mpl.colormaps["tab10"](number)) for number in range(10) if number != _GRAY_OF_TAB10]
    return tuple(colors[number % len(colors)] for number in range(count))


def new_figure(width_inches: float, height_inches: float) -> Figure:
    """Return an empty figure in the common style, whose layout keeps texts from overlapping or being cut off.

    It is not registered with pyplot, so figures do not accumulate in memory.
    """
    return Figure(figsize=(width_inches, height_inches), dpi=120, layout="constrained", facecolor="white")


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, atomically; equal figures give equal bytes."""
    with atomic_path(path) as temporary, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # an emoji in a file name is rendered as a box
        figure.savefig(temporary, format="png", metadata={"Software": None})
