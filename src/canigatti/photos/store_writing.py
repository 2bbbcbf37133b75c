"""Writing of the image store, in a module of its own so that training does not depend on the decoding code."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from PIL import Image

from canigatti.config import Square
from canigatti.files import InputError, reserve
from canigatti.photos.decoding import UnreadablePhoto, decode
from canigatti.photos.resizing import to_square
from canigatti.photos.sources import PhotoSource
from canigatti.photos.workers import map_processes


class _Row(NamedTuple):
    position: int
    path: str
    sha256: str


def write_images(path: Path, source: PhotoSource, kept: pd.DataFrame, square: Square, workers: int) -> None:
    """Decode the kept photos into a new .npy file, (len(kept), size, size, 3), uint8, row by row.

    Each process writes its rows into the mapped file: memory holds one photo per process at a time.

    Args:
        path: the file to write.
        source: source of the photos.
        kept: the manifest's kept rows, in order.
        square: size of the square images, and how photos become squares.
        workers: number of processes.

    Raises:
        InputError: a photo is no longer readable, or has changed since it was inspected.
        OSError: there is not enough disk space; raised before anything is decoded.
    """
    shape = (len(kept), square.size, square.size, 3)
    np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape).flush()
    with path.open("r+b") as stream:
        reserve(stream, path.stat().st_size)
    rows = [_Row(*row) for row in zip(range(len(kept)), kept["path"], kept["sha256"], strict=True)]
    for _ in map_processes(_RowWriter(source, path, square), rows, workers, "store"):
        pass


@dataclass
class _RowWriter:
    """A callable that writes one row; each process maps the file once, at its first row."""

    source: PhotoSource
    path: Path
    square: Square
    images: np.ndarray | None = field(default=None, init=False)

    def __call__(self, row: _Row) -> None:
        if self.images is None:
            self.images = np.load(self.path, mmap_mode="r+")
        self.images[row.position] = to_square(_read_photo(self.source, row), self.square)


def _read_photo(source: PhotoSource, row: _Row) -> Image.Image:
    try:
        content = source.read(row.path)
        if hashlib.sha256(content).hexdigest() != row.sha256:
            raise InputError(f"{row.path}: the photo has changed since it was inspected; run `inspect` again")
        return decode(content).image
    except (OSError, UnreadablePhoto) as error:
        raise InputError(f"{row.path}: the photo was kept by `inspect` and can no longer be read ({error})") from error
