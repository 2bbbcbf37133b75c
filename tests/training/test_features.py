import tempfile
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from canigatti.config import Adam, Augmentation, Convolutional, Head, Pretrained, Spec
from canigatti.photos.store import Store
from canigatti.training import features, fitting, networks
from canigatti.training.batches import Part
from canigatti.training.device import prepare_device

NETWORK = Pretrained(backbone="mobilenetv2", head=Head(pooling="average", dense_units=(16, 8)))


def spec(**fields):
    optimizer = Adam(name="adam", learning_rate=0.003)
    settings = {"network": NETWORK, "augmentation": None, "epochs": 4, "optimizer": optimizer, **fields}
    return Spec(image_size=32, batch_size=8, **settings)


def train(images, settings, folder, seed=1):
    prepare_device(seed)
    model = networks.build(settings)
    train, validation = Part(images, np.arange(40), "rgb"), Part(images, np.arange(40, 50), "rgb")
    kept = Path(tempfile.mkdtemp(dir=folder), "kept.npz")
    return fitting.fit(model, settings, train, validation, seed, folder / "logs", kept)


@pytest.fixture
def large_photos(store):
    """The store's photos at 32×32, the smallest that MobileNetV2 takes."""
    return Store(store.images.repeat(2, axis=1).repeat(2, axis=2), store.ids, store.labels)


@pytest.fixture
def passes(monkeypatch):
    """How many photos have been shown to the backbone through `extract`."""
    counted = []
    extract = features.extract
    monkeypatch.setattr(features, "extract", lambda *given: counted.append(len(given[1])) or extract(*given))
    return counted


@pytest.mark.parametrize("pooling", ["average", "flatten"])
def test_a_head_learns_from_features_what_it_learns_from_photos(large_photos, tmp_path, monkeypatch, passes, pooling):
    head = Head(pooling=pooling, dense_units=(16, 8))
    settings = spec(network=NETWORK.model_copy(update={"head": head}))
    from_features = train(large_photos, settings, tmp_path)
    assert passes == [40, 10]
    monkeypatch.setattr(features, "are_fixed", lambda _: False)
    from_photos = train(large_photos, settings, tmp_path)
    columns = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy"]
    pd.testing.assert_frame_equal(from_features.history[columns], from_photos.history[columns], rtol=1e-3)
    shown = large_photos.images[:10]
    expected = from_photos.model.predict(shown, verbose=0)
    np.testing.assert_allclose(from_features.model.predict(shown, verbose=0), expected, atol=1e-3)


def test_the_whole_network_has_the_best_weights_and_is_ready_to_be_tested(large_photos, tmp_path):
    fit = train(large_photos, spec(), tmp_path)
    loss, _ = fit.model.evaluate(large_photos.images[40:], large_photos.labels[40:, None], verbose=0)
    assert loss == pytest.approx(fit.history["val_loss"].min(), rel=1e-4)
    assert networks.trainable_parameters(fit.model) == 1280 * 16 + 16 + 16 * 8 + 8 + 9


def test_the_first_epoch_includes_the_backbone(large_photos, tmp_path):
    seconds = train(large_photos, spec(epochs=6), tmp_path).history["seconds"]
    assert seconds[0] > 5 * seconds[1:].median()


@pytest.mark.parametrize(
    "settings",
    [{"augmentation": Augmentation()}, {"thaw": "block_16_expand"}, {"network": Convolutional()}],
    ids=["augmented", "thawed", "of our own"],
)
def test_features_that_change_are_not_kept(settings):
    assert features.are_fixed(spec())
    assert not features.are_fixed(spec(**settings))


def test_features_leave_no_file_behind(large_photos, tmp_path):
    model = networks.build(spec())
    made = features.extract(model, Part(large_photos, np.arange(9), "rgb"), tmp_path)
    assert not list(tmp_path.iterdir())
    body = keras.Model(model.inputs, model.get_layer("pooling").output)
    np.testing.assert_allclose(made.values, body.predict(large_photos.images[:9], verbose=0), rtol=1e-4, atol=1e-5)
    assert made.labels.shape == (9, 1)
