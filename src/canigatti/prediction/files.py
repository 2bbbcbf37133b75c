"""Asking a model about photo files: finding, decoding and predicting them, many at a time in bounded memory."""

import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from canigatti.evaluation.metrics import refuse_divergence
from canigatti.evaluation.prediction import BATCH_SIZE, probabilities
from canigatti.photos.archives import MEMBER_LIMIT
from canigatti.photos.decoding import UnreadablePhoto, decode, to_square
from canigatti.photos.layouts import IMAGE_SUFFIXES, is_hidden, natural_key
from canigatti.photos.workers import map_threads

if TYPE_CHECKING:
    import keras

_MOST_THREADS = 16  # more would mostly wait for Python's lock, and each may hold a photo of 50 megapixels


@dataclass(frozen=True)
class Prediction:
    """What a model says of one photo file.

    Attributes:
        path: the file, as it was given or found.
        probability: of class 1, from 0 to 1; NaN where there is no photo.
        fault: why there is no photo, in one line; empty where there is one.
    """

    path: str
    probability: float
    fault: str = ""


def find_files(given: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """The photo files meant by a list of files and folders.

    A folder stands for all files in it and below whose names end as photos' do, in natural order, the hidden ones left
    out; linked folders are not entered. Anything else is taken for a photo, whatever its name.

    Returns:
        The files, and of each folder that gave none, or could not be listed, the reason.
    """
    files: list[str] = []
    faults: dict[str, str] = {}
    for path in given:
        if os.path.isdir(path):
            found = _photos_below(path, faults)
            files += found
            if not found:
                faults.setdefault(path, f"the folder holds no file that ends in {', '.join(IMAGE_SUFFIXES)}")
        else:
            files.append(path)
    return files, faults


def _photos_below(folder: str, faults: dict[str, str]) -> list[str]:
    def note(error: OSError) -> None:
        faults[str(error.filename)] = f"the folder cannot be listed ({error.strerror})"

    names = [
        os.path.relpath(os.path.join(parent, name), folder)
        for parent, _, files in os.walk(folder, onerror=note)
        for name in files
        if name.lower().endswith(IMAGE_SUFFIXES)
    ]
    shown = sorted((name for name in names if not is_hidden(name.replace(os.sep, "/"))), key=natural_key)
    return [path for name in shown if not _is_special(path := os.path.join(folder, name))]


def _is_special(path: str) -> bool:
    """Whether it is a pipe, socket or device; a link that leads nowhere is a photo that cannot be read."""
    return os.path.exists(path) and not os.path.isfile(path)


def read_square(path: str, size: int) -> np.ndarray | str:
    """A photo as the image store would hold it, (size, size, 3), uint8, or why there is none, in one line."""
    try:
        length = os.stat(path).st_size
        if length > MEMBER_LIMIT:
            return f"the file has {length:,} bytes, expected at most {MEMBER_LIMIT:,}"
        return to_square(decode(Path(path).read_bytes()).image, size)
    except OSError as error:
        return error.strerror or str(error)
    except (UnreadablePhoto, ValueError) as error:  # a name can hold a zero byte
        return str(error)


def predict_files(model: "keras.Model", paths: Sequence[str]) -> Iterator[Prediction]:
    """Predict photo files in order: while one batch is predicted, the next two are decoded.

    Args:
        model: takes uint8 (batch, size, size, 3 or 1), gives (batch, 1) from 0 to 1.
        paths: the files.

    Raises:
        InputError: the model has diverged.
    """
    size = model.input_shape[1]
    blank = np.zeros((size, size, 3), np.uint8)  # in place of an unreadable photo: batches of one size compile once
    threads = min(_MOST_THREADS, os.cpu_count() or 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `decode` does so too, but what it restores is not its own thread's alone
        squares = map_threads(partial(read_square, size=size), paths, threads, ahead=2 * BATCH_SIZE)
        photos = zip(paths, squares, strict=True)
        while batch := list(islice(photos, BATCH_SIZE)):
            shown = np.stack([blank if isinstance(square, str) else square for _, square in batch])
            predicted = probabilities(model, shown)
            refuse_divergence(predicted)
            for (path, square), probability in zip(batch, predicted.tolist(), strict=True):
                yield Prediction(path, np.nan, square) if isinstance(square, str) else Prediction(path, probability)
