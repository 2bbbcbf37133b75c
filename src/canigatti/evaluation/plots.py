"""Contact sheets of an evaluation: misclassified photos, and the least certain photos."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from canigatti.evaluation.contact_sheets import GAP, TEXT_COLOR, Sheet, heading, load_font, note, shorten, stack
from canigatti.evaluation.metrics import least_certain, misclassified
from canigatti.evaluation.predictions import Predictions
from canigatti.photos.store import Store
from canigatti.plots import NEUTRAL_COLOR, class_colors

_MAX_PAIRS, _MAX_PHOTOS_OF_PAIR = 20, 26  # shown of more than two classes

_SMALL = Sheet(columns=13, photo=80, cell=85, text=11)
_LARGE = Sheet(columns=5, photo=200, cell=236, text=17)


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
    bands = [note(f"Captions: photo id and predicted probability of {what}.", _SMALL)]
    pairs = misclassified(predictions)
    for true, predicted in [*pairs][: None if two else _MAX_PAIRS]:
        errors = pairs[true, predicted]
        title = f"{classes[true]} classified as {classes[predicted]} ({len(errors):,})"
        shown = errors if two else errors.head(_MAX_PHOTOS_OF_PAIR)
        captions = [[row.id, f"{row.probability:.4f}"] for row in shown.itertuples()]
        bands += [heading(title, colors[true], _SMALL), *_grid(_photos(store, shown), captions, _SMALL)]
        bands += [] if len(errors) else [note("none", _SMALL)]
    if not pairs:
        bands.append(note("none", _SMALL))
    elif len(pairs) > _MAX_PAIRS:
        bands.append(note(f"{len(pairs) - _MAX_PAIRS:,} less frequent pairs are not shown.", _SMALL))
    return stack(bands).quantize(256, Image.Quantize.FASTOCTREE)  # this method preserves rare, saturated colors


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
    title = heading(f"Least certain photos ({len(photos)})", NEUTRAL_COLOR, _LARGE)
    text = (
        f"Sorted by distance from 0.5; the number is the predicted probability of {classes[1]}."
        if two
        else "Sorted by the difference between the two most probable classes; the number is the highest probability."
    )
    return stack([title, note(text, _LARGE), *_grid(_photos(store, photos), captions, _LARGE)])


def _photos(store: Store, frame: pd.DataFrame) -> Iterator[np.ndarray]:
    return (store.images[row] for row in store.rows(frame["id"].to_numpy(dtype=object)))


def _grid(photos: Iterator[np.ndarray], captions: list[list[str]], sheet: Sheet) -> Iterator[Image.Image]:
    """Yield rows of photos, one image per row, as wide as the sheet."""
    font = load_font(sheet.text)
    for start in range(0, len(captions), sheet.columns):
        row = captions[start : start + sheet.columns]
        band = Image.new("RGB", (sheet.width, sheet.photo + len(row[0]) * sheet.line + GAP), "white")
        draw = ImageDraw.Draw(band)
        for column, lines in enumerate(row):
            left = GAP + column * (sheet.cell + GAP)
            photo = Image.fromarray(next(photos)).resize((sheet.photo, sheet.photo), Image.Resampling.LANCZOS)
            band.paste(photo, (left + (sheet.cell - sheet.photo) // 2, 0))
            for number, line in enumerate(lines):
                position = (left + sheet.cell / 2, sheet.photo + 3 + number * sheet.line)
                draw.text(position, shorten(line, font, sheet.cell), fill=TEXT_COLOR, font=font, anchor="ma")
        yield band
