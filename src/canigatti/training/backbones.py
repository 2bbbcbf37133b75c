"""Networks that start from weights learned on ImageNet, with a head of our own."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from canigatti.config import Head, Pretrained, Spec, Weights
from canigatti.files import InputError
from canigatti.training.records import Origin

if TYPE_CHECKING:
    import keras


def backbone_maker(name: str) -> Callable[..., "keras.Model"]:
    """The function of keras.applications with this lower-case name."""
    from keras import applications

    return {key.lower(): value for key, value in vars(applications).items()}[name]


def preprocess_input(name: str) -> Callable[["keras.KerasTensor"], "keras.KerasTensor"]:
    """What the backbone's authors did to its photos: floats (batch, size, size, 3), RGB, 0…255, to what it expects."""
    import importlib

    return importlib.import_module(backbone_maker(name).__module__).preprocess_input


def load_backbone(name: str, weights: Weights) -> tuple["keras.Model", Origin]:
    """A backbone without its top, and what its weights are: `imagenet`, `file` or `random`.

    Keras fetches the ImageNet weights from the address and, where it publishes one, checks the hash itself.

    Raises:
        InputError: the weights cannot be had, or are not those of this backbone.
    """
    make = backbone_maker(name)
    if weights.source != "imagenet":
        model = make(weights=None, include_top=False)
        _load(model, name, Path(weights.source))
        return model, "file"
    try:
        return make(weights="imagenet", include_top=False), "imagenet"
    except Exception as error:  # Keras raises a bare Exception when an address does not answer
        if weights.if_unreachable == "random":
            print(f"{name}: the ImageNet weights cannot be fetched ({error}); random ones take their place", flush=True)
            return make(weights=None, include_top=False), "random"
        raise InputError(
            f"weights.{name}: the ImageNet weights cannot be fetched ({error}); fetch the network's weights without "
            f"top by hand, and name the file as weights.{name} in the configuration"
        ) from None


def _load(model: "keras.Model", name: str, path: Path) -> None:
    try:
        model.load_weights(path)
    except (OSError, ValueError, KeyError) as error:
        first_line = str(error).partition("\n")[0]
        raise InputError(f"{path}: expected weights of {name} without top, received {first_line}") from None


def pretrained(
    spec: Spec, network: Pretrained, photos: "keras.KerasTensor", weights: Path | None
) -> "keras.KerasTensor":
    """The probability of class 1, from photos as they are stored.

    Args:
        spec: the experiment.
        network: its network.
        photos: (batch, size, size, 3), uint8, RGB.
        weights: the backbone's weights, from :func:`load_backbone`; None leaves them random.
    """
    import keras

    if network.preprocess == "own":
        values = preprocess_input(network.backbone)(keras.ops.cast(photos, "float32"))
    else:
        values = keras.layers.Rescaling(1 / 255, name="scale")(photos)
    shape = (spec.image_size, spec.image_size, 3)
    backbone = backbone_maker(network.backbone)(weights=None, include_top=False, input_shape=shape)
    backbone.name = network.backbone  # not as an argument: EfficientNetV2 takes its settings from that
    if weights is not None:
        _load(backbone, network.backbone, weights)
    return _head(network.head, backbone(values, training=False))


def _head(head: Head, features: "keras.KerasTensor") -> "keras.KerasTensor":
    from keras import layers

    pooling = layers.Flatten if head.pooling == "flatten" else layers.GlobalAveragePooling2D
    values = pooling(name="pooling")(features)
    for number, units in enumerate(head.dense_units, start=1):
        dense = layers.Dense(units, activation="relu", kernel_initializer="he_uniform", name=f"dense{number}")
        values = dense(values)
    return layers.Dense(1, activation="sigmoid", kernel_initializer="glorot_uniform", name="probability")(values)


def unfreeze(model: "keras.Model", backbone: str, what: str) -> None:
    """Say which layers of the backbone learn; batch normalisation never does.

    A thawed batch normalisation would let its moving statistics run after the small batches of a new task, whatever
    `training` argument the backbone is called with (Keras issue 20285): `trainable = False` on the layer stops that.

    Args:
        model: a network built with :func:`pretrained`; compile it after this.
        backbone: the backbone's name.
        what: `nothing`, `everything`, or the name of the first layer that learns.

    Raises:
        InputError: the backbone has no such layer.
    """
    import keras

    body = model.get_layer(backbone)
    names = [layer.name for layer in body.layers]
    if what not in ("nothing", "everything", *names):
        last = ", ".join(names[-8:])
        raise InputError(f"unfreeze: {backbone} has no layer {what!r}; its last ones are {last}")
    first = {"nothing": len(names), "everything": 0}.get(what)
    first = names.index(what) if first is None else first
    body.trainable = True
    for number, layer in enumerate(body.layers):
        layer.trainable = number >= first and not isinstance(layer, keras.layers.BatchNormalization)
