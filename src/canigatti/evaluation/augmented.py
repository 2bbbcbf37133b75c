"""Test-time augmentation: the mean prediction for several views of a photo."""

from typing import TYPE_CHECKING

import numpy as np

from canigatti.evaluation.logits import LogitNetwork
from canigatti.evaluation.predictions import Predictions, mean_of_logits
from canigatti.evaluation.views import Change, ChangedPhotos
from canigatti.photos.store import Store

if TYPE_CHECKING:
    import keras

_SHIFT = 1 / 24  # of the side: 4 pixels of 96, 9 of 224; at least one pixel


def augmented_predictions(model: "keras.Model", store: Store, rows: np.ndarray) -> Predictions:
    """Return the predictions whose logits are the mean over six views of each photo, see :func:`views`.

    Args:
        model: see :func:`canigatti.evaluation.prediction.predict`.
        store: the image store.
        rows: (n,), positions of the photos in the store.

    Raises:
        InputError: the model expects photos of a different size, or has no logits.
    """
    network = LogitNetwork(model)
    members = [
        Predictions(store.ids[rows], store.labels[rows], *network.predict(ChangedPhotos(store, view), rows))
        for view in views(store.images.shape[1])
    ]
    return mean_of_logits(members)


def views(size: int) -> list[Change]:
    """Return the views of a photo, functions as in :class:`ChangedPhotos`.

    They are the photo, its mirror image, and the photo shifted by a twenty-fourth of its side to the left, to the
    right, up and down. The edge is repeated where a shift leaves pixels free.

    Args:
        size: side of the photos, pixels.
    """
    step = max(1, round(_SHIFT * size))
    shifts = [_shifted(down, right) for down, right in ((0, -step), (0, step), (-step, 0), (step, 0))]
    return [lambda photos, _: photos, lambda photos, _: photos[:, :, ::-1], *shifts]


def _shifted(down: int, right: int) -> Change:
    def shift(photos: np.ndarray, _: np.ndarray) -> np.ndarray:
        rows, columns = (np.clip(np.arange(photos.shape[1]) - by, 0, photos.shape[1] - 1) for by in (down, right))
        return photos[:, rows[:, None], columns]

    return shift
