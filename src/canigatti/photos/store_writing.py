"""Writing the image store; apart from reading it, so that training does not depend on how photos are decoded."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from PIL import Image

from canigatti.files import InputError, reserve
from canigatti.photos.decoding import UnreadablePhoto, decode, to_square
from canigatti.photos.sources import PhotoSource
from canigatti.photos.workers import for_each


class _Row(NamedTuple):
    position: int
    path: str
    sha256: str


def fill(path: Path, source: PhotoSource, kept: pd.DataFrame, size: int, workers: int) -> None:
    """Decode the kept photos into a new .npy file, (len(kept), size, size, 3), uint8, row by row.

    Each process writes its rows into the mapped file, so memory holds one photo a process however many there are.

    Args:
        path: the file to write.
        source: where the photos are.
        kept: the manifest's kept rows, in order.
        size: side of the square images, pixels.
        workers: processes to use.

    Raises:
        InputError: a photo cannot be read any more, or is not the one that was inspected.
        OSError: the disk has not enough room; told before anything is decoded.
    """
    np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(len(kept), size, size, 3)).flush()
    with path.open("r+b") as stream:
        reserve(stream, path.stat().st_size)
    rows = [_Row(*row) for row in zip(range(len(kept)), kept["path"], kept["sha256"], strict=True)]
    for _ in for_each(_RowWriter(source, path, size), rows, workers, "store"):
        pass


@dataclass
class _RowWriter:
    """Writes single rows; each process maps the file once, at its first row."""

    source: PhotoSource
    path: Path
    size: int
    images: np.ndarray | None = field(default=None, init=False)

    def __call__(self, row: _Row) -> None:
        if self.images is None:
            self.images = np.load(self.path, mmap_mode="r+")
        self.images[row.position] = to_square(_photo(self.source, row), self.size)


def _photo(source: PhotoSource, row: _Row) -> Image.Image:
    try:
        content = source.read(row.path)
        if hashlib.sha256(content).hexdigest() != row.sha256:
            raise InputError(f"{row.path}: expected the photo that was inspected, received another; inspect again")
        return decode(content).image
    except (OSError, UnreadablePhoto) as error:
        raise InputError(f"{row.path}: was kept by `inspect` and can no longer be read ({error})") from error
