"""What an exported model takes and returns, and how it was compared with Keras."""

from typing import Literal

from canigatti.config import Resize
from canigatti.records import Record

Format = Literal["onnx", "litert", "saved_model"]


class Input(Record):
    """The input of an exported model: photos that are decoded, upright and square.

    Attributes:
        name: of the tensor.
        dtype: of the tensor.
        shape: batch, height, width, channels; None for any number of photos.
        color: `rgb`, or `grayscale`: the luma of ITU-R 601-2, as in Pillow's `convert("L")`.
        resize: how photos of any shape become squares.
        description: the same as a sentence; scaling and the backbone's preprocessing are part of the model.
    """

    name: str
    dtype: Literal["uint8"]
    shape: tuple[int | None, ...]
    color: Literal["rgb", "grayscale"]
    resize: Resize
    description: str


class Output(Record):
    """The output of an exported model.

    Attributes:
        name: of the tensor.
        dtype: of the tensor.
        shape: batch and values; None for any number of photos.
        temperature: by which logits are divided for calibrated probabilities; None without a calibration.
        description: what the values are, and how they are calibrated.
    """

    name: str
    dtype: Literal["float32"]
    shape: tuple[int | None, ...]
    temperature: float | None
    description: str


class ModelDescription(Record):
    """What a program needs to know to use an exported model; it is inside the model too.

    Attributes:
        classes: names of the classes, label 0 first.
        model_sha256: of the .keras file that was exported.
    """

    classes: tuple[str, ...]
    input: Input
    output: Output
    model_sha256: str


class ModelComparison(Record):
    """How the predictions of an exported model differ from those of Keras.

    Attributes:
        photos: number of photos that both predicted.
        source: what the photos are.
        largest_difference: of a probability.
        tolerance: the largest difference with which this export succeeds: 1e-5, or more if the difference is larger and
            the network's rounding errors in float32, measured against float64, explain it.
        runtime: name and version of the runtime that the format is for.
        keras: its version.
    """

    photos: int
    source: str
    largest_difference: float
    tolerance: float
    runtime: str
    keras: str


class ExportRecord(Record):
    """`<exported model>.json`: describes the exported model next to it.

    Attributes:
        format: of the exported model.
        sha256: of the exported file; None for a folder.
        description: of its input and output.
        comparison: with Keras.
    """

    format: Format
    sha256: str | None
    description: ModelDescription
    comparison: ModelComparison
