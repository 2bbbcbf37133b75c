"""The image store: every kept photo decoded and resized once, in manifest order."""

import mmap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from canigatti.files import InputError
from canigatti.photos.records import read_kept


@dataclass(frozen=True)
class Store:
    """Kept photos as arrays; row i of each field is the same photo.

    Attributes:
        images: (photos, size, size, 3), uint8, RGB, memory mapped, read only.
        ids: (photos,), the manifest's ids.
        labels: (photos,), int64, 0 or 1.
    """

    images: np.ndarray
    ids: np.ndarray
    labels: np.ndarray

    def photos(self, rows: np.ndarray) -> np.ndarray:
        """The photos at these positions, (n, size, size, 3), uint8, copied.

        What was read of the mapped file is let go of: it would count as this process' memory, up to all of the file.
        """
        copied = np.asarray(self.images[rows])
        if isinstance(self.images.base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            self.images.base.madvise(mmap.MADV_DONTNEED)
        return copied

    def rows(self, ids: np.ndarray) -> np.ndarray:
        """Positions of the photos with these ids, (len(ids),), int64.

        Raises:
            InputError: an id is not in the store.
        """
        positions = pd.Index(self.ids).get_indexer(ids)
        if (positions < 0).any():
            raise InputError(f"the photo {ids[positions < 0][0]} is not among the kept ones")
        return positions


def open_store(images: Path, manifest: Path) -> Store:
    """Map the images of `manifest`'s kept photos without reading them.

    Raises:
        InputError: the two files do not belong together.
    """
    kept = read_kept(manifest)
    array = np.load(images, mmap_mode="r")
    if len(array) != len(kept):
        raise InputError(f"{images} holds {len(array)} photos and {manifest} keeps {len(kept)}; make the images again")
    return Store(array, kept["id"].to_numpy(dtype=object), kept["label"].to_numpy(dtype=np.int64))
