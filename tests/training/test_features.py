import keras
import numpy as np
import pandas as pd
import pytest

from canigatti.config import Adam, Augmentation, Convolutional, Head, Pretrained, Spec
from canigatti.photos.store import Store
from canigatti.training import features, networks
from canigatti.training.batches import Subset

NETWORK = Pretrained(backbone="mobilenetv2", head=Head(pooling="average", dense_units=(16, 8)))
VGG16 = Pretrained(backbone="vgg16", head=Head(pooling="flatten", dense_units=(16, 8)))  # is traced much faster
OPTIMIZER = Adam(name="adam", learning_rate=0.003)


def spec(**fields):
    settings = {"network": NETWORK, "augmentation": None, "epochs": 4, "optimizer": OPTIMIZER, **fields}
    return Spec(image_size=32, batch_size=8, **settings)


@pytest.fixture
def large_photos(store):
    """The store's photos at 32×32, the smallest size that MobileNetV2 takes."""
    return Store(store.images.repeat(2, axis=1).repeat(2, axis=2), store.ids, store.labels)


@pytest.fixture
def extracted(monkeypatch):
    """The sizes of the subsets whose features are extracted."""
    sizes = []
    extract = features.extract
    monkeypatch.setattr(features, "extract", lambda *arguments: sizes.append(len(arguments[1])) or extract(*arguments))
    return sizes


@pytest.mark.parametrize("network", [NETWORK, VGG16], ids=["average", "flatten"])
def test_training_on_features_equals_training_on_photos(train, large_photos, tmp_path, monkeypatch, extracted, network):
    settings = spec(network=network, epochs=2)
    from_features = train(large_photos, settings, tmp_path, seed=1)
    assert extracted == [40, 10]
    monkeypatch.setattr(features, "are_constant", lambda _: False)
    from_photos = train(large_photos, settings, tmp_path, seed=1)
    columns = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy"]
    pd.testing.assert_frame_equal(from_features.history[columns], from_photos.history[columns], rtol=1e-3)
    photos = large_photos.images[:10]
    expected = from_photos.model.predict(photos, verbose=0)
    np.testing.assert_allclose(from_features.model.predict(photos, verbose=0), expected, atol=1e-3)


def test_the_whole_network_has_the_best_weights_and_is_compiled(train, large_photos, tmp_path):
    result = train(large_photos, spec(network=VGG16), tmp_path, seed=1)
    loss, _ = result.model.evaluate(large_photos.images[40:], large_photos.labels[40:, None], verbose=0)
    assert loss == pytest.approx(result.history["val_loss"].min(), rel=1e-4)
    assert networks.trainable_parameters(result.model) == 512 * 16 + 16 + 16 * 8 + 8 + 9


def test_the_head_of_three_classes_is_trained_on_features(train, large_photos, tmp_path, extracted):
    three = Store(large_photos.images, large_photos.ids, np.arange(50) % 3)
    result = train(three, spec(network=VGG16), tmp_path, seed=1)
    assert extracted == [40, 10]
    loss, accuracy = result.model.evaluate(three.images[40:], three.labels[40:, None], verbose=0)
    best = result.history.loc[result.best_epoch - 1]
    assert (loss, accuracy) == (pytest.approx(best["val_loss"], rel=1e-4), pytest.approx(best["val_accuracy"]))
    assert networks.trainable_parameters(result.model) == 512 * 16 + 16 + 16 * 8 + 8 + 9 * 3


@pytest.mark.slow
@pytest.mark.parametrize("fields", [{"class_weight": "balanced"}, {"oversample": True}], ids=str)
def test_balanced_training_on_features_equals_that_on_photos(
    train, large_photos, tmp_path, monkeypatch, extracted, fields
):
    unequal = Store(large_photos.images, large_photos.ids, (np.arange(50) % 4 == 0).astype(int))
    from_features = train(unequal, spec(network=VGG16, epochs=2, **fields), tmp_path, seed=1)
    assert extracted == [40, 10]
    monkeypatch.setattr(features, "are_constant", lambda _: False)
    from_photos = train(unequal, spec(network=VGG16, epochs=2, **fields), tmp_path, seed=1)
    columns = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy"]
    pd.testing.assert_frame_equal(from_features.history[columns], from_photos.history[columns], rtol=1e-3)


def test_the_first_epoch_includes_the_feature_extraction(train, large_photos, tmp_path):
    seconds = train(large_photos, spec(epochs=6), tmp_path, seed=1).history["seconds"]
    assert seconds[0] > 5 * seconds[1:].median()


@pytest.mark.parametrize(
    "settings",
    [{"augmentation": Augmentation()}, {"unfreeze": "block_16_expand"}, {"network": Convolutional()}],
    ids=["augmented", "unfrozen", "no backbone"],
)
def test_features_are_constant_only_without_augmentation_and_with_a_frozen_backbone(settings):
    assert features.are_constant(spec())
    assert not features.are_constant(spec(**settings))


def test_features_leave_no_file(large_photos, tmp_path):
    model = networks.build(spec(), None, 2)
    result = features.extract(model, Subset(large_photos, np.arange(9), "rgb"), tmp_path)
    assert not list(tmp_path.iterdir())
    backbone = keras.Model(model.inputs, model.get_layer("pooling").output)
    np.testing.assert_allclose(
        result.values, backbone.predict(large_photos.images[:9], verbose=0), rtol=1e-4, atol=1e-5
    )
    assert result.labels.shape == (9, 1)
