"""Every file that the training stage writes for others."""

from typing import Literal

from canigatti.config import Spec
from canigatti.records import Record, Table

Origin = Literal["imagenet", "file", "random"]  # of a backbone's first weights

HISTORY = Table(
    {"epoch": int, "loss": float, "accuracy": float, "val_loss": float, "val_accuracy": float, "seconds": float}
)


class WeightsRecord(Record):
    """`weights/<backbone>.json`: describes the weights file next to it.

    Attributes:
        backbone: lower-case name in keras.applications.
        source: what the configuration names: `imagenet` or a file.
        weights: their actual origin; `random` if they could not be downloaded.
        sha256: of the weights file.
    """

    backbone: str
    source: str
    weights: Origin
    sha256: str


class TrainingRecord(Record):
    """`training/…/run.json`: settings, result and cost of a training run.

    Attributes:
        weights: origin of the backbone's first weights; None for a network without a backbone.
        wall_seconds: from the start of the job to the saved model, including the epochs of an interrupted run.
        status: `diverged` if a loss became infinite or NaN.
        parameters: number of parameters of the network; `trainable_parameters` counts those that training changes.
        weight_mb: size of the weights at four bytes each, in MiB.
        best_epoch: the epoch with the lowest validation loss, from 1; 0 if no epoch had a finite loss.
        epochs: number of epochs that were run.
        seconds_per_epoch: median duration of an epoch.
        resumed_after: the epochs after which the training was interrupted and resumed.
        versions: of Python and the libraries that affect a result.
        model_sha256: of `model.keras`.
    """

    experiment: str
    seed: int
    spec: Spec
    weights: Origin | None
    wall_seconds: float
    status: Literal["completed", "diverged"]
    parameters: int
    trainable_parameters: int
    weight_mb: float
    best_epoch: int
    epochs: int
    seconds_per_epoch: float
    resumed_after: tuple[int, ...]
    device: str
    versions: dict[str, str]
    model_sha256: str

    @property
    def diverged(self) -> bool:
        """Whether a loss became infinite or NaN, so that the metrics of the network are not meaningful."""
        return self.status == "diverged"

    @property
    def random_initialization(self) -> bool:
        """Whether pretrained weights were requested but could not be downloaded."""
        return self.weights == "random"
