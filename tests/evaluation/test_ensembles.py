"""Ensembles and test-time augmentation: the mean of logits."""

import keras
import numpy as np
import pandas as pd
import pytest

from canigatti.evaluation.augmented import augmented_predictions, views
from canigatti.evaluation.commands.augment import augment_tests
from canigatti.evaluation.logits import LogitNetwork
from canigatti.evaluation.predictions import Predictions, logits_of, mean_of_logits, read_predictions, softmax
from canigatti.evaluation.records import EvaluationRecord
from canigatti.files import sha256_of
from canigatti.photos.records import SPLIT, read_kept
from canigatti.photos.store import Store

GENERATOR = np.random.default_rng(3)
IMAGES = GENERATOR.integers(0, 256, (20, 24, 24, 3), dtype=np.uint8)
LABELS = np.arange(20) // 10
IDS = np.array([f"{number}.jpg" for number in range(20)], dtype=object)


def predictions(classes, seed=0):
    logits = np.random.default_rng(seed).normal(0, 3, (20, classes))
    logits[:, 0] *= classes > 2  # as in two classes
    return Predictions(IDS, LABELS, softmax(logits), logits)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("count", [1, 3, 7])
def test_an_ensemble_of_equal_members_is_the_member(classes, count):
    member = predictions(classes)
    ensemble = mean_of_logits([member] * count)
    np.testing.assert_array_equal(ensemble.logits, member.logits)
    np.testing.assert_array_equal(ensemble.probabilities, member.probabilities)
    np.testing.assert_array_equal(ensemble.ids, member.ids)


@pytest.mark.parametrize("classes", [2, 3])
def test_the_odds_of_an_ensemble_are_the_geometric_mean_of_those_of_its_members(classes):
    members = [predictions(classes, seed) for seed in range(4)]
    ensemble = mean_of_logits(members)
    powers = np.exp(np.mean([np.log(member.probabilities) for member in members], axis=0))
    np.testing.assert_allclose(ensemble.probabilities, powers / powers.sum(axis=1, keepdims=True), rtol=1e-12)
    np.testing.assert_allclose(ensemble.probabilities.sum(axis=1), 1, rtol=1e-12)


def test_saturated_probabilities_do_not_hide_who_is_more_certain():
    certain, doubtful = (
        Predictions(IDS[:1], LABELS[:1], np.array([[1.0 - p, p]]), np.array([[0.0, logit]]))
        for p, logit in ((1.0, 30.0), (0.0, -20.0))
    )
    assert mean_of_logits([certain, doubtful]).logits.tolist() == [[0.0, 5.0]]
    assert np.isinf(logits_of(certain.probabilities)).any()


def test_the_views_are_the_photo_its_mirror_image_and_four_shifts():
    photos = IMAGES[:2]
    original, mirrored, left, right, up, down = (view(photos, IDS[:2]) for view in views(24))
    np.testing.assert_array_equal(original, photos)
    np.testing.assert_array_equal(mirrored, photos[:, :, ::-1])
    np.testing.assert_array_equal(left[:, :, :-1], photos[:, :, 1:])
    np.testing.assert_array_equal(left[:, :, -1], photos[:, :, -1])
    np.testing.assert_array_equal(right[:, :, 1:], photos[:, :, :-1])
    np.testing.assert_array_equal(up[:, :-1], photos[:, 1:])
    np.testing.assert_array_equal(down[:, 1:], photos[:, :-1])
    np.testing.assert_array_equal(down[:, 0], photos[:, 0])


@pytest.mark.parametrize(("size", "pixels"), [(8, 1), (96, 4), (224, 9)])
def test_a_shift_is_a_twenty_fourth_of_the_side_and_at_least_a_pixel(size, pixels):
    photo = np.zeros((1, size, size, 3), np.uint8)
    photo[0, size // 2, size // 2] = 255
    assert int(views(size)[3](photo, IDS[:1])[0, size // 2, :, 0].argmax()) == size // 2 + pixels


def network(invariant, classes=2):
    """Return a network that sees only the mean color, which no view changes in plain photos, or any network."""
    keras.utils.set_random_seed(5)
    pooling = keras.layers.GlobalAveragePooling2D() if invariant else keras.layers.Flatten()
    output = (
        keras.layers.Dense(1, activation="sigmoid") if classes == 2 else keras.layers.Dense(3, activation="softmax")
    )
    return keras.Sequential([keras.Input((24, 24, 3), dtype="uint8"), keras.layers.Rescaling(1 / 255), pooling, output])


@pytest.mark.parametrize("classes", [2, 3])
def test_an_invariant_network_predicts_the_same_with_augmentation(classes):
    plain = np.broadcast_to(GENERATOR.integers(0, 256, (20, 1, 1, 3), dtype=np.uint8), (20, 24, 24, 3))
    model, rows = network(invariant=True, classes=classes), np.arange(20)
    outputs = LogitNetwork(model).predict(plain, rows)
    augmented = augmented_predictions(model, Store(plain, IDS, LABELS), rows)
    np.testing.assert_array_equal(augmented.logits, outputs.logits)
    np.testing.assert_allclose(augmented.probabilities, outputs.probabilities, atol=1e-6)
    np.testing.assert_array_equal(augmented.predicted, outputs.probabilities.argmax(axis=1))


def test_the_command_writes_the_mean_over_the_views(tmp_path, photos_of, make_training_record):
    images = photos_of(tmp_path, IMAGES, LABELS)["images"]
    ids = read_kept(tmp_path / "manifest.csv")["id"]
    part = np.array(["train", "test"] * 10)
    SPLIT.write(tmp_path / "split.csv", pd.DataFrame({"id": ids, "label": LABELS, "part": part}))
    model = network(invariant=False)
    model.save(tmp_path / "model.keras")
    make_training_record(model_sha256=sha256_of(tmp_path / "model.keras")).write(tmp_path / "run.json")
    files = {"model": tmp_path / "model.keras", "split": tmp_path / "split.csv", "images": images}
    augment_tests(**files, output=tmp_path / "evaluation")
    written = read_predictions(tmp_path / "evaluation" / "augmented.csv", ("cat", "dog"))
    tested = IMAGES[1::2]
    logits = [LogitNetwork(model).predict(view(tested, None), np.arange(10)).logits for view in views(24)]
    np.testing.assert_allclose(written.logits, np.mean(logits, axis=0), atol=1e-9)
    assert np.ptp(logits, axis=0)[:, 1].min() > 0  # the views differ for this network
    assert written.ids.tolist() == ids[1::2].tolist()
    record = EvaluationRecord.read(tmp_path / "evaluation" / "augmented.json")
    assert record.files == {"augmented.csv": sha256_of(tmp_path / "evaluation" / "augmented.csv")}
