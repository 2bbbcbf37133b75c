"""Training the head of a frozen backbone on features, so that each photo goes through the backbone once."""

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

BATCH_SIZE = 64  # photos shown to the backbone at once


@dataclass(frozen=True)
class Features:
    """What the backbone makes of the photos of one part of a split.

    Attributes:
        values: (n, features), float32.
        labels: (n, 1), float32.
    """

    values: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        """How many photos the part has."""
        return len(self.values)

    def gather(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Features (k, features) and labels (k, 1), float32, at these positions of the part."""
        return self.values[positions], self.labels[positions]


def are_constant(spec: Spec) -> bool:
    """Whether the backbone gives the same features for a photo in every epoch."""
    return isinstance(spec.network, Pretrained) and spec.unfreeze == "nothing" and spec.augmentation is None


def head_of(model: "keras.Model", spec: Spec) -> "keras.Model":
    """The head as a model of its own, compiled; it shares its weights with the network, which learns as it does."""
    import keras

    first = model.layers.index(model.get_layer("pooling")) + 1
    features = keras.Input(model.get_layer("pooling").output.shape[1:], name="features")
    values = features
    for layer in model.layers[first:]:
        values = layer(values)
    return compile_network(keras.Model(features, values, name="head"), spec)


def extract(model: "keras.Model", subset: Subset, folder: Path) -> Features:
    """Show each photo to the backbone.

    Args:
        model: a network from :func:`canigatti.training.networks.build`.
        subset: the photos.
        folder: holds the features in a file without a name, gone with this process: those of VGG16 at 224×224 take
            100 kB a photo.

    Raises:
        OSError: the disk has not enough room for the features.
    """
    import keras

    backbone = keras.Model(model.inputs, model.get_layer("pooling").output)
    shape = (len(subset), backbone.output_shape[-1])
    with tempfile.TemporaryFile(dir=folder) as file:
        reserve(file, 4 * shape[0] * shape[1])
        values = np.memmap(file, np.float32, mode="r+", shape=shape)
    labels = np.empty((len(subset), 1), np.float32)
    for start in range(0, len(subset), BATCH_SIZE):
        positions = np.arange(start, min(start + BATCH_SIZE, len(subset)))
        photos, labels[positions] = subset.gather(positions)
        values[positions] = backbone.predict_on_batch(photos)
    return Features(values, labels)
