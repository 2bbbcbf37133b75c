"""Batches of photos from the image store, a pure function of the seed and the step.

No state runs along: the batches of epoch 7 are the same whether training came there from epoch 1 or was resumed.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import numpy as np

from canigatti.config import Augmentation
from canigatti.photos.color import to_grayscale
from canigatti.photos.records import read_subset
from canigatti.photos.store import Store, open_store

if TYPE_CHECKING:
    import tensorflow as tf


PARALLEL = os.cpu_count() or 1  # batches made at a time
BATCHES_AHEAD = 4


class Examples(Protocol):
    """What batches are made of: photos, or features of them, with their labels."""

    def __len__(self) -> int:
        """How many there are."""

    def gather(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The examples (k, …) and their labels (k, 1), float32, at these positions."""


AnyExamples = TypeVar("AnyExamples", bound=Examples)


@dataclass(frozen=True)
class Subset:
    """The photos of one subset of a split, as rows of the image store, in a color mode.

    Attributes:
        store: where the photos are.
        rows: (n,), the photos' positions in the store.
        color: `rgb` or `grayscale`.
    """

    store: Store
    rows: np.ndarray
    color: str

    def __len__(self) -> int:
        """Number of photos."""
        return len(self.rows)

    def gather(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Photos (k, size, size, channels), uint8, and labels (k, 1), float32, at these positions of the subset."""
        rows = self.rows[positions]
        photos = self.store.photos(rows)
        if self.color == "grayscale":
            photos = to_grayscale(photos)
        return photos, self.store.labels[rows, None].astype(np.float32)


@dataclass(frozen=True)
class Subsets(Generic[AnyExamples]):
    """The two subsets of a split that a training uses."""

    train: AnyExamples
    validation: AnyExamples


def open_subsets(images: Path, split: Path, color: str) -> "Subsets[Subset]":
    """Open the training and validation sets of a split; the images are memory mapped, not read.

    Args:
        images: the image store; its manifest is next to it.
        split: the split (CSV).
        color: `rgb` or `grayscale`.

    Raises:
        InputError: the files do not belong together.
    """
    store = open_store(images, images.with_name("manifest.csv"))
    train, validation = (Subset(store, store.rows(read_subset(split, name)), color) for name in ("train", "validation"))
    return Subsets(train, validation)


def steps_per_epoch(examples: Examples, batch_size: int) -> int:
    """Batches in an epoch, the last one perhaps smaller."""
    return -(-len(examples) // batch_size)


def training_batches(
    examples: Examples, batch_size: int, augmentation: Augmentation | None, seed: int, first_epoch: int = 0
) -> "tf.data.Dataset":
    """Endless batches of shuffled, augmented photos with their labels, from the start of `first_epoch` on.

    Every epoch shows each photo once, in an order of its own. Epochs follow each other without a pause, so the first
    batches of the next one are made while the last one is validated.
    """
    import tensorflow as tf

    steps = steps_per_epoch(examples, batch_size)

    def positions(step: int) -> np.ndarray:
        order = _generator(seed, "order", step // steps).permutation(len(examples))
        return order[(step % steps) * batch_size :][:batch_size]

    def batch(step: int) -> tuple[np.ndarray, np.ndarray]:
        inputs, labels = examples.gather(positions(step))
        if augmentation:
            inputs = _augmented(inputs, augmentation, _generator(seed, "augmentation", step))
        return inputs, labels

    counter = tf.data.Dataset.counter(start=first_epoch * steps, dtype=tf.int64)
    return _ahead(counter.map(_from_numpy(examples, batch), PARALLEL))


def plain_batches(examples: Examples, batch_size: int) -> "tf.data.Dataset":
    """The part's photos and labels in order, once, unchanged."""
    import tensorflow as tf

    def batch(step: int) -> tuple[np.ndarray, np.ndarray]:
        return examples.gather(np.arange(step * batch_size, min(len(examples), (step + 1) * batch_size)))

    counter = tf.data.Dataset.range(steps_per_epoch(examples, batch_size))
    return _ahead(counter.map(_from_numpy(examples, batch), PARALLEL))


def _ahead(batches: "tf.data.Dataset") -> "tf.data.Dataset":
    """Batches made while the network works on those before, without tf.data's own tuning of how many at a time.

    Letting go of a tuned dataset waits for the tuning's present computation: 1 s after 1,500 batches in one of six
    cases, and up to 25 s at the end of a training.
    """
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.prefetch(BATCHES_AHEAD).with_options(options)


def _generator(seed: int, purpose: str, number: int) -> np.random.Generator:
    return np.random.default_rng([seed, *purpose.encode(), number])


def _augmented(photos: np.ndarray, augmentation: Augmentation, generator: np.random.Generator) -> np.ndarray:
    from canigatti.training.augmentation import apply, draw

    return apply(photos, draw(augmentation, len(photos), generator), augmentation.fill)


def _from_numpy(examples: Examples, function: Callable[[int], tuple[np.ndarray, np.ndarray]]) -> Callable:
    """`function` as a step of a tf.data pipeline, with the shapes that NumPy code cannot tell TensorFlow."""
    import tensorflow as tf

    inputs, _ = examples.gather(np.arange(1))
    signature = (tf.TensorSpec((None, *inputs.shape[1:]), inputs.dtype), tf.TensorSpec((None, 1), tf.float32))

    @tf.autograph.experimental.do_not_convert
    def step(number: tf.Tensor) -> tuple:
        tensors = tf.numpy_function(function, [number], [spec.dtype for spec in signature])
        return tuple(tf.ensure_shape(tensor, spec.shape) for tensor, spec in zip(tensors, signature, strict=True))

    return step
