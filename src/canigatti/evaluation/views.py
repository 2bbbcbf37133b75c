"""Photos that are changed when they are read, so that a model predicts them like unchanged ones."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from canigatti.photos.store import Store

# Takes photos (n, size, size, 3), uint8, and their ids, (n,); returns photos of the same shape and dtype.
Change = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class ChangedPhotos:
    """The photos of an image store, each changed when it is read.

    :func:`canigatti.evaluation.prediction.predict` reads them batch by batch, as it does unchanged photos. So a change
    that returns its photos gives the predictions of the store, bit for bit.

    Attributes:
        store: the image store.
        change: what happens to the photos.
    """

    store: Store
    change: Change

    @property
    def shape(self) -> tuple[int, ...]:
        """(photos, size, size, 3)."""
        return self.store.images.shape

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        """Return the changed photos at these positions, (n, size, size, 3), uint8."""
        return self.change(self.store.photos(rows), self.store.ids[rows])
