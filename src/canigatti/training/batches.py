"""Batches of photos from the image store, a pure function of the seed and the step.

Batches have no state: those of epoch 7 are the same in a run that starts at epoch 1 and in one that resumes there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import numpy as np

from canigatti.config import Augmentation, Spec
from canigatti.cores import usable_cores
from canigatti.photos.color import to_grayscale
from canigatti.photos.records import SPLIT
from canigatti.photos.store import Store, open_store
from canigatti.training.sampling import balanced_weights, draw_epoch, epoch_size

if TYPE_CHECKING:
    import tensorflow as tf


_PREFETCHED_BATCHES = 4


class Examples(Protocol):
    """Labeled inputs of a network: photos, or features of photos."""

    @property
    def labels(self) -> np.ndarray:
        """The labels, (n, 1), float32."""

    def __len__(self) -> int:
        """Return the number of examples."""

    def gather(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the inputs (k, …) and labels (k, 1), float32, at k positions."""


AnyExamples = TypeVar("AnyExamples", bound=Examples)


@dataclass(frozen=True)
class Subset:
    """The photos of one subset of a split, as rows of the image store, in a color mode.

    Attributes:
        store: the image store.
        rows: positions of the photos in the store, (n,).
        color: `rgb` or `grayscale`.
    """

    store: Store
    rows: np.ndarray
    color: str

    def __len__(self) -> int:
        """Return the number of photos."""
        return len(self.rows)

    @property
    def labels(self) -> np.ndarray:
        """The labels of the photos, (n, 1), float32."""
        return self.store.labels[self.rows, None].astype(np.float32)

    def gather(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return photos (k, size, size, channels), uint8, and labels (k, 1), float32, at k positions of the subset."""
        rows = self.rows[positions]
        photos = self.store.photos(rows)
        if self.color == "grayscale":
            photos = to_grayscale(photos)
        return photos, self.store.labels[rows, None].astype(np.float32)


@dataclass(frozen=True)
class Subsets(Generic[AnyExamples]):
    """The two subsets of a split that a training run uses."""

    train: AnyExamples
    validation: AnyExamples


def open_subsets(images: Path, split: Path, color: str) -> "Subsets[Subset]":
    """Open the training and validation sets of a split; the images are memory mapped, not read.

    The labels are those of the split, which differ from the manifest's for relabeled photos.

    Args:
        images: the image store (.npy), next to its manifest.
        split: the split, or its part with these sets (CSV).
        color: `rgb` or `grayscale`.

    Raises:
        InputError: the split or the manifest does not match the image store.
    """
    rows = SPLIT.read(split)
    store = open_store(images, images.with_name("manifest.csv")).relabeled(rows)
    parts = (rows.loc[rows["part"] == name, "id"].to_numpy(dtype=object) for name in ("train", "validation"))
    return Subsets(*(Subset(store, store.rows(ids), color) for ids in parts))


def steps_per_epoch(examples: Examples, spec: Spec) -> int:
    """Return the number of batches in an epoch of training; the last batch may be smaller."""
    return -(-epoch_size(examples.labels[:, 0], spec.oversample) // spec.batch_size)


def training_batches(examples: Examples, spec: Spec, seed: int, first_epoch: int = 0) -> "tf.data.Dataset":
    """Return an infinite dataset of shuffled, augmented inputs and labels that starts with an epoch.

    Each epoch has each example once, or each class as often as the largest, in a different order. The dataset does not
    end between epochs, so that the first batches of an epoch are computed while the previous epoch is validated. With
    class weights, a batch has a third element: the weight of each example, (batch,), float32.

    Args:
        examples: the training set.
        spec: the experiment: batch size, augmentation, oversampling and class weights.
        seed: of the order and the augmentation.
        first_epoch: the epoch to start with, from 0.
    """
    import tensorflow as tf

    steps, all_labels = steps_per_epoch(examples, spec), examples.labels[:, 0]
    weights = balanced_weights(all_labels) if spec.class_weight else None

    @lru_cache(maxsize=2)  # batches of two epochs may be computed at a time
    def order(epoch: int) -> np.ndarray:
        return draw_epoch(all_labels, spec.oversample, _generator(seed, "order", epoch))

    def batch(step: int) -> tuple[np.ndarray, ...]:
        positions = order(step // steps)[(step % steps) * spec.batch_size :][: spec.batch_size]
        inputs, labels = examples.gather(positions)
        if spec.augmentation:
            inputs = _augmented(inputs, spec.augmentation, _generator(seed, "augmentation", step))
        return (inputs, labels) if weights is None else (inputs, labels, weights[positions])

    counter = tf.data.Dataset.counter(start=first_epoch * steps, dtype=tf.int64)
    return _prefetched(counter.map(_from_numpy(examples, batch, weights is not None), usable_cores()))


def validation_batches(examples: Examples, spec: Spec) -> "tf.data.Dataset":
    """Return a dataset of the unchanged inputs and labels, in order, for one epoch.

    With class weights or oversampling, a batch has a third element: the weight of each example, (batch,), float32. It
    gives the classes the same weights in the validation loss that they have in the training loss. Otherwise, the best
    epoch of unequal classes would be one of the first, in which the network predicts hardly more than their fractions.

    Args:
        examples: the validation set.
        spec: the experiment: batch size, oversampling and class weights.
    """
    import tensorflow as tf

    weights = balanced_weights(examples.labels[:, 0]) if spec.class_weight or spec.oversample else None

    def batch(step: int) -> tuple[np.ndarray, ...]:
        positions = np.arange(step * spec.batch_size, min(len(examples), (step + 1) * spec.batch_size))
        inputs, labels = examples.gather(positions)
        return (inputs, labels) if weights is None else (inputs, labels, weights[positions])

    counter = tf.data.Dataset.range(-(-len(examples) // spec.batch_size))
    return _prefetched(counter.map(_from_numpy(examples, batch, weights is not None), usable_cores()))


def _prefetched(batches: "tf.data.Dataset") -> "tf.data.Dataset":
    """Return the batches computed in the background, without tf.data's autotuning.

    Releasing an autotuned dataset waits for the running optimization: 1 s after 1,500 batches in one of six cases, and
    up to 25 s at the end of a training run.
    """
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.prefetch(_PREFETCHED_BATCHES).with_options(options)


def _generator(seed: int, purpose: str, number: int) -> np.random.Generator:
    return np.random.default_rng([seed, *purpose.encode(), number])


def _augmented(photos: np.ndarray, augmentation: Augmentation, generator: np.random.Generator) -> np.ndarray:
    from canigatti.training.augmentation import apply, random_transformations

    return apply(photos, random_transformations(augmentation, len(photos), generator), augmentation.fill)


def _from_numpy(
    examples: Examples, function: Callable[[int], tuple[np.ndarray, ...]], weighted: bool = False
) -> Callable:
    """Wrap `function` for `tf.data.Dataset.map`, with the shapes that TensorFlow cannot infer from NumPy code."""
    import tensorflow as tf

    inputs, _ = examples.gather(np.arange(1))
    signature = [tf.TensorSpec((None, *inputs.shape[1:]), inputs.dtype), tf.TensorSpec((None, 1), tf.float32)]
    signature += [tf.TensorSpec((None,), tf.float32)] if weighted else []

    @tf.autograph.experimental.do_not_convert
    def step(number: tf.Tensor) -> tuple:
        tensors = tf.numpy_function(function, [number], [spec.dtype for spec in signature])
        return tuple(tf.ensure_shape(tensor, spec.shape) for tensor, spec in zip(tensors, signature, strict=True))

    return step
