"""Corrupted test photos: what corruptions are, and how the accuracy on them is measured."""

import keras
import numpy as np
import pandas as pd
import pytest

from canigatti.evaluation.commands.evaluate import evaluate
from canigatti.evaluation.commands.robustness import measure_robustness
from canigatti.evaluation.corruptions import LEVELS, MEANINGS, corrupt, corruption
from canigatti.evaluation.prediction import predict
from canigatti.evaluation.predictions import read_predictions
from canigatti.evaluation.records import CORRUPTED, ROBUSTNESS, ROBUSTNESS_FILES, EvaluationRecord
from canigatti.evaluation.severities import CORRUPTIONS, SEVERITIES, corrupted_column
from canigatti.evaluation.views import ChangedPhotos
from canigatti.files import InputError, sha256_of
from canigatti.photos.records import SPLIT, read_kept
from canigatti.photos.store import Store, open_store

SIZE = 32
LABELS = np.arange(140) // 70


def scenes(count=140, size=SIZE):
    """Photos with coarse shapes, in middle gray levels, so that every corruption changes them."""
    coarse = np.random.default_rng(4).integers(60, 190, (count, size // 8, size // 8, 3), dtype=np.uint8)
    return np.kron(coarse, np.ones((1, 8, 8, 1), np.uint8))


PHOTOS = scenes(12)
IDS = np.array([f"photo.{number}.jpg" for number in range(12)], dtype=object)
ALL = [(name, severity) for name in CORRUPTIONS for severity in SEVERITIES]


def network():
    keras.utils.set_random_seed(7)
    layers = [keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")]
    return keras.Sequential([keras.Input((SIZE, SIZE, 3), dtype="uint8"), *layers])


def change_of(name, severity):
    """Mean absolute change of the pixels."""
    return np.abs(corrupt(PHOTOS, IDS, name, severity).astype(float) - PHOTOS).mean()


def test_every_corruption_has_a_level_for_each_severity_and_a_meaning():
    assert tuple(LEVELS) == tuple(MEANINGS) == CORRUPTIONS
    assert {len(levels) for levels in LEVELS.values()} == {len(SEVERITIES)}
    assert MEANINGS["blur"].format(0.01) == "Gaussian blur with a standard deviation of 1.0% of the side"


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_severity_0_is_the_photo_and_higher_ones_change_it_more(name):
    assert corrupt(PHOTOS, IDS, name, 0) is PHOTOS
    changes = [change_of(name, severity) for severity in SEVERITIES]
    assert 0 < changes[0] < changes[1] < changes[2]


@pytest.mark.parametrize(("name", "severity"), ALL)
def test_a_photo_is_corrupted_in_the_same_way_whatever_its_place_and_batch(name, severity):
    together = corrupt(PHOTOS, IDS, name, severity)
    assert together.dtype == np.uint8
    assert together.shape == PHOTOS.shape
    order = np.random.default_rng(1).permutation(12)
    np.testing.assert_array_equal(corrupt(PHOTOS[order], IDS[order], name, severity), together[order])
    np.testing.assert_array_equal(corrupt(PHOTOS[5:6], IDS[5:6], name, severity), together[5:6])


def test_photos_differ_in_their_noise_and_in_their_directions():
    equal = np.full((40, SIZE, SIZE, 3), 120, np.uint8)
    ids = np.array([f"{number}.jpg" for number in range(40)], dtype=object)
    assert len(np.unique(corrupt(equal, ids, "noise", 1).reshape(40, -1), axis=0)) == 40
    brighter = corrupt(equal, ids, "brightness", 2)[:, 0, 0, 0] > 120
    assert 8 < brighter.sum() < 32
    np.testing.assert_array_equal(corrupt(equal, ids, "brightness", 3)[:, 0, 0, 0] > 120, brighter)


def test_the_noise_has_the_standard_deviation_of_its_level_and_the_same_pattern_at_each_severity():
    equal = np.full((4, 64, 64, 3), 128, np.uint8)
    weak, strong = (corrupt(equal, IDS[:4], "noise", severity).astype(float) - 128 for severity in (1, 2))
    assert weak.std() == pytest.approx(LEVELS["noise"][0], rel=0.02)
    np.testing.assert_allclose(strong, 2 * weak, atol=2)


def test_a_rotation_leaves_the_center_and_no_black_corners():
    marked = np.full((1, 33, 33, 3), 100, np.uint8)
    marked[0, 16, 16] = 255
    rotated = corrupt(marked, IDS[:1], "rotation", 3)
    assert rotated[0, 16, 16, 0] > 240
    assert rotated.min() >= 100


@pytest.fixture
def options(tmp_path, photos_of, make_training_record):
    """Write the inputs of the command; the test set has more than one batch."""
    images = photos_of(tmp_path, scenes(), LABELS)["images"]
    ids = read_kept(tmp_path / "manifest.csv")["id"]
    part = np.where(np.arange(len(ids)) % 10 == 0, "validation", "test")
    SPLIT.write(tmp_path / "split.csv", pd.DataFrame({"id": ids, "label": LABELS, "part": part}))
    network().save(tmp_path / "model.keras")
    make_training_record(model_sha256=sha256_of(tmp_path / "model.keras")).write(tmp_path / "run.json")
    return {
        "model": tmp_path / "model.keras",
        "split": tmp_path / "split.csv",
        "images": images,
        "output": tmp_path / "evaluation",
    }


def test_at_severity_0_the_predictions_are_those_of_the_evaluation_bit_for_bit(options):
    evaluate(**options)
    written = read_predictions(options["output"] / "predictions.csv", ("cat", "dog"))
    store = open_store(options["images"], options["images"].with_name("manifest.csv"))
    model = keras.saving.load_model(options["model"])
    for name in CORRUPTIONS:
        unchanged = predict(model, ChangedPhotos(store, corruption(name, 0)), store.rows(written.ids))
        np.testing.assert_array_equal(unchanged, written.probabilities)


def test_the_command_writes_the_accuracy_and_the_result_of_each_photo(options):
    measure_robustness(**options)
    photos, table = (
        CORRUPTED.read(options["output"] / "corrupted.csv"),
        ROBUSTNESS.read(options["output"] / "robustness.csv"),
    )
    assert len(photos) == 126
    assert list(zip(table["corruption"], table["severity"], strict=True)) == ALL
    assert set(table["n"]) == {126}
    for row in table.itertuples():
        assert row.level == LEVELS[row.corruption][row.severity - 1]
        assert row.accuracy == (photos[corrupted_column(row.corruption, row.severity)] == photos["label"]).mean()
    store = open_store(options["images"], options["images"].with_name("manifest.csv"))
    rows = store.rows(photos["id"].to_numpy(object))
    changed = corrupt(store.images[rows], store.ids[rows], "noise", 3)
    by_hand = predict(network(), changed, np.arange(len(changed)))[:, 1] > 0.5
    np.testing.assert_array_equal(photos["noise_3"], by_hand)


def test_the_record_names_the_model_and_the_files(options):
    measure_robustness(**options)
    record = EvaluationRecord.read(options["output"] / "robustness.json")
    assert record.model_sha256 == sha256_of(options["model"])
    assert record.files == {name: sha256_of(options["output"] / name) for name in ROBUSTNESS_FILES}
    before = [(options["output"] / name).read_bytes() for name in ROBUSTNESS_FILES]
    measure_robustness(**options)
    assert [(options["output"] / name).read_bytes() for name in ROBUSTNESS_FILES] == before


def test_a_diverged_network_is_refused_with_its_file(options, make_training_record):
    broken = network()
    broken.set_weights([np.full_like(weight, np.nan) for weight in broken.get_weights()])
    broken.save(options["model"])
    make_training_record(model_sha256=sha256_of(options["model"])).write(options["model"].with_name("run.json"))
    with pytest.raises(InputError, match=r"model\.keras: the model has diverged"):
        measure_robustness(**options)


def test_changed_photos_are_read_batch_by_batch():
    """A store may be larger than the memory."""
    seen = []

    def change(photos, ids):
        seen.append(len(photos))
        return photos

    store = Store(scenes(100), np.arange(100).astype(str).astype(object), np.zeros(100, int))
    predict(network(), ChangedPhotos(store, change), np.arange(100))
    assert seen == [64, 36]


def test_changed_photos_have_the_shape_of_the_store():
    store = Store(PHOTOS, IDS, np.zeros(12, int))
    assert ChangedPhotos(store, corruption("blur", 1)).shape == PHOTOS.shape
