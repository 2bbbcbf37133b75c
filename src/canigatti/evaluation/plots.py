"""Pictures of an evaluation: the confusion matrix, every misclassified photo, the least certain ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import fill

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont

from canigatti.evaluation.metrics import misclassified, uncertain
from canigatti.files import printable
from canigatti.photos.store import Store
from canigatti.plots import CLASS_COLORS, NEUTRAL_COLOR, new_figure

_INK = "#24292F"
_GAP = 12  # pixels between photos and around the sheet


def plot_confusion(confusion: np.ndarray, classes: Sequence[str]) -> Figure:
    """The confusion matrix: counts, and in brackets and by colour the share of the true class.

    Args:
        confusion: (2, 2), photos, [[0→0, 0→1], [1→0, 1→1]].
        classes: names of the classes 0 and 1.
    """
    totals = confusion.sum(axis=1, keepdims=True)
    shares = confusion / np.maximum(totals, 1)
    figure = new_figure(5, 4.4)
    axes = figure.add_subplot()
    axes.imshow(shares, vmin=0, vmax=1, aspect="auto")
    axes.axhline(0.5, color="white", linewidth=3)
    axes.axvline(0.5, color="white", linewidth=3)
    for (row, column), share in np.ndenumerate(shares):
        color = "white" if share > 0.5 else _INK
        share_text = f"{share:.1%} of true {classes[row]}" if totals[row] else f"no true {classes[row]}"
        axes.text(column, row - 0.06, f"{confusion[row, column]:,}", color=color, ha="center", fontsize=22)
        axes.text(column, row + 0.08, fill(share_text, 24), color=color, ha="center", va="top")
    axes.set_xticks([0, 1], [fill(f"predicted {name}", 24) for name in classes])
    axes.set_yticks([0, 1], [fill(f"true {name}", 16) for name in classes])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(f"{np.trace(confusion):,} of {confusion.sum():,} photos right")
    return figure


@dataclass(frozen=True)
class _Sheet:
    """A contact sheet: photos in rows, lines of text below each; sizes in pixels."""

    columns: int
    photo: int
    cell: int
    text: int

    @property
    def width(self) -> int:
        return self.columns * self.cell + (self.columns + 1) * _GAP

    @property
    def line(self) -> int:
        return round(self.text * 1.3)


_SMALL = _Sheet(columns=13, photo=80, cell=85, text=11)
_LARGE = _Sheet(columns=5, photo=200, cell=236, text=17)


def plot_misclassified(predictions: pd.DataFrame, store: Store, classes: Sequence[str]) -> Image.Image:
    """Every misclassified photo in two groups, the most confident errors first, at most 256 colours.

    Args:
        predictions: id, label, probability.
        store: holds the photos.
        classes: names of the classes 0 and 1.
    """
    bands = [_note(f"Below each photo: its id and the probability of {classes[1]}.", _SMALL)]
    for true, wrong in enumerate(misclassified(predictions)):
        title = f"{classes[true]} taken for {classes[1 - true]} ({len(wrong):,})"
        captions = [[row.id, f"{row.probability:.4f}"] for row in wrong.itertuples()]
        bands += [_heading(title, CLASS_COLORS[true], _SMALL), *_grid(_photos(store, wrong), captions, _SMALL)]
        bands += [] if len(wrong) else [_note("none", _SMALL)]
    return _stack(bands).quantize(256, Image.Quantize.FASTOCTREE)  # the method that keeps rare, strong colours


def plot_uncertain(predictions: pd.DataFrame, store: Store, classes: Sequence[str]) -> Image.Image:
    """The ten least certain photos, the least certain first.

    Args:
        predictions: id, label, probability.
        store: holds the photos.
        classes: names of the classes 0 and 1.
    """
    chosen = uncertain(predictions)
    captions = [
        [
            row.id,
            f"{classes[1]}: {row.probability:.5f}",
            f"true {classes[row.true]}",
            f"predicted {classes[row.predicted]}" + (" (wrong)" if row.true != row.predicted else ""),
        ]
        for row in chosen.itertuples()
    ]
    heading = _heading(f"Least certain photos ({len(chosen)})", NEUTRAL_COLOR, _LARGE)
    note = _note(f"Nearest to one half first; the number is the probability of {classes[1]}.", _LARGE)
    return _stack([heading, note, *_grid(_photos(store, chosen), captions, _LARGE)])


def _photos(store: Store, frame: pd.DataFrame) -> Iterator[np.ndarray]:
    return (store.images[row] for row in store.rows(frame["id"].to_numpy(dtype=object)))


def _grid(photos: Iterator[np.ndarray], captions: list[list[str]], sheet: _Sheet) -> Iterator[Image.Image]:
    """Rows of photos, each row an image as wide as the sheet."""
    font = _font(sheet.text)
    for start in range(0, len(captions), sheet.columns):
        row = captions[start : start + sheet.columns]
        band = Image.new("RGB", (sheet.width, sheet.photo + len(row[0]) * sheet.line + _GAP), "white")
        draw = ImageDraw.Draw(band)
        for column, lines in enumerate(row):
            left = _GAP + column * (sheet.cell + _GAP)
            photo = Image.fromarray(next(photos)).resize((sheet.photo, sheet.photo), Image.Resampling.LANCZOS)
            band.paste(photo, (left + (sheet.cell - sheet.photo) // 2, 0))
            for number, line in enumerate(lines):
                place = (left + sheet.cell / 2, sheet.photo + 3 + number * sheet.line)
                draw.text(place, _fitted(line, font, sheet.cell), fill=_INK, font=font, anchor="ma")
        yield band


def _heading(text: str, color: str, sheet: _Sheet) -> Image.Image:
    """A line of larger text after a block of colour."""
    size = round(sheet.text * 1.3)
    band = _text_band(text, size, 2 * _GAP + size // 2, 2 * size + _GAP, sheet.width)
    middle = band.height / 2
    ImageDraw.Draw(band).rectangle((_GAP, middle - size / 2, _GAP + size // 2, middle + size / 2), fill=color)
    return band


def _note(text: str, sheet: _Sheet) -> Image.Image:
    return _text_band(text, sheet.text, _GAP, 2 * sheet.line, sheet.width)


def _text_band(text: str, size: int, left: int, height: int, width: int) -> Image.Image:
    band, font = Image.new("RGB", (width, height), "white"), _font(size)
    shown = _fitted(text, font, width - left - _GAP)
    ImageDraw.Draw(band).text((left, height / 2), shown, fill=_INK, font=font, anchor="lm")
    return band


def _stack(bands: list[Image.Image]) -> Image.Image:
    sheet = Image.new("RGB", (bands[0].width, sum(band.height for band in bands) + _GAP), "white")
    top = 0
    for band in bands:
        sheet.paste(band, (0, top))
        top += band.height
    return sheet


def _fitted(text: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    """The text, or its beginning and end when it is wider than `width` pixels; more of the end, where numbers stand."""
    shown = text = printable(text)
    kept = len(text)
    while font.getlength(shown) > width:
        kept -= 1
        shown = f"{text[: kept // 3]}…{text[len(text) - kept + kept // 3 :]}"
    return shown


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """The font that comes with matplotlib, so that every machine draws the same pixels."""
    path = Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)
