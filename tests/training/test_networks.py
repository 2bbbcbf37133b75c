from pathlib import Path

import numpy as np
import pytest

from canigatti.config import Adam, AdamW, Convolutional, Pretrained, RMSprop, Spec, load_study
from canigatti.training import networks


def spec(**fields):
    return Spec(augmentation=None, **fields)


def build(settings, classes=2):
    return networks.build(settings, None, classes)


@pytest.mark.parametrize(("color", "parameters"), [("rgb", 20_573_761), ("grayscale", 20_573_185)])
def test_the_base_network_has_the_study_parameters(color, parameters):
    assert build(spec(color=color)).count_params() == parameters


@pytest.mark.parametrize(("name", "parameters"), [("wider", 41_331_329), ("deeper", 20_767_521)])
def test_the_modifications_have_the_study_parameters(name, parameters):
    study = load_study(Path(__file__).parents[2] / "config" / "full.yaml")
    experiment = study.experiments[name]
    assert build(experiment.resolve()).count_params() == parameters
    assert experiment.early_stopping.patience == {"wider": 5, "deeper": 15}[name]


def test_the_base_network_has_the_layers_of_the_study():
    model = build(spec())
    kinds = [type(layer).__name__ for layer in model.layers]
    block = ["Conv2D", "MaxPooling2D", "Dropout"]
    assert kinds == ["InputLayer", "Rescaling", *block * 3, "Flatten", "Dense", "Dropout", "Dense"]
    assert [layer.rate for layer in model.layers if hasattr(layer, "rate")] == [0.2, 0.2, 0.2, 0.5]
    for layer in model.layers:
        if type(layer).__name__ in ("Conv2D", "Dense"):
            activation, initializer = layer.activation.__name__, type(layer.kernel_initializer).__name__
            assert (activation, initializer) in {("relu", "HeUniform"), ("sigmoid", "GlorotUniform")}
    assert model.loss == "binary_crossentropy"


@pytest.mark.parametrize("classes", [2, 3, 7])
@pytest.mark.parametrize("network", [Convolutional(), Pretrained(backbone="vgg16")], ids=["scratch", "pretrained"])
def test_the_output_has_one_sigmoid_unit_for_two_classes_and_a_softmax_for_more(network, classes):
    model = build(spec(network=network, image_size=32), classes)
    output = model.layers[-1]
    expected = ("probability", 1, "sigmoid") if classes == 2 else ("probabilities", classes, "softmax")
    assert (output.name, output.units, output.activation.__name__) == expected
    assert type(output.kernel_initializer).__name__ == "GlorotUniform"
    assert model.output_shape == (None, expected[1])
    assert model.loss == ("binary_crossentropy" if classes == 2 else "sparse_categorical_crossentropy")


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_loss_and_accuracy_are_those_of_the_probabilities(classes):
    model = build(spec(image_size=16), classes)
    generator = np.random.default_rng(0)
    photos, labels = generator.integers(0, 256, (20, 16, 16, 3), dtype=np.uint8), np.arange(20) % classes
    loss, accuracy = model.evaluate(photos, labels[:, None].astype(np.float32), verbose=0)
    output = model.predict(photos, verbose=0)
    probabilities = np.hstack([1 - output, output]) if classes == 2 else output
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert loss == pytest.approx(-np.log(probabilities[np.arange(20), labels]).mean(), rel=1e-4)
    assert accuracy == pytest.approx((probabilities.argmax(axis=1) == labels).mean())


def test_one_class_is_refused():
    with pytest.raises(ValueError, match="classes: expected 2 or more, received 1"):
        build(spec(image_size=16), 1)


def test_the_configuration_determines_the_layers():
    network = Convolutional(filters=(4, 8), convolutions_per_block=2, kernel_size=5, dense_units=7, dropout=(0, 0, 0))
    model = build(spec(network=network, image_size=16))
    convolutions = [layer for layer in model.layers if "conv" in layer.name]
    assert [(layer.filters, layer.kernel_size) for layer in convolutions] == [(4, (5, 5))] * 2 + [(8, (5, 5))] * 2
    assert model.get_layer("dense").units == 7


def test_average_pooling_replaces_the_flattening_and_the_dense_layer_has_a_weight_per_filter_and_unit():
    average = Convolutional(pooling="average")
    model = build(spec(network=average))
    convolutions = 20_573_761 - (25 * 25 * 128 * 256 + 256) - 257
    assert model.count_params() == convolutions + 128 * 256 + 256 + 257
    assert [layer.name for layer in model.layers][-4:-2] == ["average", "dense"]
    small = build(spec(network=average, image_size=8))
    assert small.count_params() == model.count_params(), "the same for every image size"
    photos = np.random.default_rng(0).integers(0, 256, (1, 8, 8, 3), dtype=np.uint8)
    import keras

    maps, averages = (
        keras.Model(small.inputs, small.get_layer(name).output)([photos]) for name in ("block3_dropout", "average")
    )
    np.testing.assert_allclose(averages, np.mean(maps, axis=(1, 2)), rtol=1e-5)


def test_batch_normalization_is_between_every_layer_and_its_relu():
    network = Convolutional(filters=(4,), convolutions_per_block=2, dense_units=7, dropout=(0, 0))
    plain, normalized = (
        build(spec(network=network.model_copy(update={"batch_normalization": on}), image_size=16))
        for on in (False, True)
    )
    kinds = [type(layer).__name__ for layer in normalized.layers]
    after = ["BatchNormalization", "ReLU"]
    assert kinds == [
        *("InputLayer", "Rescaling", *("Conv2D", *after) * 2, "MaxPooling2D", "Dropout"),
        *("Flatten", "Dense", *after, "Dropout", "Dense"),
    ]
    units = 4 + 4 + 7  # each has a scale, a mean and a variance more; the shift replaces the bias
    assert normalized.count_params() - plain.count_params() == 3 * units


def test_every_layer_before_relu_has_the_configured_initializer():
    model = build(spec(network=Convolutional(kernel_initializer="glorot_uniform"), image_size=16))
    layers = [layer for layer in model.layers if type(layer).__name__ in ("Conv2D", "Dense")]
    assert {type(layer.kernel_initializer).__name__ for layer in layers} == {"GlorotUniform"}


def test_photos_are_scaled_inside_the_model():
    model = build(spec(image_size=16))
    dark, bright = np.zeros((1, 16, 16, 3), np.uint8), np.full((1, 16, 16, 3), 255, np.uint8)
    import keras

    scaled = keras.Model(model.inputs, model.get_layer("scale").output)
    assert float(np.max(scaled([dark]))) == 0
    assert float(np.min(scaled([bright]))) == 1


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (spec().optimizer, {"learning_rate": 0.001, "momentum": 0.9}),
        (Adam(name="adam", beta_1=0.8), {"learning_rate": 0.001, "beta_1": 0.8, "beta_2": 0.999}),
        (AdamW(name="adamw"), {"learning_rate": 0.001, "weight_decay": 0.004, "beta_1": 0.9, "beta_2": 0.999}),
        (AdamW(name="adamw", weight_decay=0.1), {"weight_decay": 0.1}),
        (RMSprop(name="rmsprop", rho=0.8), {"rho": 0.8, "momentum": 0.0}),
    ],
)
def test_the_optimizer_has_its_settings(settings, expected):
    optimizer = build(spec(optimizer=settings, image_size=16)).optimizer
    config = optimizer.get_config()
    assert type(optimizer).__name__.lower() == settings.name
    assert {name: config[name] for name in expected} == pytest.approx(expected)
