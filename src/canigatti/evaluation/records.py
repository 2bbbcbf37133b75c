"""Records and tables of every file that the evaluation stage writes for other stages."""

from typing import Annotated

from pydantic import Field

from canigatti.records import Record, Table
from canigatti.training.records import Inputs, Machine

EVALUATION_FILES = ("predictions.csv", "metrics.json", "uncertain.csv", "speed.json")
EVALUATION_PLOTS = {  # titles by name of the PNG file
    "confusion": "confusion matrix",
    "misclassified": "misclassified photos",
    "uncertain": "least certain photos",
}

PREDICTIONS = Table({"id": str, "label": int, "probability": float})
UNCERTAIN = Table({"id": str, "probability": float, "true": int, "predicted": int, "distance": float})

Probability = Annotated[float, Field(ge=0, le=1)]
Confusion = tuple[tuple[int, int], tuple[int, int]]


class EvaluationRecord(Record):
    """`evaluation/…/evaluation.json`: what was evaluated, and on what.

    Attributes:
        model_sha256: of the model.
        inputs: the photos and the split whose test set was predicted.
        machine: what the last digits of the predictions depend on.
        files: SHA-256 by name of the other files that `evaluate` wrote next to this one.
    """

    model_sha256: str
    inputs: Inputs
    machine: Machine
    files: dict[str, str]


class Metrics(Record):
    """`evaluation/…/metrics.json`: metrics of a model on the test set.

    Attributes:
        accuracy: 0 to 1.
        accuracy_interval: its 95% confidence interval (Wilson 1927), see
            :func:`canigatti.evaluation.intervals.accuracy_interval`.
        loss: mean binary cross-entropy in nats, probabilities clipped to 1e-7 … 1 - 1e-7 as Keras does.
        n: number of test photos.
        confusion: [[0→0, 0→1], [1→0, 1→1]], true class → predicted class.
        threshold: a photo whose probability exceeds it is classified as class 1.
    """

    accuracy: Probability
    accuracy_interval: tuple[Probability, Probability]
    loss: Annotated[float, Field(ge=0)]
    n: Annotated[int, Field(ge=1)]
    confusion: Confusion
    threshold: Probability


class Speed(Record):
    """`evaluation/…/speed.json`: time from a decoded photo to its probability, which varies between runs.

    Attributes:
        milliseconds_per_photo: median over the timed batches.
        batch_size: photos per batch.
        batches: number of timed batches.
        device: the GPU's name, or the number of CPU cores.
    """

    milliseconds_per_photo: float
    batch_size: int
    batches: int
    device: str
