"""Grad-CAM is what its definition says, for networks with one logit and with several, with and without a backbone."""

import keras
import numpy as np
import pytest

from canigatti.config import BACKBONES, Head, Pretrained
from canigatti.evaluation.gradcam import BATCH_SIZE, GradCam
from canigatti.evaluation.logits import LogitNetwork
from canigatti.evaluation.prediction import inputs_for
from canigatti.files import InputError, sha256_of
from canigatti.training import networks
from canigatti.training.model_files import load_model, save_model

BACKBONE = Pretrained(backbone="mobilenetv2", head=Head(dense_units=(8,)))
POOLED = Pretrained(backbone="vgg16", head=Head(dense_units=(), pooling="flatten"))
DEEP = {"filters": [4, 6], "dense_units": 5, "dropout": [0.1] * 3, "batch_normalization": True, "pooling": "average"}


def photos(size, count=3):
    return np.random.default_rng(5).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def trained(spec, classes):
    """Return a network with weights as after a training: none is zero."""
    keras.utils.set_random_seed(3)
    model, generator = networks.build(spec, None, classes), np.random.default_rng(3)
    model.set_weights([weight + generator.normal(0, 0.02, weight.shape) for weight in model.get_weights()])
    return model


def by_hand(photos, weights):
    """Return features, (n, 4, 4, 2), and class 1's map, (n, 4, 4), of the network `tiny`, by loops in double precision.

    Its features are the ReLU of a 1×1 convolution; a 2×2 max pooling and a dense layer give the logits.
    """
    kernel, bias, dense, _ = (weight.astype(float) for weight in weights)
    features = np.maximum(0, photos / 255 @ kernel[0, 0] + bias)
    gradients = np.zeros_like(features)
    for photo, row, column, channel in np.ndindex(len(photos), 2, 2, 2):
        block = features[photo, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2, channel]
        place = np.unravel_index(block.argmax(), (2, 2))  # max pooling passes the gradient to the maximum
        position = 4 * row + 2 * column + channel  # of this value among the flattened ones
        gradients[photo, 2 * row + place[0], 2 * column + place[1], channel] = dense[position, -1]
    alpha = gradients.mean(axis=(1, 2))
    return features, np.maximum(0, np.einsum("nc,nrsc->nrs", alpha, features))


def tiny(units):
    """Return a network whose convolution, pooling and dense layer have fixed weights."""
    inputs = keras.Input((4, 4, 3), dtype="uint8")
    values = keras.layers.Conv2D(2, 1, activation="relu")(keras.layers.Rescaling(1 / 255)(inputs))
    values = keras.layers.Flatten()(keras.layers.MaxPooling2D(2)(values))
    activation = "sigmoid" if units == 1 else "softmax"
    model = keras.Model(inputs, keras.layers.Dense(units, activation)(values))
    generator = np.random.default_rng(8)
    model.set_weights([generator.normal(0.1, 1, weight.shape) for weight in model.get_weights()])
    return model


@pytest.mark.parametrize("units", [1, 2])
def test_the_map_is_the_one_computed_by_hand(units):
    model, inputs = tiny(units), photos(4, 6)
    maps = GradCam(model).maps(inputs, np.arange(6), np.full((6, 1), 1))
    _, expected = by_hand(inputs, model.get_weights())
    assert expected.max() > 0
    np.testing.assert_allclose(maps[:, 0], expected, rtol=1e-4, atol=1e-6)


def test_of_two_classes_the_map_of_the_first_is_where_the_logit_becomes_lower():
    model, inputs = tiny(1), photos(4, 6)
    both = GradCam(model).maps(inputs, np.arange(6), np.tile([0, 1], (6, 1)))
    kernel, bias, dense, offset = model.get_weights()
    model.set_weights([kernel, bias, -dense, -offset])
    negated = GradCam(model).maps(inputs, np.arange(6), np.tile([1, 0], (6, 1)))
    np.testing.assert_allclose(both, negated, rtol=1e-5)
    assert not np.allclose(both[:, 0], both[:, 1])
    assert ((both[:, 0] == 0) | (both[:, 1] == 0)).all()  # no position speaks for both


CASES = {
    "base": ({}, 2),
    "grayscale": ({"color": "grayscale"}, 5),
    "batch normalization, averaged": ({"network": DEEP}, 5),
    "frozen backbone": ({"network": BACKBONE, "image_size": 64}, 2),
    "unfrozen backbone": ({"network": BACKBONE, "image_size": 64, "unfreeze": "everything"}, 5),
    "backbone that ends with pooling": ({"network": POOLED, "image_size": 32}, 5),
}


@pytest.fixture(params=CASES.values(), ids=CASES)
def case(request, make_spec):
    """A network and photos of its size."""
    fields, classes = request.param
    spec = make_spec(**fields)
    return trained(spec, classes), photos(spec.image_size), classes


def features_of(gradcam, images):
    values = keras.ops.convert_to_tensor(inputs_for(gradcam.model, images))
    for part in gradcam._parts:
        values = part(values, training=False)
    return np.asarray(values)


def test_the_two_halves_of_a_network_give_its_logits(case):
    model, images, classes = case
    gradcam = GradCam(model)
    features, logits = features_of(gradcam, images), LogitNetwork(model).predict_batch(images).logits
    for label in range(classes):
        scores = np.asarray(gradcam.scores(keras.ops.convert_to_tensor(features), np.full(len(images), label)))
        expected = -logits[:, 1] if classes == 2 and label == 0 else logits[:, label]
        np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-5)


def test_the_weight_of_a_channel_is_the_slope_of_the_logit(case):
    """Compared with central differences: the logit's change when all positions of a channel change, per position."""
    model, images, _ = case
    gradcam, labels = GradCam(model), np.array([0, 1, 1])
    shape, step = features_of(gradcam, images).shape, 0.02
    features = np.random.default_rng(4).uniform(0, 1, shape).astype(np.float32)
    weights = np.asarray(gradcam.channel_weights(keras.ops.convert_to_tensor(features), labels))
    for channel in range(min(3, shape[-1])):
        moved = np.stack([features, features])
        moved[:, ..., channel] += np.array([step, -step])[:, None, None, None]
        up, down = (np.asarray(gradcam.scores(keras.ops.convert_to_tensor(one), labels)) for one in moved)
        slopes = (up - down) / (2 * step) / (shape[1] * shape[2])
        np.testing.assert_allclose(weights[:, channel], slopes, rtol=0.02, atol=2e-5)
    assert np.abs(weights).max() > 1e-4


def test_the_map_is_the_weighted_sum_of_the_channels(case):
    model, images, _ = case
    gradcam, labels = GradCam(model), np.array([[0, 1], [1, 0], [1, 1]])
    features, maps = features_of(gradcam, images), gradcam.maps(images, np.arange(3), labels)
    assert maps.shape == (3, 2, *gradcam.shape)
    for number in range(2):
        weights = np.asarray(gradcam.channel_weights(keras.ops.convert_to_tensor(features), labels[:, number]))
        expected = np.maximum(0, np.einsum("nc,nrsc->nrs", weights, features))
        np.testing.assert_allclose(maps[:, number], expected, rtol=1e-3, atol=1e-5 * expected.max())


def test_a_restored_network_has_the_same_maps(case, tmp_path):
    model, images, classes = case
    names = tuple(f"class {number}" for number in range(classes))
    save_model(model, tmp_path / "model.keras", names)
    restored = load_model(tmp_path / "model.keras", sha256_of(tmp_path / "model.keras"))
    labels = np.array([[0, 1]] * 3)
    before, after = (GradCam(one).maps(images, np.arange(3), labels) for one in (model, restored))
    np.testing.assert_allclose(after, before, rtol=1e-3, atol=1e-5 * before.max())


def test_photos_in_batches_have_the_maps_that_they_have_alone():
    images = photos(4, BATCH_SIZE + 3)
    rows, gradcam = np.arange(len(images))[::-1], GradCam(tiny(1))
    maps = gradcam.maps(images, rows, np.ones((len(rows), 1), int))
    for place in (0, BATCH_SIZE - 1, BATCH_SIZE, len(rows) - 1):
        alone = gradcam.maps(images, rows[place : place + 1], np.ones((1, 1), int))
        np.testing.assert_allclose(maps[place], alone[0], rtol=1e-5)
    assert gradcam.maps(images, rows[:0], np.ones((0, 2), int)).shape == (0, 2, 4, 4)


def test_a_class_that_nothing_speaks_for_has_a_map_of_zeros():
    model = tiny(1)
    kernel, bias, dense, offset = model.get_weights()
    model.set_weights([kernel, bias, -np.abs(dense), offset])
    maps = GradCam(model).maps(photos(4), np.arange(3), np.tile([1, 0], (3, 1)))
    assert (maps[:, 0] == 0).all()
    assert (maps[:, 1].max(axis=(1, 2)) > 0).all()


def test_the_maps_of_a_network_with_infinite_values_are_undefined():
    model = tiny(1)
    kernel, bias, dense, offset = model.get_weights()
    model.set_weights([np.full_like(kernel, np.inf), bias, dense, offset])
    assert np.isnan(GradCam(model).maps(photos(4), np.arange(3), np.ones((3, 1), int))).all()


def network_of(*layers, size=8):
    return keras.Sequential([keras.Input((size, size, 3), dtype="uint8"), *layers])


def test_a_network_without_a_convolution_is_refused():
    dense = network_of(keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid"))
    with pytest.raises(InputError, match="expected a model with a convolution"):
        GradCam(dense)


def test_a_network_without_logits_is_refused():
    rounded = network_of(keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(1, "hard_sigmoid"))
    with pytest.raises(InputError, match="which has logits; received Dense"):
        GradCam(rounded)


def test_photos_of_another_size_are_refused():
    with pytest.raises(InputError, match="expects photos of 4 × 4 pixels, received 8 × 8"):
        GradCam(tiny(1)).maps(photos(8), np.arange(3), np.ones((3, 1), int))


@pytest.mark.slow
@pytest.mark.parametrize("backbone", BACKBONES)
def test_every_backbone_has_a_map_with_positions(make_spec, backbone):
    model = networks.build(make_spec(network=Pretrained(backbone=backbone), image_size=96), None, 2)
    if backbone in ("efficientnetv2m", "efficientnetv2l"):  # untrained, they amplify 1e-6 to the size of the result
        for kernel in [variable for variable in model.weights if len(variable.shape) == 4]:
            kernel.assign(0.7 * kernel)
    gradcam, images = GradCam(model), photos(96, 1)
    features, logits = features_of(gradcam, images), LogitNetwork(model).predict_batch(images).logits
    assert 1 <= gradcam.shape[0] == gradcam.shape[1] <= 6
    scores = gradcam.scores(keras.ops.convert_to_tensor(features), np.array([1]))
    np.testing.assert_allclose(np.asarray(scores), logits[:, 1], rtol=1e-3)
    assert np.isfinite(gradcam.maps(images, np.arange(1), np.array([[0, 1]]))).all()
