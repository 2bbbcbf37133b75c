"""The networks of the study, built from the configuration."""

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from canigatti.config import Convolutional, Optimizer, Pretrained, Spec
from canigatti.training.backbones import apply_pretrained, unfreeze
from canigatti.training.outputs import apply_output, count_classes

if TYPE_CHECKING:
    import keras

CHANNELS = {"rgb": 3, "grayscale": 1}


def build(spec: Spec, weights: Path | None, classes: int) -> "keras.Model":
    """Return the network of an experiment, compiled with its optimizer and cross-entropy.

    Its input is uint8 photos (batch, size, size, channels); its output is that of :func:`apply_output`. Scaling, or the
    backbone's own preprocessing, is part of the network, so that a saved model is complete.

    Args:
        spec: the experiment.
        weights: file with the weights of its backbone; None for a network without a backbone, or random initialization.
        classes: number of classes, 2 or more.

    Raises:
        InputError: the file does not hold the weights of this backbone.
    """
    import keras

    photos = keras.Input((spec.image_size, spec.image_size, CHANNELS[spec.color]), dtype="uint8", name="photos")
    if isinstance(spec.network, Pretrained):
        outputs = apply_output(apply_pretrained(spec, spec.network, photos, weights), classes)
        model = keras.Model(photos, outputs, name="pretrained")
    else:
        scaled = keras.layers.Rescaling(1 / 255, name="scale")(photos)
        outputs = apply_output(apply_convolutional(spec.network, scaled), classes)
        model = keras.Model(photos, outputs, name="convolutional")
    return prepare(model, spec)


def prepare(model: "keras.Model", spec: Spec) -> "keras.Model":
    """Unfreeze the layers that the experiment trains, compile the network and return it."""
    if isinstance(spec.network, Pretrained):
        unfreeze(model, spec.network.backbone, spec.unfreeze)
    return compile_network(model, spec)


def compile_network(model: "keras.Model", spec: Spec) -> "keras.Model":
    """Compile a network, or its head, with the experiment's optimizer and cross-entropy, and return it.

    The loss is binary cross-entropy for two classes, and sparse categorical cross-entropy for more; both take labels
    (batch, 1).
    """
    loss = "binary_crossentropy" if count_classes(model) == 2 else "sparse_categorical_crossentropy"
    model.compile(optimizer=build_optimizer(spec.optimizer), loss=loss, metrics=["accuracy"])
    return model


def apply_convolutional(network: Convolutional, photos: "keras.KerasTensor") -> "keras.KerasTensor":
    """Apply blocks of convolutions and pooling and the dense layer, and return its values, (batch, units).

    Args:
        network: the sizes of the layers.
        photos: (batch, size, size, channels), floats, 0…1.

    Raises:
        ValueError: the photos are too small: each block halves their size.
    """
    from keras import layers

    values = photos
    for block, (filters, dropout) in enumerate(zip(network.filters, network.dropout, strict=False), start=1):
        for number in range(1, network.convolutions_per_block + 1):
            name = f"block{block}_conv{number}"
            convolution = partial(layers.Conv2D, filters, network.kernel_size, padding="same")
            values = _apply_layer(network, convolution, values, name)
        values = layers.MaxPooling2D(2, name=f"block{block}_pool")(values)
        values = layers.Dropout(dropout, name=f"block{block}_dropout")(values)
    values = layers.Flatten(name="flatten")(values)
    values = _apply_layer(network, partial(layers.Dense, network.dense_units), values, "dense")
    return layers.Dropout(network.dropout[-1], name="dense_dropout")(values)


def _apply_layer(
    network: Convolutional, layer: Callable[..., "keras.Layer"], values: "keras.KerasTensor", name: str
) -> "keras.KerasTensor":
    """Apply a convolution or dense layer, batch normalization if the network has it, and ReLU."""
    from keras import layers

    layer = partial(layer, kernel_initializer=network.kernel_initializer, name=name)
    if not network.batch_normalization:
        return layer(activation="relu")(values)
    values = layer(use_bias=False)(values)  # the normalization's shift replaces the bias
    values = layers.BatchNormalization(name=f"{name}_normalization")(values)
    return layers.ReLU(name=f"{name}_relu")(values)


def trainable_parameters(model: "keras.Model") -> int:
    """Return the number of parameters that training changes."""
    return int(sum(math.prod(weight.shape) for weight in model.trainable_weights))


def build_optimizer(settings: Optimizer) -> "keras.optimizers.Optimizer":
    """Return the Keras optimizer with these settings; all others have Keras' defaults."""
    import keras

    classes = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop}
    return classes[settings.name](**settings.model_dump(exclude={"name"}))
