"""Features: what the frozen backbone computes of each photo, with its own preprocessing, averaged over positions."""

import keras
import numpy as np
import pytest

from canigatti.audit.commands.extract import extract_features
from canigatti.audit.features import build_extractor, extract, read_features, write_features
from canigatti.audit.records import FeaturesRecord
from canigatti.files import InputError, sha256_of
from canigatti.photos.store import Store
from canigatti.training.records import WeightsRecord

SIZE = 32


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Random weights of a backbone, with their record."""
    path = tmp_path_factory.mktemp("weights") / "mobilenetv2.weights.h5"
    keras.utils.set_random_seed(3)
    keras.applications.MobileNetV2(weights=None, include_top=False).save_weights(path)
    record = WeightsRecord(backbone="mobilenetv2", source="made-up", weights="random", sha256=sha256_of(path))
    record.write(path.with_name("mobilenetv2.json"))
    return path


@pytest.fixture
def photos(store):
    """More photos than a batch, at the smallest size that the backbone takes."""
    rows = np.arange(70) % len(store.ids)
    images = store.images[rows].repeat(2, axis=1).repeat(2, axis=2)
    return Store(images, np.array([f"photo.{row}.jpg" for row in range(70)], dtype=object), store.labels[rows])


def test_the_features_are_those_of_the_backbone_in_the_order_of_the_photos(
    weights, photos, write_photos_folder, tmp_path
):
    images = write_photos_folder(tmp_path, photos)["images"]
    extract_features(images, "mobilenetv2", weights, tmp_path / "audit")
    backbone = keras.applications.MobileNetV2(weights=None, include_top=False, input_shape=(SIZE, SIZE, 3))
    backbone.load_weights(weights)
    prepared = keras.applications.mobilenet_v2.preprocess_input(photos.images.astype(np.float32))
    expected = backbone(prepared, training=False).numpy().mean(axis=(1, 2))
    features = read_features(tmp_path / "audit/features.npy", 70)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, expected, rtol=1e-3, atol=1e-5)
    record = FeaturesRecord.read(tmp_path / "audit/features.json")
    assert (record.photos, record.dimensions, record.weights) == (70, 1280, "random")
    assert record.sha256 == sha256_of(tmp_path / "audit/features.npy")


def test_weights_of_another_network_and_modified_ones_are_refused(weights, tmp_path):
    with pytest.raises(InputError, match=r"expected weights of vgg16 without the top layers"):
        build_extractor("vgg16", SIZE, weights)
    changed = tmp_path / weights.name
    changed.write_bytes(weights.read_bytes() + b"0")
    (tmp_path / "mobilenetv2.json").write_bytes(weights.with_name("mobilenetv2.json").read_bytes())
    with pytest.raises(InputError, match="weights file"):
        extract_features(tmp_path / "images.npy", "mobilenetv2", changed, tmp_path)


class Broken:
    """A network that fails for one photo."""

    def predict_on_batch(self, images):
        values = np.ones((len(images), 4), np.float32)
        values[5, 2] = np.inf
        return values


def test_a_photo_without_finite_features_is_named(photos):
    with pytest.raises(InputError, match=r"photo\.5\.jpg: the features of this photo are not finite"):
        next(extract(Broken(), photos))


def test_features_of_other_photos_are_refused(tmp_path):
    with (tmp_path / "features.npy").open("wb") as stream:
        write_features(stream, iter([np.zeros((2, 3), np.float32), np.ones((1, 3), np.float32)]), (3, 3))
    assert read_features(tmp_path / "features.npy", 3).tolist() == [[0] * 3, [0] * 3, [1] * 3]
    with pytest.raises(InputError, match=r"expected the features of 4 photos, received an array \(3, 3\)"):
        read_features(tmp_path / "features.npy", 4)
    (tmp_path / "features.npy").write_bytes(b"")
    with pytest.raises(InputError, match="expected the features of the photos, received"):
        read_features(tmp_path / "features.npy", 4)
