"""The image store: every kept photo, decoded and resized once, in manifest order."""

import mmap
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from canigatti.files import InputError
from canigatti.photos.records import read_kept


@dataclass(frozen=True)
class Store:
    """Kept photos as arrays; row i of every field belongs to the same photo.

    Attributes:
        images: (photos, size, size, 3), uint8, RGB, memory mapped, read only.
        ids: (photos,), ids in the manifest.
        labels: (photos,), int64, 0 to the number of classes - 1.
    """

    images: np.ndarray
    ids: np.ndarray
    labels: np.ndarray

    def photos(self, rows: np.ndarray) -> np.ndarray:
        """Return a copy of the photos at these positions, (n, size, size, 3), uint8.

        The mapped pages are released afterwards: they would otherwise count as memory of this process, up to the size
        of the whole file.
        """
        copied = np.asarray(self.images[rows])
        if isinstance(self.images.base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            self.images.base.madvise(mmap.MADV_DONTNEED)
        return copied

    def relabeled(self, photos: pd.DataFrame) -> Self:
        """Return this store with the labels of a split.

        Args:
            photos: see :data:`canigatti.photos.records.SPLIT`; other photos of the store keep their labels.

        Raises:
            InputError: a photo is not in the store.
        """
        labels = self.labels.copy()
        labels[self.rows(photos["id"].to_numpy(dtype=object))] = photos["label"]
        return replace(self, labels=labels)

    def rows(self, ids: np.ndarray) -> np.ndarray:
        """Return the positions of the photos with these ids, (len(ids),), int64.

        Raises:
            InputError: an id is not in the store.
        """
        positions = pd.Index(self.ids).get_indexer(ids)
        if (positions < 0).any():
            raise InputError(f"the photo {ids[positions < 0][0]} is not one of the kept photos")
        return positions


def open_store(images: Path, manifest: Path) -> Store:
    """Map the images of the kept photos of `manifest` into memory without reading them.

    Raises:
        InputError: the numbers of photos in the two files differ, or the manifest is missing or invalid.
    """
    kept = read_kept(manifest)
    array = np.load(images, mmap_mode="r")
    if len(array) != len(kept):
        raise InputError(f"{images} has {len(array)} photos and {manifest} keeps {len(kept)}; create the images again")
    return Store(array, kept["id"].to_numpy(dtype=object), kept["label"].to_numpy(dtype=np.int64))
