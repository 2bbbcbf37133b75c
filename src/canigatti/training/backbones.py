"""Pretrained networks: a backbone of keras.applications and a new head."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from canigatti.config import Head, Pretrained, Spec, Weights
from canigatti.files import InputError
from canigatti.training.records import Origin

if TYPE_CHECKING:
    import keras


def backbone_builder(name: str) -> Callable[..., "keras.Model"]:
    """Return the function of keras.applications that builds a backbone, by its lower-case name."""
    from keras import applications

    return {key.lower(): value for key, value in vars(applications).items()}[name]


def preprocess_input(name: str) -> Callable[["keras.KerasTensor"], "keras.KerasTensor"]:
    """Return the backbone's own preprocessing function.

    It takes floats (batch, size, size, 3), RGB, 0…255, and returns the same shape in the range that it needs.
    """
    import importlib

    return importlib.import_module(backbone_builder(name).__module__).preprocess_input


def load_backbone(name: str, weights: Weights) -> tuple["keras.Model", Origin]:
    """Return a backbone without its top layers, and the origin of its weights.

    Keras downloads the ImageNet weights, and verifies their hash if it publishes one.

    Args:
        name: lower-case name in keras.applications.
        weights: where its weights come from.

    Raises:
        InputError: the weights cannot be downloaded, or belong to another network.
    """
    build = backbone_builder(name)
    if weights.source != "imagenet":
        model = build(weights=None, include_top=False)
        _load_weights(model, name, Path(weights.source))
        return model, "file"
    try:
        return build(weights="imagenet", include_top=False), "imagenet"
    except Exception as error:  # Keras raises a bare Exception when a server does not answer
        if weights.if_unreachable == "random":
            print(f"{name}: cannot download the ImageNet weights ({error}); using random initialization", flush=True)
            return build(weights=None, include_top=False), "random"
        raise InputError(
            f"weights.{name}: cannot download the ImageNet weights ({error}); download the weights without the top "
            f"layers manually, and set weights.{name} to the file in the configuration"
        ) from None


def _load_weights(model: "keras.Model", name: str, path: Path) -> None:
    try:
        model.load_weights(path)
    except (OSError, ValueError, KeyError) as error:
        first_line = str(error).partition("\n")[0]
        raise InputError(f"{path}: expected weights of {name} without the top layers, received {first_line}") from None


def apply_pretrained(
    spec: Spec, network: Pretrained, photos: "keras.KerasTensor", weights: Path | None
) -> "keras.KerasTensor":
    """Apply preprocessing, backbone, pooling and the head's dense layers, and return their values, (batch, units).

    Args:
        spec: the experiment.
        network: its network.
        photos: (batch, size, size, 3), uint8, RGB.
        weights: file with the backbone's weights, see :func:`load_backbone`; None leaves them random.

    Raises:
        InputError: the file does not hold the weights of this backbone.
    """
    import keras

    if network.preprocess == "own":
        values = preprocess_input(network.backbone)(keras.ops.cast(photos, "float32"))
    else:
        values = keras.layers.Rescaling(1 / 255, name="scale")(photos)
    shape = (spec.image_size, spec.image_size, 3)
    backbone = backbone_builder(network.backbone)(weights=None, include_top=False, input_shape=shape)
    backbone.name = network.backbone  # not as an argument: EfficientNetV2 selects its preprocessing by it
    if weights is not None:
        _load_weights(backbone, network.backbone, weights)
    return _apply_head(network.head, backbone(values, training=False))


def _apply_head(head: Head, features: "keras.KerasTensor") -> "keras.KerasTensor":
    from keras import layers

    pooling = layers.Flatten if head.pooling == "flatten" else layers.GlobalAveragePooling2D
    values = pooling(name="pooling")(features)
    for number, units in enumerate(head.dense_units, start=1):
        dense = layers.Dense(units, activation="relu", kernel_initializer="he_uniform", name=f"dense{number}")
        values = dense(values)
    return values


def unfreeze(model: "keras.Model", backbone: str, first_layer: str) -> None:
    """Set which layers of the backbone are trainable; its batch normalization stays frozen.

    The moving statistics of a trainable batch normalization would follow the small batches of the new task, even if the
    backbone is called with `training=False` (Keras issue 20285). `trainable = False` on the layer prevents that.

    Args:
        model: a network with :func:`apply_pretrained`'s layers; compile it afterwards.
        backbone: the backbone's name.
        first_layer: name of the first trainable layer, or `nothing` or `everything`.

    Raises:
        InputError: the backbone has no layer of that name.
    """
    import keras

    body = model.get_layer(backbone)
    names = [layer.name for layer in body.layers]
    positions = {name: number for number, name in enumerate(names)} | {"nothing": len(names), "everything": 0}
    if first_layer not in positions:
        last = ", ".join(names[-8:])
        raise InputError(f"unfreeze: {backbone} has no layer {first_layer!r}; its last layers are {last}")
    body.trainable = True
    for number, layer in enumerate(body.layers):
        layer.trainable = number >= positions[first_layer] and not isinstance(layer, keras.layers.BatchNormalization)
