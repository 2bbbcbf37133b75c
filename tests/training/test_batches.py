import itertools

import numpy as np
import pytest

from canigatti.config import Augmentation
from canigatti.photos.color import to_grayscale
from canigatti.training.batches import Subset, open_subsets, plain_batches, steps_per_epoch, training_batches

ROWS = np.arange(5, 42)


def epoch(subset, augmentation=None, seed=42, number=0, batch_size=8):
    """The photos and labels of one epoch, concatenated."""
    batches = training_batches(subset, batch_size, augmentation, seed, first_epoch=number)
    steps = steps_per_epoch(subset, batch_size)
    photos, labels = zip(*itertools.islice(batches.as_numpy_iterator(), steps), strict=True)
    return np.concatenate(photos), np.concatenate(labels)


def rows_of(store, photos):
    """The row of each photo in the store."""
    return np.array([np.flatnonzero((store.images == photo).all(axis=(1, 2, 3)))[0] for photo in photos])


@pytest.mark.parametrize("batch_size", [1, 8, 37, 64])
def test_an_epoch_has_every_photo_of_the_subset_once_with_its_label(store, batch_size):
    photos, labels = epoch(Subset(store, ROWS, "rgb"), batch_size=batch_size)
    rows = rows_of(store, photos)
    assert sorted(rows) == list(ROWS)
    np.testing.assert_array_equal(labels[:, 0], store.labels[rows])
    assert labels.dtype == np.float32


def test_the_order_differs_between_epochs_and_between_seeds(store):
    subset = Subset(store, ROWS, "rgb")
    orders = [rows_of(store, epoch(subset, seed=seed, number=number)[0]) for seed in (1, 2) for number in (0, 1)]
    assert len({tuple(order) for order in orders}) == 4


@pytest.mark.parametrize("augmentation", [None, Augmentation()], ids=["plain", "augmented"])
def test_batches_do_not_depend_on_the_epoch_that_training_starts_with(store, augmentation):
    subset = Subset(store, ROWS, "rgb")
    steps = steps_per_epoch(subset, 8)
    from_start = training_batches(subset, 8, augmentation, 42).as_numpy_iterator()
    resumed = training_batches(subset, 8, augmentation, 42, first_epoch=2).as_numpy_iterator()
    for expected, actual in zip(
        itertools.islice(from_start, 2 * steps, 3 * steps), itertools.islice(resumed, steps), strict=True
    ):
        np.testing.assert_array_equal(expected[0], actual[0])
        np.testing.assert_array_equal(expected[1], actual[1])


def test_augmentation_differs_between_epochs_and_does_not_change_labels(store):
    subset = Subset(store, ROWS, "rgb")
    plain, labels = epoch(subset)
    first, first_labels = epoch(subset, Augmentation())
    np.testing.assert_array_equal(labels, first_labels)
    assert first.dtype == np.uint8
    assert (first != plain).any(axis=(1, 2, 3)).all()
    second, _ = epoch(subset, Augmentation(), number=1)
    assert not np.array_equal(np.sort(first, axis=0), np.sort(second, axis=0))


def test_photos_are_converted_to_grayscale_before_augmentation(store):
    photos, labels = epoch(Subset(store, ROWS, "grayscale"))
    rows = rows_of(store, epoch(Subset(store, ROWS, "rgb"))[0])
    np.testing.assert_array_equal(photos, to_grayscale(store.images[rows]))
    assert epoch(Subset(store, ROWS, "grayscale"), Augmentation())[0].shape == (37, 16, 16, 1)
    assert labels.shape == (37, 1)


def test_plain_batches_have_one_epoch_in_order(store):
    photos = np.concatenate([batch for batch, _ in plain_batches(Subset(store, ROWS, "rgb"), 8).as_numpy_iterator()])
    np.testing.assert_array_equal(photos, store.images[ROWS])


def test_autotuning_is_off(store):
    """With it, releasing a dataset sometimes takes seconds."""
    for batches in (
        training_batches(Subset(store, ROWS, "rgb"), 8, Augmentation(), 42),
        plain_batches(Subset(store, ROWS, "rgb"), 8),
    ):
        assert batches.options().autotune.enabled is False


def test_the_subsets_of_a_split_are_found_next_to_the_images(photo_files):
    subsets = open_subsets(photo_files["images"], photo_files["split"], "grayscale")
    assert (len(subsets.train), len(subsets.validation)) == (40, 10)
    photos, labels = subsets.validation.gather(np.arange(10))
    assert photos.shape == (10, 16, 16, 1)
    np.testing.assert_array_equal(labels[:, 0], np.arange(40, 50) % 2)
