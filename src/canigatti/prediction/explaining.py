"""One image per predicted photo that shows what the network looked at: the photo, and its Grad-CAM."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from canigatti.evaluation.contact_sheets import GAP, Sheet, note, stack
from canigatti.evaluation.gradcam import BATCH_SIZE, GradCam
from canigatti.evaluation.heat_maps import describe_empty, overlay
from canigatti.files import InputError, atomic_path
from canigatti.prediction.files import Prediction
from canigatti.prediction.output import UNSURE

if TYPE_CHECKING:
    import keras

_SHEET = Sheet(columns=2, photo=360, cell=360, text=14)
_LONGEST_STEM = 150  # bytes of a photo's name that the name of its image contains; file systems allow 255


def require_empty(folder: Path) -> None:
    """Check that images can be written into a folder without overwriting or mixing with anything.

    Raises:
        InputError: it exists and contains something, or is no folder.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: --explain expected a folder, and this is a file")
    if folder.is_dir() and (present := sorted(folder.iterdir())):
        raise InputError(f"{folder}: --explain expected a new or empty folder, and this one contains {present[0].name}")


class Explainer:
    """Writes an image of each photo that is predicted, numbered in the order of the predictions."""

    def __init__(self, model: "keras.Model", classes: Sequence[str], folder: Path) -> None:
        """Prepare Grad-CAM.

        Args:
            model: see :func:`canigatti.evaluation.prediction.predict`.
            classes: names of the classes, label 0 first.
            folder: it may not exist yet.

        Raises:
            InputError: the model has no convolution, or no logits.
        """
        self._gradcam = GradCam(model)
        self._classes = classes
        self._folder = folder
        self._count = 0

    def __call__(self, photos: np.ndarray, predictions: Sequence[Prediction]) -> None:
        """Write the images of one batch; photos that could not be read have none, and no number.

        Args:
            photos: (n, size, size, 3), uint8, RGB, as the network sees them.
            predictions: of these photos.

        Raises:
            OSError: an image cannot be written; the message names it.
        """
        readable = np.array([number for number, one in enumerate(predictions) if not one.error], dtype=np.int64)
        for start in range(0, len(readable), BATCH_SIZE):
            rows = readable[start : start + BATCH_SIZE]
            labels = np.array([[predictions[row].label] for row in rows])
            for row, (values,) in zip(rows, self._gradcam.maps_of_batch(photos[rows], labels), strict=True):
                self._count += 1
                self._write(Image.fromarray(photos[row]), values, predictions[row])

    def _write(self, photo: Image.Image, values: np.ndarray, prediction: Prediction) -> None:
        name, (rows, columns) = self._classes[prediction.label], values.shape
        probability = f"{name}: {prediction.probabilities[prediction.label]:.4f}"
        shown = f"In color: what speaks for {name} (Grad-CAM, {rows} × {columns} cells)"
        lines = [
            os.path.basename(prediction.path),
            probability if prediction.is_sure else f"{UNSURE} ({probability})",
            ": ".join(filter(None, [shown, describe_empty(values)])),
        ]
        with atomic_path(self._folder / f"{self._count:05}-{_stem(prediction.path)}.png") as temporary:
            draw_explained(photo, values, lines).save(temporary)


def draw_explained(photo: Image.Image, values: np.ndarray, lines: Sequence[str]) -> Image.Image:
    """Return a photo, its map, and lines of text below them.

    Args:
        photo: as the network sees it, a square, RGB.
        values: (rows, columns), see :meth:`canigatti.evaluation.gradcam.GradCam.maps_of_batch`.
        lines: of text; what is too long is shortened.
    """
    large = photo.resize((_SHEET.photo, _SHEET.photo), Image.Resampling.LANCZOS)
    band = Image.new("RGB", (_SHEET.width, _SHEET.photo + 2 * GAP), "white")
    band.paste(large, (GAP, GAP))
    band.paste(overlay(large, values), (2 * GAP + _SHEET.cell, GAP))
    return stack([band, *(note(line, _SHEET) for line in lines)])


def _stem(path: str) -> str:
    """Return the name of a photo without its ending, and without what a file name may not contain, shortened."""
    stem = os.fsencode(os.path.splitext(os.path.basename(path))[0])[:_LONGEST_STEM].decode("utf-8", "ignore")
    return "".join(letter if letter.isprintable() and letter not in '\\/:*?"<>|' else "_" for letter in stem)
