"""Plots of the photos: a sample, sizes, formats, class balance, and rejected files."""

import re
import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from PIL import Image, ImageOps

from canigatti.photos.records import RejectedFile, Verdict
from canigatti.photos.rejection import select_rejected, to_rejected_files
from canigatti.plots import CLASS_COLORS, NEUTRAL_COLOR, new_figure

SAMPLE_PER_CLASS = 16
MAX_REJECTED = 40
_COLUMNS = 8
_TILE = 160  # pixels
_MIN_LOG_RATIO = 20  # ratio of the longest to the median side above which the axes are logarithmic


def choose_sample(rows: pd.DataFrame, label: int) -> pd.DataFrame:
    """Choose at most `SAMPLE_PER_CLASS` kept photos of a class, evenly spaced in the manifest."""
    kept = rows[(rows["verdict"] == Verdict.KEEP) & (rows["label"] == label)]
    return kept.iloc[np.linspace(0, len(kept) - 1, min(len(kept), SAMPLE_PER_CLASS)).astype(int)]


def choose_rejected(rows: pd.DataFrame) -> tuple[list[RejectedFile], int]:
    """Choose at most `MAX_REJECTED` rejected files, evenly from all verdicts.

    Returns:
        The files, sorted by verdict, and the number of all rejected files.
    """
    rejected = select_rejected(rows)
    rank = rejected.groupby("verdict").cumcount()
    chosen = rejected.loc[rank.sort_values(kind="stable").index[:MAX_REJECTED]]
    return to_rejected_files(chosen.sort_index().sort_values("verdict", kind="stable")), len(rejected)


def plot_sample(classes: Sequence[str], photos: Sequence[Sequence[Image.Image]]) -> Figure:
    """Plot photos of each class in rows, cropped to squares.

    Args:
        classes: names of the classes.
        photos: RGB images of any size, per class.
    """
    rows = [max(1, -(-len(images) // _COLUMNS)) for images in photos]
    figure = new_figure(10, 1.25 * sum(rows) + 0.5 * len(rows))
    panels = figure.subfigures(len(classes), 1, height_ratios=rows, squeeze=False)[:, 0]
    for label, (panel, images) in enumerate(zip(panels, photos, strict=True)):
        panel.suptitle(classes[label], x=0.01, ha="left", color=CLASS_COLORS[label], weight="bold")
        grid = panel.subplots(rows[label], _COLUMNS, squeeze=False).ravel()
        for position, axes in enumerate(grid):
            axes.axis("off")
            if position < len(images):
                axes.imshow(ImageOps.fit(images[position], (_TILE, _TILE)))
    return figure


def plot_sizes(rows: pd.DataFrame, classes: Sequence[str]) -> Figure:
    """Plot height against width of all decoded photos, one panel per class; a larger dot stands for more photos."""
    figure = new_figure(10, 5)
    panels = figure.subplots(1, len(classes), sharex=True, sharey=True)
    for label, axes in enumerate(panels):
        photos = rows[(rows["label"] == label) & rows["width"].notna()]
        sizes = photos.groupby(["width", "height"]).size().reset_index(name="count").astype(int)
        area = 12 * np.sqrt(sizes["count"])
        axes.scatter(sizes["width"], sizes["height"], s=area, alpha=0.5, linewidths=0, color=CLASS_COLORS[label])
        axes.set(title=f"{classes[label]}: {_size_range(photos)}", xlabel="width in pixels")
        axes.grid(True)
    panels[0].set_ylabel("height in pixels")
    _scale_sizes(panels[0], rows)
    return figure


def _size_range(photos: pd.DataFrame) -> str:
    if photos.empty:
        return "no photo"
    sides = photos[["width", "height"]].astype(int)
    area = sides["width"] * sides["height"]
    low, high = sides.loc[area.idxmin()], sides.loc[area.idxmax()]
    smallest, largest = f"{low.width}×{low.height}", f"{high.width}×{high.height}"
    return f"all {largest}" if len(sides.drop_duplicates()) == 1 else f"{smallest} to {largest}"


def _scale_sizes(axes: Axes, rows: pd.DataFrame) -> None:
    sides = rows[["width", "height"]].stack().dropna().astype(int)
    if sides.empty:
        return
    if sides.max() > _MIN_LOG_RATIO * sides.median():
        axes.set(xscale="log", yscale="log")
    else:
        axes.set(xlim=(0, 1.08 * sides.max()), ylim=(0, 1.08 * sides.max()))


def plot_formats(rows: pd.DataFrame, classes: Sequence[str]) -> Figure:
    """Plot the numbers of decoded photos by format, by pixel mode and by decoding note."""
    decoded = rows[(rows["format"] != "") & rows["label"].notna()]
    notes = decoded.loc[decoded["verdict"] == Verdict.KEEP, ["label", "reason"]]
    notes = notes.assign(note=notes["reason"].str.split("; ")).explode("note").query("note != ''")
    counts = [
        ("format, by content", _count(decoded["format"], decoded["label"])),
        ("pixels, by Pillow's mode", _count(decoded["mode"], decoded["label"])),
        ("notes on kept photos", _count(notes["note"].map(_kind_of_note), notes["label"])),
    ]
    bars = [max(1, len(table)) for _, table in counts]
    figure = new_figure(10, 0.32 * sum(bars) + 2.2)
    for axes, (title, table) in zip(figure.subplots(3, 1, height_ratios=bars), counts, strict=True):
        axes.set_title(title)
        _plot_bars(axes, table)
    _add_legend(figure, classes)
    return figure


def _kind_of_note(note: str) -> str:
    """Remove names and numbers from a note, so that similar notes are counted together."""
    note = re.sub(r" \(.*", "", note)
    return re.sub(r"(near duplicate) of .*|(colours converted) from .*", r"\1\2", note)


def _count(kinds: pd.Series, labels: pd.Series) -> pd.DataFrame:
    """Count the files of each kind (rows, most frequent first) and class (columns 0 and 1; 2 for no class)."""
    classes = labels.astype("Int64").fillna(2).astype(int)
    table = pd.crosstab(kinds, classes).reindex(columns=[0, 1, 2], fill_value=0)
    return table.loc[table.sum(axis=1).sort_values(ascending=False, kind="stable").index]


def _plot_bars(axes: Axes, table: pd.DataFrame) -> None:
    """Plot one stacked horizontal bar per row, with the total at its end."""
    axes.spines[["bottom", "left"]].set_visible(False)
    axes.tick_params(length=0)
    axes.set_xticks([])
    if table.empty:
        axes.set_yticks([])
        axes.text(0, 0.5, "none", transform=axes.transAxes, va="center")
        return
    positions, totals = np.arange(len(table)), table.sum(axis=1)
    left = np.zeros(len(table))
    for column, color in zip(table, (*CLASS_COLORS, NEUTRAL_COLOR), strict=True):
        axes.barh(positions, table[column], left=left, height=0.7, color=color)
        left += table[column].to_numpy()
    for position, total in zip(positions, totals, strict=True):
        axes.annotate(f"{total:,}", (total, position), (4, 0), textcoords="offset points", va="center")
    axes.set_yticks(positions, [_shorten(str(name), 60) for name in table.index])
    axes.set(xlim=(0, 1.12 * max(1, totals.max())), ylim=(len(table) - 0.4, -0.6))


def _add_legend(figure: Figure, classes: Sequence[str], *other_names: str) -> None:
    names, colors = [*classes, *other_names], (*CLASS_COLORS, NEUTRAL_COLOR)
    handles = [Patch(color=color) for color, _ in zip(colors, names, strict=False)]
    figure.legend(handles, names, loc="outside upper right", ncols=len(names))


def plot_balance(rows: pd.DataFrame, classes: Sequence[str]) -> Figure:
    """Plot the numbers of kept photos by class and of other files by verdict."""
    kept = rows[rows["verdict"] == Verdict.KEEP]
    names = kept["label"].map(dict(enumerate(classes)))
    rejected = rows[rows["verdict"] != Verdict.KEEP]
    tables = [_count(names, kept["label"]).reindex(list(classes), fill_value=0)]
    tables.append(_count(rejected["verdict"], rejected["label"]))
    bars = [len(classes), max(1, len(tables[1]))]
    figure = new_figure(10, 0.36 * sum(bars) + 1.6)
    upper, lower = figure.subplots(2, 1, height_ratios=bars)
    upper.set_title(f"kept: {len(kept):,} of {len(rows):,} files")
    lower.set_title(f"not kept: {len(rejected):,}")
    for axes, table in zip((upper, lower), tables, strict=True):
        _plot_bars(axes, table)
    _add_legend(figure, classes, "no class")
    return figure


def plot_rejected(files: Sequence[tuple[RejectedFile, Image.Image | None]], total: int) -> Figure:
    """Plot the rejected files with their reasons; a file that cannot be decoded is a gray tile.

    Args:
        files: the files to show, each with its image, or None if it cannot be decoded.
        total: number of all rejected files.
    """
    lines = max(1, -(-len(files) // _COLUMNS))
    figure = new_figure(12, 2.15 * lines + 0.6)
    more = f" ({len(files):,} shown; all are listed in summary.json)" if total > len(files) else ""
    figure.suptitle(f"rejected files: {total:,}{more}", x=0.01, ha="left")
    for position, axes in enumerate(figure.subplots(lines, _COLUMNS, squeeze=False).ravel()):
        axes.axis("off")
        if position < len(files):
            _plot_rejected_file(axes, *files[position])
    return figure


def _plot_rejected_file(axes: Axes, file: RejectedFile, image: Image.Image | None) -> None:
    if image is None:
        axes.imshow(Image.new("RGB", (_TILE, _TILE), "#ECEEF0"))
        axes.text(_TILE / 2, _TILE / 2, "no image", color=NEUTRAL_COLOR, ha="center", va="center")
    else:
        axes.imshow(ImageOps.pad(image, (_TILE, _TILE), color="white"))
    reason = textwrap.fill(file.reason, 24, max_lines=3, placeholder=" …")
    axes.set_title(f"{_shorten(file.id, 22)}\n{file.verdict}", fontsize=8)
    axes.text(0, 1.03 * _TILE, reason, fontsize=7, va="top")


def _shorten(text: str, length: int) -> str:
    """Return a text on one line, with the middle omitted if it is too long."""
    text = " ".join(text.split())
    half = length // 2
    return text if len(text) <= length else f"{text[:half]}…{text[-half + 1 :]}"
