"""Predictions of photo files: decode and predict any number of them with bounded memory."""

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from canigatti.config import Resize, Square
from canigatti.cores import usable_cores
from canigatti.evaluation.prediction import BATCH_SIZE
from canigatti.evaluation.predictions import classify
from canigatti.photos.archives import MEMBER_LIMIT
from canigatti.photos.decoding import UnreadablePhoto, decode
from canigatti.photos.resizing import to_square
from canigatti.photos.workers import map_threads
from canigatti.prediction.calibration import Rules, answer_by
from canigatti.prediction.search import open_regular

if TYPE_CHECKING:
    import keras

_ALL = Rules()
_MAX_THREADS = 16  # more would mostly wait for Python's GIL, and each may hold a photo of 50 megapixels


@dataclass(frozen=True)
class Prediction:
    """The prediction for one photo file.

    Attributes:
        path: the file, as given on the command line or found in a folder.
        probabilities: of each class, label 0 first, 0 to 1; empty if the file cannot be read.
        error: why the file cannot be read, on one line; empty if it can.
        is_sure: whether the network answers, see :class:`canigatti.prediction.calibration.Rules`.
    """

    path: str
    probabilities: tuple[float, ...]
    error: str = ""
    is_sure: bool = True

    @property
    def label(self) -> int:
        """The predicted class."""
        return int(classify(np.array([self.probabilities]))[0])


def describe_excess(length: int) -> str:
    """Return the error message of a file of this many bytes, more than `MEMBER_LIMIT`."""
    return f"the file has {length:,} bytes, expected at most {MEMBER_LIMIT:,}"


Observer = Callable[[np.ndarray, Sequence[Prediction]], None]
"""Takes the photos of a batch, (n, size, size, 3), uint8, RGB, and their predictions."""


def read_square(path: str, square: Square) -> np.ndarray | str:
    """Read a photo as the image store contains it, (size, size, 3), uint8; or return an error message on one line."""
    try:
        with open_regular(path) as file:
            length = os.fstat(file.fileno()).st_size
            if length > MEMBER_LIMIT:
                return describe_excess(length)
            return to_square(decode(file.read(MEMBER_LIMIT)).image, square)
    except OSError as error:
        return error.strerror or str(error)
    except (UnreadablePhoto, ValueError) as error:  # ValueError: the name contains a null byte
        return str(error)


def predict_files(
    model: "keras.Model",
    paths: Sequence[str],
    resize: Resize = "squeeze",
    rules: Rules = _ALL,
    observe: Observer | None = None,
) -> Iterator[Prediction]:
    """Predict photo files in order; while one batch is predicted, the next two are decoded.

    Args:
        model: see :func:`canigatti.evaluation.prediction.predict`.
        paths: the files.
        resize: how photos become squares, see :func:`canigatti.training.model_files.read_resize`.
        rules: how outputs become answers; by default every photo gets the probabilities of the network.
        observe: called with each batch, before its predictions are returned.

    Raises:
        InputError: the model has diverged, or has no logits although the rules need them.
    """
    size, answer = model.input_shape[1], answer_by(model, rules)
    blank = np.zeros((size, size, 3), np.uint8)  # replaces unreadable photos, so that all batches have the same shape
    threads = min(_MAX_THREADS, usable_cores())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the filters that `decode` sets and restores are shared by all threads
        squares = map_threads(partial(read_square, square=Square(size, resize)), paths, threads, ahead=2 * BATCH_SIZE)
        photos = zip(paths, squares, strict=True)
        while batch := list(islice(photos, BATCH_SIZE)):
            inputs = np.stack([blank if isinstance(square, str) else square for _, square in batch])
            predicted, sure = answer(inputs)
            predictions = [
                Prediction(path, (), square) if isinstance(square, str) else Prediction(path, values, is_sure=is_sure)
                for (path, square), values, is_sure in zip(
                    batch, map(tuple, predicted.tolist()), sure.tolist(), strict=True
                )
            ]
            if observe:
                observe(inputs, predictions)
            yield from predictions
