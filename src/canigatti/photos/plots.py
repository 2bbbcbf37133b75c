"""Pictures of what the photos are like: a sample, sizes, formats, balance, and what was rejected."""

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
from canigatti.plots import CLASS_COLORS, NEUTRAL_COLOR, new_figure

SAMPLE_PER_CLASS = 16
MOST_REJECTED = 40
_COLUMNS = 8
_TILE = 160  # pixels
_LEAST_LOG_RATIO = 20  # longest side over median side from which sizes are drawn on logarithmic axes


def choose_sample(rows: pd.DataFrame, label: int) -> pd.DataFrame:
    """Kept photos of a class, evenly spread over the manifest, at most `SAMPLE_PER_CLASS`."""
    kept = rows[(rows["verdict"] == Verdict.KEEP) & (rows["label"] == label)]
    return kept.iloc[np.linspace(0, len(kept) - 1, min(len(kept), SAMPLE_PER_CLASS)).astype(int)]


def choose_rejected(rows: pd.DataFrame) -> tuple[list[RejectedFile], int]:
    """Choose at most `MOST_REJECTED` rejected files, evenly from all verdicts, and count all of them."""
    rejected = rows[~rows["verdict"].isin([Verdict.KEEP, Verdict.OVER_LIMIT])]
    turn = rejected.groupby("verdict").cumcount()
    chosen = rejected.loc[turn.sort_values(kind="stable").index[:MOST_REJECTED]]
    chosen = chosen.sort_index().sort_values("verdict", kind="stable")
    files = [
        RejectedFile(id=row.id, path=row.path, verdict=Verdict(row.verdict), reason=row.reason)
        for row in chosen.itertuples()
    ]
    return files, len(rejected)


def plot_sample(classes: Sequence[str], photos: Sequence[Sequence[Image.Image]]) -> Figure:
    """Two rows of photos of each class, cropped to squares.

    Args:
        classes: the classes' names.
        photos: for each class, RGB images of any size.
    """
    rows = [max(1, -(-len(images) // _COLUMNS)) for images in photos]
    figure = new_figure(10, 1.25 * sum(rows) + 0.5 * len(rows))
    parts = figure.subfigures(len(classes), 1, height_ratios=rows, squeeze=False)[:, 0]
    for label, (part, images) in enumerate(zip(parts, photos, strict=True)):
        part.suptitle(classes[label], x=0.01, ha="left", color=CLASS_COLORS[label], weight="bold")
        grid = part.subplots(rows[label], _COLUMNS, squeeze=False).ravel()
        for place, axes in enumerate(grid):
            axes.axis("off")
            if place < len(images):
                axes.imshow(ImageOps.fit(images[place], (_TILE, _TILE)))
    return figure


def plot_sizes(rows: pd.DataFrame, classes: Sequence[str]) -> Figure:
    """Width against height of every decoded photo, one panel a class; larger dots are sizes of more photos."""
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
    if sides.max() > _LEAST_LOG_RATIO * sides.median():
        axes.set(xscale="log", yscale="log")
    else:
        axes.set(xlim=(0, 1.08 * sides.max()), ylim=(0, 1.08 * sides.max()))


def plot_formats(rows: pd.DataFrame, classes: Sequence[str]) -> Figure:
    """How many decoded photos have each format, each kind of pixels, and each note of the decoding."""
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
    """Notes that differ only in a name or number are one kind."""
    note = re.sub(r" \(.*", "", note)
    return re.sub(r"(near duplicate) of .*|(colours converted) from .*", r"\1\2", note)


def _count(kinds: pd.Series, labels: pd.Series) -> pd.DataFrame:
    """Files of each kind (rows, most frequent first) and class (columns 0 and 1, and 2 for no class)."""
    classes = labels.astype("Int64").fillna(2).astype(int)
    table = pd.crosstab(kinds, classes).reindex(columns=[0, 1, 2], fill_value=0)
    return table.loc[table.sum(axis=1).sort_values(ascending=False, kind="stable").index]


def _plot_bars(axes: Axes, table: pd.DataFrame) -> None:
    """One horizontal bar a row, the classes one behind the other, the total at its end."""
    axes.spines[["bottom", "left"]].set_visible(False)
    axes.tick_params(length=0)
    axes.set_xticks([])
    if table.empty:
        axes.set_yticks([])
        axes.text(0, 0.5, "none", transform=axes.transAxes, va="center")
        return
    places, totals = np.arange(len(table)), table.sum(axis=1)
    left = np.zeros(len(table))
    for column, color in zip(table, (*CLASS_COLORS, NEUTRAL_COLOR), strict=True):
        axes.barh(places, table[column], left=left, height=0.7, color=color)
        left += table[column].to_numpy()
    for place, total in zip(places, totals, strict=True):
        axes.annotate(f"{total:,}", (total, place), (4, 0), textcoords="offset points", va="center")
    axes.set_yticks(places, [_shortened(str(name), 60) for name in table.index])
    axes.set(xlim=(0, 1.12 * max(1, totals.max())), ylim=(len(table) - 0.4, -0.6))


def _add_legend(figure: Figure, classes: Sequence[str], *others: str) -> None:
    names, colors = [*classes, *others], (*CLASS_COLORS, NEUTRAL_COLOR)
    handles = [Patch(color=color) for color, _ in zip(colors, names, strict=False)]
    figure.legend(handles, names, loc="outside upper right", ncols=len(names))


def plot_balance(rows: pd.DataFrame, classes: Sequence[str]) -> Figure:
    """How many photos of each class are kept, and how many files are not, by verdict."""
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
    """The rejected files with their reasons; a gray tile stands for what cannot be decoded."""
    lines = max(1, -(-len(files) // _COLUMNS))
    figure = new_figure(12, 2.15 * lines + 0.6)
    more = f", of which {total - len(files):,} are shown only in summary.json" if total > len(files) else ""
    figure.suptitle(f"rejected files: {total:,}{more}", x=0.01, ha="left")
    for place, axes in enumerate(figure.subplots(lines, _COLUMNS, squeeze=False).ravel()):
        axes.axis("off")
        if place < len(files):
            _plot_rejected_file(axes, *files[place])
    return figure


def _plot_rejected_file(axes: Axes, file: RejectedFile, image: Image.Image | None) -> None:
    if image is None:
        axes.imshow(Image.new("RGB", (_TILE, _TILE), "#ECEEF0"))
        axes.text(_TILE / 2, _TILE / 2, "no picture", color=NEUTRAL_COLOR, ha="center", va="center")
    else:
        axes.imshow(ImageOps.pad(image, (_TILE, _TILE), color="white"))
    reason = textwrap.fill(file.reason, 24, max_lines=3, placeholder=" …")
    axes.set_title(f"{_shortened(file.id, 22)}\n{file.verdict}", fontsize=8)
    axes.text(0, 1.03 * _TILE, reason, fontsize=7, va="top")


def _shortened(text: str, length: int) -> str:
    """The beginning and the end of a text that is too long, on one line."""
    text = " ".join(text.split())
    half = length // 2
    return text if len(text) <= length else f"{text[:half]}…{text[-half + 1 :]}"
