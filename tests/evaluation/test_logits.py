"""Logits come from the network itself, and asking for them changes no digit of the probabilities."""

import keras
import numpy as np
import pytest

from canigatti.config import Head, Pretrained
from canigatti.evaluation.logits import LogitNetwork
from canigatti.evaluation.prediction import BATCH_SIZE, predict, predict_batch
from canigatti.evaluation.predictions import softmax
from canigatti.files import InputError, sha256_of
from canigatti.training import networks, precision
from canigatti.training.model_files import load_model, save_model

BACKBONE = Pretrained(backbone="mobilenetv2", head=Head(dense_units=(8,)))
FLAT = Pretrained(backbone="mobilenetv2", head=Head(dense_units=(), pooling="flatten"))
CLASSES = ("cat", "dog", "owl")


def photos(size, count=BATCH_SIZE + 9):
    return np.random.default_rng(5).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def trained(spec, classes):
    """Return a network with weights as after a training: none is zero."""
    keras.utils.set_random_seed(3)
    model, generator = networks.build(spec, None, classes), np.random.default_rng(3)
    model.set_weights([weight + generator.normal(0, 0.02, weight.shape) for weight in model.get_weights()])
    return model


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"color": "grayscale"},
        {"network": {"filters": [4], "dense_units": 4, "dropout": [0, 0], "batch_normalization": True}},
        {"network": BACKBONE, "image_size": 32},
        {"network": FLAT, "image_size": 32},
        {"mixed_precision": True},
    ],
    ids=["base", "grayscale", "batch normalization", "pretrained with head", "pretrained, flat", "mixed precision"],
)
def test_the_probabilities_are_bit_for_bit_those_without_logits(make_spec, monkeypatch, fields, classes):
    monkeypatch.setattr(precision, "has_gpu", lambda: True)
    spec = make_spec(**fields)
    model, images = trained(spec, classes), photos(spec.image_size)
    outputs = LogitNetwork(model).predict(images, np.arange(len(images)))
    np.testing.assert_array_equal(outputs.probabilities, predict(model, images, np.arange(len(images))))
    assert outputs.logits.shape == (len(images), classes)
    assert outputs.logits.dtype == np.float64
    np.testing.assert_allclose(softmax(outputs.logits), outputs.probabilities, rtol=0, atol=1e-6)
    assert len(np.unique(outputs.logits[:, -1])) > 1


@pytest.mark.parametrize("classes", [2, 3])
def test_a_network_restored_from_its_file_has_the_same_logits(make_spec, tmp_path, classes):
    model, images = trained(make_spec(), classes), photos(16)
    save_model(model, tmp_path / "model.keras", CLASSES[:classes])
    restored = load_model(tmp_path / "model.keras", sha256_of(tmp_path / "model.keras"))
    outputs = LogitNetwork(restored).predict_batch(images)
    np.testing.assert_array_equal(outputs.probabilities, predict_batch(restored, images))
    np.testing.assert_array_equal(outputs.logits, LogitNetwork(model).predict_batch(images).logits)


def test_logits_do_not_saturate(make_spec):
    model, images = trained(make_spec(), 2), photos(16, 20)
    *others, kernel, bias = model.get_weights()
    model.set_weights([*others, kernel, bias + 500])
    outputs = LogitNetwork(model).predict_batch(images)
    assert set(outputs.probabilities[:, 1]) == {1.0}
    assert outputs.logits[:, 1] == pytest.approx(500, rel=0.1)
    assert not outputs.logits[:, 0].any()


def test_no_photos_have_no_logits(make_spec):
    outputs = LogitNetwork(trained(make_spec(), 3)).predict(photos(16), np.arange(0))
    assert outputs.probabilities.shape == outputs.logits.shape == (0, 3)


def test_a_last_layer_without_sigmoid_or_softmax_is_refused():
    inputs = keras.Input((8, 8, 3), dtype="uint8")
    values = keras.layers.Dense(1, activation="tanh")(keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(inputs)))
    with pytest.raises(InputError, match="expected a model whose last layer is Dense with a sigmoid or softmax"):
        LogitNetwork(keras.Model(inputs, values))
