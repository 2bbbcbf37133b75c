"""Feature extraction: the head of a frozen backbone is trained on features that are computed once per photo."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from canigatti.config import Pretrained, Spec
from canigatti.files import reserve
from canigatti.training.batches import Subset
from canigatti.training.networks import compile_network

if TYPE_CHECKING:
    import keras

_BATCH_SIZE = 64  # photos per forward pass of the backbone


@dataclass(frozen=True)
class Features:
    """Features of the photos of one subset of a split.

    Attributes:
        values: (n, features), float32.
        labels: (n, 1), float32.
    """

    values: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        """Return the number of photos."""
        return len(self.values)

    def gather(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return features (k, features) and labels (k, 1), float32, at k positions of the subset."""
        return self.values[positions], self.labels[positions]


def are_constant(spec: Spec) -> bool:
    """Return whether the backbone computes the same features of a photo in every epoch."""
    return isinstance(spec.network, Pretrained) and spec.unfreeze == "nothing" and spec.augmentation is None


def build_head(model: "keras.Model", spec: Spec) -> "keras.Model":
    """Return the head as a separate, compiled model that shares its weights with the network."""
    import keras

    first = model.layers.index(model.get_layer("pooling")) + 1
    features = keras.Input(model.get_layer("pooling").output.shape[1:], name="features")
    values = features
    for layer in model.layers[first:]:
        values = layer(values)
    return compile_network(keras.Model(features, values, name="head"), spec)


def extract(model: "keras.Model", subset: Subset, folder: Path) -> Features:
    """Return the features of each photo, after pooling.

    The features are memory mapped, because those of VGG16 at 224×224 take 100 kB per photo. Their file has no name, and
    the system deletes it when the process ends.

    Args:
        model: a pretrained network from :func:`canigatti.training.networks.build`.
        subset: the photos.
        folder: folder on the disk that holds the features.

    Raises:
        OSError: there is not enough disk space for the features.
    """
    import keras

    backbone = keras.Model(model.inputs, model.get_layer("pooling").output)
    shape = (len(subset), backbone.output_shape[-1])
    with tempfile.TemporaryFile(dir=folder) as file:
        reserve(file, 4 * shape[0] * shape[1])
        values = np.memmap(file, np.float32, mode="r+", shape=shape)
    labels = np.empty((len(subset), 1), np.float32)
    for start in range(0, len(subset), _BATCH_SIZE):
        positions = np.arange(start, min(start + _BATCH_SIZE, len(subset)))
        photos, labels[positions] = subset.gather(positions)
        values[positions] = backbone.predict_on_batch(photos)
    return Features(values, labels)
