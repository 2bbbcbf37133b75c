"""What an exported model takes and returns, in words and in numbers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from canigatti.config import Resize
from canigatti.prediction.export.records import Input, ModelDescription, Output

if TYPE_CHECKING:
    import keras

_RESIZED = {
    "squeeze": "width and height are scaled to {size} pixels, which changes the aspect ratio",
    "crop": "the shorter side is scaled to {size} pixels, and the center square is cut out",
    "pad": "the longer side is scaled to {size} pixels, and the photo is centered on black",
}


def describe_model(
    model: "keras.Model",
    classes: Sequence[str],
    resize: Resize,
    temperature: float | None,
    model_sha256: str,
) -> ModelDescription:
    """Return the description of a model, with the names of its tensors in Keras.

    Args:
        model: see :func:`canigatti.evaluation.prediction.predict`.
        classes: names of the classes, label 0 first.
        resize: how photos become squares.
        temperature: from its calibration; None without one.
        model_sha256: of its file.
    """
    _, size, _, channels = model.input_shape
    color: Literal["rgb", "grayscale"] = "grayscale" if channels == 1 else "rgb"
    return ModelDescription(
        classes=tuple(classes),
        input=Input(
            name=model.inputs[0].name,
            dtype="uint8",
            shape=(None, size, size, channels),
            color=color,
            resize=resize,
            description=_describe_input(size, color, resize),
        ),
        output=Output(
            name=model.outputs[0].name,
            dtype="float32",
            shape=(None, int(model.output_shape[1])),
            temperature=temperature,
            description=_describe_output(classes, temperature),
        ),
        model_sha256=model_sha256,
    )


def _describe_input(size: int, color: str, resize: Resize) -> str:
    channels = "gray values (the luma of ITU-R 601-2)" if color == "grayscale" else "red, green and blue"
    return (
        f"It takes any number of upright photos of {size} × {size} pixels, {channels}, each 0 to 255; nothing has to "
        f"be scaled or normalized. Photos of other sizes become square by {resize}: "
        f"{_RESIZED[resize].format(size=size)}, with an antialiased bilinear filter, as Pillow has it."
    )


def _describe_output(classes: Sequence[str], temperature: float | None) -> str:
    if len(classes) == 2:
        values = f"the probability of {classes[1]}; that of {classes[0]} is 1 minus it"
    else:
        values = "the probability of each class, in the order of the classes"
    own = f"It returns {values}. These are the network's own probabilities, which are not calibrated."
    return own if temperature is None else f"{own} {_describe_calibration(len(classes), f'1 / {temperature:.6g}')}"


def _describe_calibration(classes: int, power: str) -> str:
    if classes == 2:
        return f"For a returned probability p, the calibrated one is 1 / (1 + ((1 - p) / p)^({power}))."
    return f"Calibrated ones are in proportion to the returned ones to the power of {power}, and add up to 1."
