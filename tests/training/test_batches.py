import itertools

import numpy as np
import pytest

from canigatti.config import Augmentation, Spec
from canigatti.photos.color import to_grayscale
from canigatti.training.batches import Subset, open_subsets, steps_per_epoch, training_batches, validation_batches

ROWS = np.arange(5, 42)


def spec(augmentation=None, batch_size=8, **fields):
    return Spec(augmentation=augmentation, batch_size=batch_size, **fields)


def epoch(subset, augmentation=None, seed=42, number=0, **fields):
    """The photos and labels of one epoch, and their weights if they have any, concatenated."""
    settings = spec(augmentation, **fields)
    batches = training_batches(subset, settings, seed, first_epoch=number).as_numpy_iterator()
    parts = zip(*itertools.islice(batches, steps_per_epoch(subset, settings)), strict=True)
    return tuple(map(np.concatenate, parts))


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
    assert_same_batches_after_two_epochs(Subset(store, ROWS, "rgb"), spec(augmentation))


def assert_same_batches_after_two_epochs(subset, settings):
    steps = steps_per_epoch(subset, settings)
    from_start = training_batches(subset, settings, 42).as_numpy_iterator()
    resumed = training_batches(subset, settings, 42, first_epoch=2).as_numpy_iterator()
    for expected, actual in zip(
        itertools.islice(from_start, 2 * steps, 3 * steps), itertools.islice(resumed, steps), strict=True
    ):
        for expected_part, actual_part in zip(expected, actual, strict=True):
            np.testing.assert_array_equal(expected_part, actual_part)


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


@pytest.fixture
def unequal(store):
    """A training set with three times as many photos of class 0 as of class 1."""
    rows = np.arange(len(store.labels))
    return Subset(store, np.concatenate([rows[store.labels == 0][:24], rows[store.labels == 1][:8]]), "rgb")


def test_balanced_photos_have_weights_with_the_same_sum_for_every_class(store, unequal):
    photos, labels, weights = epoch(unequal, class_weight="balanced")
    assert sorted(rows_of(store, photos)) == sorted(unequal.rows)
    np.testing.assert_allclose(weights, np.where(labels[:, 0] == 1, 32 / (2 * 8), 32 / (2 * 24)), rtol=1e-6)
    np.testing.assert_array_equal(photos, epoch(unequal)[0])


def test_an_oversampled_epoch_has_as_many_photos_of_every_class(store, unequal):
    photos, labels = epoch(unequal, oversample=True)
    assert (len(photos), labels.sum()) == (48, 24)
    np.testing.assert_array_equal(labels[:, 0], store.labels[rows_of(store, photos)])
    assert steps_per_epoch(unequal, spec(oversample=True)) == 6 > steps_per_epoch(unequal, spec()) == 4


@pytest.mark.parametrize("fields", [{"oversample": True}, {"class_weight": "balanced"}], ids=str)
def test_balanced_batches_do_not_depend_on_the_epoch_that_training_starts_with(unequal, fields):
    assert_same_batches_after_two_epochs(unequal, spec(Augmentation(), **fields))


def test_validation_batches_have_one_epoch_in_order(store):
    batches = validation_batches(Subset(store, ROWS, "rgb"), spec(Augmentation()))
    np.testing.assert_array_equal(np.concatenate([photos for photos, _ in batches]), store.images[ROWS])


@pytest.mark.parametrize("fields", [{"oversample": True}, {"class_weight": "balanced"}], ids=str)
def test_balanced_validation_batches_have_each_photo_once_and_weights(unequal, fields):
    batches = validation_batches(unequal, spec(**fields)).as_numpy_iterator()
    _, labels, weights = map(np.concatenate, zip(*batches, strict=True))
    np.testing.assert_array_equal(labels, unequal.labels)
    np.testing.assert_allclose(weights, np.where(labels[:, 0] == 1, 32 / (2 * 8), 32 / (2 * 24)), rtol=1e-6)


def test_autotuning_is_off(store):
    """With it, releasing a dataset sometimes takes seconds."""
    for batches in (
        training_batches(Subset(store, ROWS, "rgb"), spec(Augmentation()), 42),
        validation_batches(Subset(store, ROWS, "rgb"), spec()),
    ):
        assert batches.options().autotune.enabled is False


def test_the_subsets_of_a_split_are_found_next_to_the_images(photo_files):
    subsets = open_subsets(photo_files["images"], photo_files["split"], "grayscale")
    assert (len(subsets.train), len(subsets.validation)) == (40, 10)
    photos, labels = subsets.validation.gather(np.arange(10))
    assert photos.shape == (10, 16, 16, 1)
    np.testing.assert_array_equal(labels[:, 0], np.arange(40, 50) % 2)
