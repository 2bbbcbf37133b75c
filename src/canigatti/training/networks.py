"""The networks of the study, built from the configuration."""

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from canigatti.config import Convolutional, Optimizer, Pooling, Pretrained, Spec
from canigatti.training.backbones import apply_pretrained, unfreeze
from canigatti.training.outputs import apply_output, count_classes, crossentropy
from canigatti.training.precision import MIXED, copy_in, layers_in, precision_of

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
    with layers_in(precision_of(spec)):
        return prepare(_assemble(spec, weights, classes), spec)


def _assemble(spec: Spec, weights: Path | None, classes: int) -> "keras.Model":
    import keras

    photos = keras.Input((spec.image_size, spec.image_size, CHANNELS[spec.color]), dtype="uint8", name="photos")
    if isinstance(spec.network, Pretrained):
        outputs = apply_output(apply_pretrained(spec, spec.network, photos, weights), classes)
        return keras.Model(photos, outputs, name="pretrained")
    scaled = keras.layers.Rescaling(1 / 255, name="scale")(photos)
    outputs = apply_output(apply_convolutional(spec.network, scaled), classes)
    return keras.Model(photos, outputs, name="convolutional")


def start_from(model: "keras.Model", spec: Spec) -> "keras.Model":
    """Return the network of another experiment as the initial network of this one, compiled.

    Args:
        model: the trained network, in float32.
        spec: the experiment, with the same network.
    """
    return prepare(model if precision_of(spec) == "float32" else copy_in(MIXED, model), spec)


def in_float32(model: "keras.Model", spec: Spec) -> "keras.Model":
    """Return a network of an experiment that computes in float32, with the same weights.

    Model files compute in float32: they predict without a GPU too, and any experiment can start from them. Weights are
    in float32 in either precision, so none is rounded.
    """
    if precision_of(spec) == "float32":
        return model
    return prepare(copy_in("float32", model), spec.model_copy(update={"mixed_precision": False}))


def prepare(model: "keras.Model", spec: Spec) -> "keras.Model":
    """Unfreeze the layers that the experiment trains, compile the network and return it."""
    if isinstance(spec.network, Pretrained):
        unfreeze(model, spec.network.backbone, spec.unfreeze)
    return compile_network(model, spec)


def compile_network(model: "keras.Model", spec: Spec) -> "keras.Model":
    """Compile a network, or its head, with the experiment's optimizer and cross-entropy, and return it.

    The loss is that of :func:`canigatti.training.outputs.crossentropy`. With mixed precision it is scaled while
    gradients are computed, so that small ones do not become zero in float16 (Micikevicius et al., 2018).
    """
    import keras

    optimizer = build_optimizer(spec.optimizer)
    if precision_of(spec) == MIXED:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    loss = crossentropy(count_classes(model), spec.label_smoothing)
    model.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"])
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
    values = _pooling_layer(network.pooling)(values)
    values = _apply_layer(network, partial(layers.Dense, network.dense_units), values, "dense")
    return layers.Dropout(network.dropout[-1], name="dense_dropout")(values)


def _pooling_layer(pooling: Pooling) -> "keras.Layer":
    from keras import layers

    return layers.Flatten(name="flatten") if pooling == "flatten" else layers.GlobalAveragePooling2D(name="average")


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

    classes = {
        "sgd": keras.optimizers.SGD,
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "rmsprop": keras.optimizers.RMSprop,
    }
    return classes[settings.name](**settings.model_dump(exclude={"name"}))
