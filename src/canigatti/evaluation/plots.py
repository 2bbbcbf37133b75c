"""Contact sheets of an evaluation: misclassified photos, and the least certain photos."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from PIL import Image, ImageDraw, ImageFont

from canigatti.evaluation.metrics import least_certain, misclassified
from canigatti.evaluation.predictions import Predictions
from canigatti.files import printable
from canigatti.photos.store import Store
from canigatti.plots import NEUTRAL_COLOR, class_colors

_TEXT_COLOR = "#24292F"
_GAP = 12  # pixels between photos and at the edges
_MAX_PAIRS, _MAX_PHOTOS_OF_PAIR = 20, 26  # shown of more than two classes


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


def plot_misclassified(predictions: Predictions, store: Store, classes: Sequence[str]) -> Image.Image:
    """Plot the misclassified photos by true and predicted class, most confident errors first, in at most 256 colors.

    Of two classes all are shown; of more, at most 26 photos of each of the 20 most frequent pairs.

    Args:
        predictions: of the test set.
        store: the image store that contains the photos.
        classes: names of the classes, label 0 first.
    """
    two, colors = len(classes) == 2, class_colors(len(classes))
    what = classes[1] if two else "the predicted class"
    bands = [_note(f"Captions: photo id and predicted probability of {what}.", _SMALL)]
    pairs = misclassified(predictions)
    for true, predicted in [*pairs][: None if two else _MAX_PAIRS]:
        errors = pairs[true, predicted]
        title = f"{classes[true]} classified as {classes[predicted]} ({len(errors):,})"
        shown = errors if two else errors.head(_MAX_PHOTOS_OF_PAIR)
        captions = [[row.id, f"{row.probability:.4f}"] for row in shown.itertuples()]
        bands += [_heading(title, colors[true], _SMALL), *_grid(_photos(store, shown), captions, _SMALL)]
        bands += [] if len(errors) else [_note("none", _SMALL)]
    if not pairs:
        bands.append(_note("none", _SMALL))
    elif len(pairs) > _MAX_PAIRS:
        bands.append(_note(f"{len(pairs) - _MAX_PAIRS:,} less frequent pairs are not shown.", _SMALL))
    return _stack(bands).quantize(256, Image.Quantize.FASTOCTREE)  # this method preserves rare, saturated colors


def plot_uncertain(predictions: Predictions, store: Store, classes: Sequence[str]) -> Image.Image:
    """Plot the ten least certain photos, least certain first.

    Args:
        predictions: of the test set.
        store: the image store that contains the photos.
        classes: names of the classes, label 0 first.
    """
    photos, two = least_certain(predictions), len(classes) == 2
    captions = [
        [
            row.id,
            f"{classes[1 if two else row.predicted]}: {row.probability:.5f}",
            f"true {classes[row.true]}",
            f"predicted {classes[row.predicted]}" + (" (incorrect)" if row.true != row.predicted else ""),
        ]
        for row in photos.itertuples()
    ]
    heading = _heading(f"Least certain photos ({len(photos)})", NEUTRAL_COLOR, _LARGE)
    text = (
        f"Sorted by distance from 0.5; the number is the predicted probability of {classes[1]}."
        if two
        else "Sorted by the difference between the two most probable classes; the number is the highest probability."
    )
    return _stack([heading, _note(text, _LARGE), *_grid(_photos(store, photos), captions, _LARGE)])


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
