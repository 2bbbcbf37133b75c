"""Every file that the training stage writes for others."""

from pathlib import Path
from typing import ClassVar, Literal, Self

from canigatti.config import Precision, Spec
from canigatti.files import recorded_sha256
from canigatti.records import Record, Table

Origin = Literal["imagenet", "file", "random"]  # of a backbone's initial weights

HISTORY = Table(
    {"epoch": int, "loss": float, "accuracy": float, "val_loss": float, "val_accuracy": float, "seconds": float},
    optional={"learning_rate": float},  # of the first step of each epoch, with a schedule
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


class Inputs(Record):
    """Which photos, and which assignment to subsets, a job has used.

    Attributes:
        images_sha256: of the image store.
        split_sha256: of `splits/<split>.csv`.
    """

    images_sha256: str
    split_sha256: str

    @classmethod
    def of(cls, images: Path, split: Path) -> Self:
        """Return the hashes of these files; a recorded hash stands for a large image store.

        Raises:
            InputError: a file is missing.
        """
        return cls(images_sha256=recorded_sha256(images), split_sha256=recorded_sha256(split))


class Machine(Record):
    """What determines the last digits of a result besides settings, code, photos, versions and a GPU.

    Attributes:
        cpu: CPU model; it determines the instructions that oneDNN uses.
        usable_cores: number of cores that the process may use (CPU affinity); it determines the summation order.
        intra_op_threads: threads within an operation of TensorFlow; 0 for as many as cores.
        inter_op_threads: operations that TensorFlow runs at a time; 0 for as many as cores.
        variables: environment variables that change how TensorFlow computes, those that are set.
    """

    cpu: str
    usable_cores: int
    intra_op_threads: int
    inter_op_threads: int
    variables: dict[str, str]


class TrainingRecord(Record):
    """`training/…/run.json`: settings, result and cost of a training run.

    Attributes:
        weights: origin of the backbone's initial weights; None for a network without a backbone.
        wall_seconds: from the start of the job to the saved model, including the epochs of an interrupted run.
        status: `diverged` if a loss became infinite or NaN.
        parameters: number of parameters of the network; `trainable_parameters` counts those that training changes.
        weight_mb: size of the weights at four bytes each, in MiB.
        best_epoch: the epoch with the lowest validation loss, from 1; 0 if no epoch had a finite loss.
        epochs: number of epochs that were run.
        seconds_per_epoch: median duration of an epoch.
        resumed_after: the epochs after which the training was interrupted and resumed.
        machine: what else the numbers depend on.
        versions: of Python and the libraries that affect a result.
        inputs: the photos and the split that the network was trained on.
        history_sha256: of `history.csv`.
        model_sha256: of `model.keras`.
        precision: what the network was trained in, if the experiment requests mixed precision; None if it does not.
        gave_up: whether the training ended because its validation accuracy was not significantly better than
            guessing, see `early_stopping.give_up_after` of the experiment.
    """

    omitted_defaults: ClassVar[tuple[str, ...]] = ("precision", "gave_up")

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
    machine: Machine
    versions: dict[str, str]
    inputs: Inputs
    history_sha256: str
    model_sha256: str
    precision: Precision | None = None
    gave_up: bool = False

    @property
    def diverged(self) -> bool:
        """Whether a loss became infinite or NaN, so that the metrics of the network are not meaningful."""
        return self.status == "diverged"

    @property
    def random_initialization(self) -> bool:
        """Whether pretrained weights were requested but could not be downloaded."""
        return self.weights == "random"
