"""Contact sheet of what a network looked at: misclassified and least certain photos with their Grad-CAM."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from canigatti.evaluation.contact_sheets import GAP, TEXT_COLOR, Sheet, heading, load_font, note, shorten, stack
from canigatti.evaluation.explanations import Explanations, confident_errors, uncertain_photos
from canigatti.evaluation.heat_maps import describe_empty, overlay
from canigatti.evaluation.predictions import Predictions
from canigatti.photos.store import Store
from canigatti.plots import NEUTRAL_COLOR

ERRORS_SHOWN, UNCERTAIN_SHOWN = 9, 6
_BETWEEN = 4  # pixels between a photo and its maps
_SHEET = Sheet(columns=3, photo=120, cell=3 * 120 + 2 * _BETWEEN, text=12)


def plot_explained(
    explanations: Explanations, predictions: Predictions, store: Store, classes: Sequence[str]
) -> Image.Image:
    """Plot the most confident errors and the least certain photos, each next to the maps of two classes.

    Args:
        explanations: of the network.
        predictions: of the test set.
        store: the image store that contains the photos.
        classes: names of the classes, label 0 first.
    """
    rows, columns = explanations.maps.shape[2:]
    bands = [
        note(
            "In color: what speaks for the class below (Grad-CAM); brighter is more, up to the maximum of each map. "
            f"A map has {rows} × {columns} {'cell' if rows * columns == 1 else 'cells'}.",
            _SHEET,
        )
    ]
    errors = confident_errors(predictions, ERRORS_SHOWN)
    uncertain = np.array(
        [one for one in uncertain_photos(predictions) if one not in {*errors}][:UNCERTAIN_SHOWN], object
    )
    count = int((~predictions.correct).sum())
    titles = {
        f"Most confident errors ({len(errors)} of {count:,})": errors,
        f"Least certain of the other photos ({len(uncertain)})": uncertain,
    }
    for title, ids in titles.items():
        cells = _cells(explanations, predictions, ids, classes)
        photos = [Image.fromarray(store.images[row]) for row in store.rows(ids)]
        bands += [heading(title, NEUTRAL_COLOR, _SHEET), *_grid(photos, cells)]
        bands += [] if len(ids) else [note("none", _SHEET)]
    return stack(bands)


def _cells(
    explanations: Explanations, predictions: Predictions, ids: np.ndarray, classes: Sequence[str]
) -> list[list[tuple[np.ndarray | None, str, str]]]:
    """Return what is shown of each photo: the photo itself, without a map, and two maps; each with two lines."""
    cells = []
    predicted_at = pd.Index(predictions.ids).get_indexer(ids)
    for identifier, row, place in zip(ids, predicted_at, explanations.positions(ids), strict=True):
        true = predictions.labels[row]
        cell: list[tuple[np.ndarray | None, str, str]] = [(None, str(identifier), f"true {classes[true]}")]
        for role, label, values in zip(
            ("predicted", "true"), explanations.labels[place], explanations.maps[place], strict=True
        ):
            name = f"{role if role == 'predicted' or label == true else 'second'} {classes[label]}"
            probability = f"{predictions.probabilities[row, label]:.4f}"
            cell.append((values, name, ", ".join(filter(None, [probability, describe_empty(values)]))))
        cells.append(cell)
    return cells


def _grid(photos: list[Image.Image], cells: list[list[tuple[np.ndarray | None, str, str]]]) -> Iterator[Image.Image]:
    """Yield rows of cells, one image per row, as wide as the sheet."""
    for start in range(0, len(cells), _SHEET.columns):
        band = Image.new("RGB", (_SHEET.width, _SHEET.photo + 2 * _SHEET.line + GAP), "white")
        row = zip(photos[start : start + _SHEET.columns], cells[start : start + _SHEET.columns], strict=True)
        for column, (photo, cell) in enumerate(row):
            large = photo.resize((_SHEET.photo, _SHEET.photo), Image.Resampling.LANCZOS)
            for place, (values, *lines) in enumerate(cell):
                left = GAP + column * (_SHEET.cell + GAP) + place * (_SHEET.photo + _BETWEEN)
                band.paste(large if values is None else overlay(large, values), (left, 0))
                _write(band, left, lines)
        yield band


def _write(band: Image.Image, left: int, lines: list[str]) -> None:
    draw, font = ImageDraw.Draw(band), load_font(_SHEET.text)
    for number, line in enumerate(lines):
        position = (left + _SHEET.photo / 2, _SHEET.photo + 3 + number * _SHEET.line)
        draw.text(position, shorten(line, font, _SHEET.photo), fill=TEXT_COLOR, font=font, anchor="ma")
