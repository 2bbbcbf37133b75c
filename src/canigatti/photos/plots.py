"""Plots of the photos: a sample, sizes, formats, class balance, and rejected files."""

import re
import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image, ImageOps

from canigatti.photos.class_bars import ClassBars, choose_classes, shorten
from canigatti.photos.records import RejectedFile, Verdict
from canigatti.photos.rejection import select_rejected, to_rejected_files
from canigatti.plots import NEUTRAL_COLOR, class_colors, new_figure

MAX_REJECTED = 40
_COLUMNS = 8
_SIZE_COLUMNS = 4
_TILE = 160  # pixels
_MIN_LOG_RATIO = 20  # ratio of the longest to the median side above which the axes are logarithmic


def sample_size(classes: int) -> int:
    """Return the maximum number of photos in the sample of each class, if this many classes are shown."""
    return 16 if classes <= 4 else 8 if classes <= 8 else 4


def choose_sample(rows: pd.DataFrame, label: int, size: int = 16) -> pd.DataFrame:
    """Choose at most `size` kept photos of a class, evenly spaced in the manifest."""
    kept = rows[(rows["verdict"] == Verdict.KEEP) & (rows["label"] == label)]
    return kept.iloc[np.linspace(0, len(kept) - 1, min(len(kept), size)).astype(int)]


def choose_rejected(rows: pd.DataFrame) -> tuple[list[RejectedFile], int]:
    """Choose at most `MAX_REJECTED` rejected files, evenly from all verdicts.

    Returns:
        The files, sorted by verdict, and the number of all rejected files.
    """
    rejected = select_rejected(rows)
    rank = rejected.groupby("verdict").cumcount()
    chosen = rejected.loc[rank.sort_values(kind="stable").index[:MAX_REJECTED]]
    return to_rejected_files(chosen.sort_index().sort_values("verdict", kind="stable")), len(rejected)


def plot_sample(classes: Sequence[str], photos: Sequence[Sequence[Image.Image]], note: str = "") -> Figure:
    """Plot photos of each class in rows, cropped to squares; more than eight classes are in two columns.

    Args:
        classes: names of the classes to show.
        photos: RGB images of any size, per class.
        note: which classes these are, if not all.
    """
    per_class = sample_size(len(classes))
    columns = min(_COLUMNS, per_class)
    side_by_side = _COLUMNS // columns
    rows = [max(1, -(-len(images) // columns)) for images in photos]
    heights = [max(rows[start : start + side_by_side]) for start in range(0, len(rows), side_by_side)]
    figure = new_figure(10, 1.25 * sum(heights) + 0.5 * len(heights) + (0.3 if note else 0))
    if note:
        figure.suptitle(note, x=0.01, ha="left")
    panels = figure.subfigures(len(heights), side_by_side, height_ratios=heights, squeeze=False).ravel()
    colors = class_colors(len(classes))
    for label, images in enumerate(photos):
        name = classes[label] if side_by_side == 1 else shorten(classes[label], 45)
        panels[label].suptitle(name, x=0.01, ha="left", color=colors[label], weight="bold")
        grid = panels[label].subplots(rows[label], columns, squeeze=False).ravel()
        for position, axes in enumerate(grid):
            axes.axis("off")
            if position < len(images):
                axes.imshow(ImageOps.fit(images[position], (_TILE, _TILE)))
    return figure


def plot_sizes(rows: pd.DataFrame, classes: Sequence[str]) -> Figure:
    """Plot height against width of all decoded photos, one panel per class; a larger dot stands for more photos."""
    shown = choose_classes(rows, len(classes))
    columns = min(len(shown.labels), _SIZE_COLUMNS) if len(classes) > 2 else 2
    lines = -(-len(shown.labels) // columns)
    figure = new_figure(10, 5 if len(classes) == 2 else 2.7 * lines + 0.6)
    panels = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
    colors = class_colors(len(shown.labels))
    for position, axes in enumerate(panels.ravel()):
        if position >= len(shown.labels):
            axes.remove()
            panels[-2, position % columns].tick_params(labelbottom=True)
            continue
        label = shown.labels[position]
        photos = rows[(rows["label"] == label) & rows["width"].notna()]
        sizes = photos.groupby(["width", "height"]).size().reset_index(name="count").astype(int)
        area = 12 * np.sqrt(sizes["count"])
        axes.scatter(sizes["width"], sizes["height"], s=area, alpha=0.5, linewidths=0, color=colors[position])
        name = f"{classes[label]}: " if len(classes) == 2 else f"{shorten(classes[label], 26)}\n"
        axes.set_title(f"{name}{_size_range(photos)}", fontsize=None if len(classes) == 2 else 9)
        axes.grid(True)
    _label_sizes(figure, panels, shown.note)
    _scale_sizes(panels[0, 0], rows)
    return figure


def _label_sizes(figure: Figure, panels: np.ndarray, note: str) -> None:
    if note:
        figure.suptitle(note, x=0.01, ha="left")
    if panels.size > 2:
        figure.supxlabel("width in pixels", fontsize=10)
        figure.supylabel("height in pixels", fontsize=10)
    else:
        panels[0, 0].set_ylabel("height in pixels")
        for axes in panels[0]:
            axes.set_xlabel("width in pixels")


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
    bars_of = ClassBars.of(classes)
    counts = [
        ("format, by content", bars_of.count(decoded["format"], decoded["label"])),
        ("pixels, by Pillow's mode", bars_of.count(decoded["mode"], decoded["label"])),
        ("notes on kept photos", bars_of.count(notes["note"].map(_kind_of_note), notes["label"])),
    ]
    bars = [max(1, len(table)) for _, table in counts]
    figure = new_figure(10, 0.32 * sum(bars) + 2.2)
    for axes, (title, table) in zip(figure.subplots(3, 1, height_ratios=bars), counts, strict=True):
        axes.set_title(title)
        bars_of.plot(axes, table)
    bars_of.add_legend(figure)
    return figure


def _kind_of_note(note: str) -> str:
    """Remove names and numbers from a note, so that similar notes are counted together."""
    note = re.sub(r" \(.*", "", note)
    return re.sub(r"(near duplicate) of .*|(colours converted) from .*", r"\1\2", note)


def plot_balance(rows: pd.DataFrame, classes: Sequence[str]) -> Figure:
    """Plot the numbers of kept photos by class and of other files by verdict."""
    bars_of, shown = ClassBars.of(classes), choose_classes(rows, len(classes))
    shown_names = [classes[label] for label in shown.labels]
    kept = rows[rows["verdict"] == Verdict.KEEP]
    names = kept["label"].map(dict(enumerate(classes)))
    rejected = rows[rows["verdict"] != Verdict.KEEP]
    tables = [bars_of.count(names, kept["label"]).reindex(shown_names, fill_value=0)]
    tables.append(bars_of.count(rejected["verdict"], rejected["label"]))
    bars = [len(shown_names), max(1, len(tables[1]))]
    figure = new_figure(10, 0.36 * sum(bars) + 1.6)
    upper, lower = figure.subplots(2, 1, height_ratios=bars)
    upper.set_title(f"kept: {len(kept):,} of {len(rows):,} files{shown.note and f'; {shown.note}'}")
    lower.set_title(f"not kept: {len(rejected):,}")
    for axes, table in zip((upper, lower), tables, strict=True):
        bars_of.plot(axes, table)
    bars_of.add_legend(figure, "no class")
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
    axes.set_title(f"{shorten(file.id, 22)}\n{file.verdict}", fontsize=8)
    axes.text(0, 1.03 * _TILE, reason, fontsize=7, va="top")
