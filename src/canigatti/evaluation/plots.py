"""Plots of an evaluation: the confusion matrix, all misclassified photos, and the least certain photos."""

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

from canigatti.evaluation.metrics import least_certain, misclassified
from canigatti.files import printable
from canigatti.photos.store import Store
from canigatti.plots import CLASS_COLORS, NEUTRAL_COLOR, new_figure

_TEXT_COLOR = "#24292F"
_GAP = 12  # pixels between photos and at the edges


def plot_confusion(confusion: np.ndarray, classes: Sequence[str]) -> Figure:
    """Plot the confusion matrix: counts, with the fraction of each true class as a number and as color.

    Args:
        confusion: (2, 2), counts, [[0→0, 0→1], [1→0, 1→1]]; rows are true classes.
        classes: names of the classes 0 and 1.
    """
    totals = confusion.sum(axis=1, keepdims=True)
    fractions = confusion / np.maximum(totals, 1)
    figure = new_figure(5, 4.4)
    axes = figure.add_subplot()
    axes.imshow(fractions, vmin=0, vmax=1, aspect="auto")
    axes.axhline(0.5, color="white", linewidth=3)
    axes.axvline(0.5, color="white", linewidth=3)
    for (row, column), fraction in np.ndenumerate(fractions):
        color = "white" if fraction > 0.5 else _TEXT_COLOR
        fraction_text = f"{fraction:.1%} of true {classes[row]}" if totals[row] else f"no true {classes[row]}"
        axes.text(column, row - 0.06, f"{confusion[row, column]:,}", color=color, ha="center", fontsize=22)
        axes.text(column, row + 0.08, fill(fraction_text, 24), color=color, ha="center", va="top")
    axes.set_xticks([0, 1], [fill(f"predicted {name}", 24) for name in classes])
    axes.set_yticks([0, 1], [fill(f"true {name}", 16) for name in classes])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(f"{np.trace(confusion):,} of {confusion.sum():,} photos classified correctly")
    return figure


@dataclass(frozen=True)
class _Sheet:
    """The layout of a contact sheet, a grid of photos with captions; sizes in pixels."""

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
    """Plot all misclassified photos by true class, most confident errors first, in at most 256 colors.

    Args:
        predictions: id, label, probability.
        store: the image store that contains them.
        classes: names of the classes 0 and 1.
    """
    bands = [_note(f"Captions: photo id and predicted probability of {classes[1]}.", _SMALL)]
    for true, errors in enumerate(misclassified(predictions)):
        title = f"{classes[true]} classified as {classes[1 - true]} ({len(errors):,})"
        captions = [[row.id, f"{row.probability:.4f}"] for row in errors.itertuples()]
        bands += [_heading(title, CLASS_COLORS[true], _SMALL), *_grid(_photos(store, errors), captions, _SMALL)]
        bands += [] if len(errors) else [_note("none", _SMALL)]
    return _stack(bands).quantize(256, Image.Quantize.FASTOCTREE)  # this method preserves rare, saturated colors


def plot_uncertain(predictions: pd.DataFrame, store: Store, classes: Sequence[str]) -> Image.Image:
    """Plot the ten least certain photos, least certain first.

    Args:
        predictions: id, label, probability.
        store: the image store that contains them.
        classes: names of the classes 0 and 1.
    """
    photos = least_certain(predictions)
    captions = [
        [
            row.id,
            f"{classes[1]}: {row.probability:.5f}",
            f"true {classes[row.true]}",
            f"predicted {classes[row.predicted]}" + (" (incorrect)" if row.true != row.predicted else ""),
        ]
        for row in photos.itertuples()
    ]
    heading = _heading(f"Least certain photos ({len(photos)})", NEUTRAL_COLOR, _LARGE)
    note = _note(f"Sorted by distance from 0.5; the number is the predicted probability of {classes[1]}.", _LARGE)
    return _stack([heading, note, *_grid(_photos(store, photos), captions, _LARGE)])


def _photos(store: Store, frame: pd.DataFrame) -> Iterator[np.ndarray]:
    return (store.images[row] for row in store.rows(frame["id"].to_numpy(dtype=object)))


def _grid(photos: Iterator[np.ndarray], captions: list[list[str]], sheet: _Sheet) -> Iterator[Image.Image]:
    """Yield rows of photos, one image per row, as wide as the sheet."""
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
                position = (left + sheet.cell / 2, sheet.photo + 3 + number * sheet.line)
                draw.text(position, _shorten(line, font, sheet.cell), fill=_TEXT_COLOR, font=font, anchor="ma")
        yield band


def _heading(text: str, color: str, sheet: _Sheet) -> Image.Image:
    """Return a line of larger text with a colored square in front."""
    size = round(sheet.text * 1.3)
    band = _text_band(text, size, 2 * _GAP + size // 2, 2 * size + _GAP, sheet.width)
    middle = band.height / 2
    ImageDraw.Draw(band).rectangle((_GAP, middle - size / 2, _GAP + size // 2, middle + size / 2), fill=color)
    return band


def _note(text: str, sheet: _Sheet) -> Image.Image:
    return _text_band(text, sheet.text, _GAP, 2 * sheet.line, sheet.width)


def _text_band(text: str, size: int, left: int, height: int, width: int) -> Image.Image:
    band, font = Image.new("RGB", (width, height), "white"), _font(size)
    shortened = _shorten(text, font, width - left - _GAP)
    ImageDraw.Draw(band).text((left, height / 2), shortened, fill=_TEXT_COLOR, font=font, anchor="lm")
    return band


def _stack(bands: list[Image.Image]) -> Image.Image:
    sheet = Image.new("RGB", (bands[0].width, sum(band.height for band in bands) + _GAP), "white")
    top = 0
    for band in bands:
        sheet.paste(band, (0, top))
        top += band.height
    return sheet


def _shorten(text: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    """Replace the middle of a text by … until it is at most `width` pixels wide.

    Two thirds of what remains come from the end, because that is where the numbers in file names are.
    """
    shortened = text = printable(text)
    length = len(text)
    while font.getlength(shortened) > width:
        length -= 1
        shortened = f"{text[: length // 3]}…{text[len(text) - length + length // 3 :]}"
    return shortened


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """Return the font that comes with matplotlib, so that every machine renders the same pixels."""
    path = Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)
