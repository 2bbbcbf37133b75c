"""The networks of the study, built from their descriptions in the configuration."""

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from canigatti.config import Convolutional, Optimizer, Pretrained, Spec
from canigatti.training.backbones import pretrained, unfreeze

if TYPE_CHECKING:
    import keras

CHANNELS = {"rgb": 3, "grayscale": 1}


def build(spec: Spec, weights: Path | None = None) -> "keras.Model":
    """The untrained network of an experiment, compiled with its optimizer and binary cross-entropy.

    It takes uint8 photos (batch, size, size, channels) and gives the probability of class 1, (batch, 1): scaling, or
    the backbone's own preprocessing, is part of it, so that a saved model needs nothing else to be used.

    Args:
        spec: the experiment.
        weights: the weights of its backbone, where it has one; None leaves them random.
    """
    import keras

    photos = keras.Input((spec.image_size, spec.image_size, CHANNELS[spec.color]), dtype="uint8", name="photos")
    if isinstance(spec.network, Pretrained):
        model = keras.Model(photos, pretrained(spec, spec.network, photos, weights), name="pretrained")
    else:
        scaled = keras.layers.Rescaling(1 / 255, name="scale")(photos)
        model = keras.Model(photos, convolutional(spec.network, scaled), name="convolutional")
    return prepare(model, spec)


def prepare(model: "keras.Model", spec: Spec) -> "keras.Model":
    """Unfreeze and compile a network, new or trained before, as its experiment says."""
    if isinstance(spec.network, Pretrained):
        unfreeze(model, spec.network.backbone, spec.unfreeze)
    return compile_network(model, spec)


def compile_network(model: "keras.Model", spec: Spec) -> "keras.Model":
    """Give a network, or its head, the experiment's optimizer and the binary cross-entropy."""
    model.compile(optimizer=optimizer(spec.optimizer), loss="binary_crossentropy", metrics=["accuracy"])
    return model


def convolutional(network: Convolutional, photos: "keras.KerasTensor") -> "keras.KerasTensor":
    """Blocks of convolutions and pooling, then the dense layers; photos are (batch, size, size, channels), 0…1.

    Raises:
        ValueError: the photos are too small to be halved once a block.
    """
    from keras import layers

    values = photos
    for block, (filters, dropout) in enumerate(zip(network.filters, network.dropout, strict=False), start=1):
        for number in range(1, network.convolutions_per_block + 1):
            name = f"block{block}_conv{number}"
            values = _layer(network, values, layers.Conv2D, filters, network.kernel_size, padding="same", name=name)
        values = layers.MaxPooling2D(2, name=f"block{block}_pool")(values)
        values = layers.Dropout(dropout, name=f"block{block}_dropout")(values)
    values = layers.Flatten(name="flatten")(values)
    values = _layer(network, values, layers.Dense, network.dense_units, name="dense")
    values = layers.Dropout(network.dropout[-1], name="dense_dropout")(values)
    return layers.Dense(1, activation="sigmoid", kernel_initializer="glorot_uniform", name="probability")(values)


def _layer(
    network: Convolutional,
    values: "keras.KerasTensor",
    kind: Callable[..., "keras.Layer"],
    *sizes: int,
    name: str,
    **options: str,
) -> "keras.KerasTensor":
    """What a layer of weights makes of values, with batch normalisation where the network has it, and ReLU."""
    from keras import layers

    weights = partial(kind, *sizes, kernel_initializer=network.kernel_initializer, name=name, **options)
    if not network.batch_normalization:
        return weights(activation="relu")(values)
    values = weights(use_bias=False)(values)  # the normalisation has a shift of its own
    values = layers.BatchNormalization(name=f"{name}_normalization")(values)
    return layers.ReLU(name=f"{name}_relu")(values)


def trainable_parameters(model: "keras.Model") -> int:
    """How many numbers training changes."""
    return int(sum(math.prod(weight.shape) for weight in model.trainable_weights))


def optimizer(settings: Optimizer) -> "keras.optimizers.Optimizer":
    """The Keras optimizer with these settings, all others at Keras' defaults."""
    import keras

    classes = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop}
    return classes[settings.name](**settings.model_dump(exclude={"name"}))
