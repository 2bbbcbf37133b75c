import itertools

import numpy as np
import pytest

from canigatti.config import Augmentation
from canigatti.photos.color import to_grayscale
from canigatti.training.batches import Part, plain_batches, steps_per_epoch, training_batches

ROWS = np.arange(5, 42)


def epoch(part, augmentation=None, seed=42, number=0, batch_size=8):
    """The photos and labels of one epoch, one after another."""
    batches = training_batches(part, batch_size, augmentation, seed, first_epoch=number)
    steps = steps_per_epoch(part, batch_size)
    photos, labels = zip(*itertools.islice(batches.as_numpy_iterator(), steps), strict=True)
    return np.concatenate(photos), np.concatenate(labels)


def found_rows(store, photos):
    """Which photo of the store each photo is."""
    return np.array([np.flatnonzero((store.images == photo).all(axis=(1, 2, 3)))[0] for photo in photos])


@pytest.mark.parametrize("batch_size", [1, 8, 37, 64])
def test_an_epoch_shows_every_photo_of_the_part_once_with_its_label(store, batch_size):
    photos, labels = epoch(Part(store, ROWS, "rgb"), batch_size=batch_size)
    rows = found_rows(store, photos)
    assert sorted(rows) == list(ROWS)
    np.testing.assert_array_equal(labels[:, 0], store.labels[rows])
    assert labels.dtype == np.float32


def test_every_epoch_and_every_seed_has_an_order_of_its_own(store):
    part = Part(store, ROWS, "rgb")
    orders = [found_rows(store, epoch(part, seed=seed, number=number)[0]) for seed in (1, 2) for number in (0, 1)]
    assert len({tuple(order) for order in orders}) == 4


@pytest.mark.parametrize("augmentation", [None, Augmentation()], ids=["plain", "augmented"])
def test_batches_are_the_same_wherever_training_starts(store, augmentation):
    part = Part(store, ROWS, "rgb")
    steps = steps_per_epoch(part, 8)
    from_start = training_batches(part, 8, augmentation, 42).as_numpy_iterator()
    resumed = training_batches(part, 8, augmentation, 42, first_epoch=2).as_numpy_iterator()
    for expected, actual in zip(
        itertools.islice(from_start, 2 * steps, 3 * steps), itertools.islice(resumed, steps), strict=True
    ):
        np.testing.assert_array_equal(expected[0], actual[0])
        np.testing.assert_array_equal(expected[1], actual[1])


def test_augmentation_changes_from_epoch_to_epoch_and_leaves_labels_alone(store):
    part = Part(store, ROWS, "rgb")
    plain, labels = epoch(part)
    first, first_labels = epoch(part, Augmentation())
    np.testing.assert_array_equal(labels, first_labels)
    assert first.dtype == np.uint8
    assert (first != plain).any(axis=(1, 2, 3)).all()
    second, _ = epoch(part, Augmentation(), number=1)
    assert not np.array_equal(np.sort(first, axis=0), np.sort(second, axis=0))


def test_grayscale_is_made_before_augmentation(store):
    photos, labels = epoch(Part(store, ROWS, "grayscale"))
    rows = found_rows(store, epoch(Part(store, ROWS, "rgb"))[0])
    np.testing.assert_array_equal(photos, to_grayscale(store.images[rows]))
    assert epoch(Part(store, ROWS, "grayscale"), Augmentation())[0].shape == (37, 16, 16, 1)
    assert labels.shape == (37, 1)


def test_plain_batches_keep_the_order_and_end(store):
    photos = np.concatenate([batch for batch, _ in plain_batches(Part(store, ROWS, "rgb"), 8).as_numpy_iterator()])
    np.testing.assert_array_equal(photos, store.images[ROWS])


def test_batches_are_let_go_of_at_once(store):
    """With tf.data's tuning on, this waited for seconds now and then: here it is off."""
    for batches in (
        training_batches(Part(store, ROWS, "rgb"), 8, Augmentation(), 42),
        plain_batches(Part(store, ROWS, "rgb"), 8),
    ):
        assert batches.options().autotune.enabled is False
