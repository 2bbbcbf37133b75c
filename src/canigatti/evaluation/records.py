"""Records and tables of every file that the evaluation stage writes for other stages."""

from typing import Annotated, ClassVar

from pydantic import Field

from canigatti.records import Record, Table
from canigatti.training.records import Inputs, Machine

EVALUATION_FILES = ("predictions.csv", "validation.csv", "metrics.json", "uncertain.csv", "speed.json")
EVALUATION_PLOTS = {  # titles by name of the PNG file
    "confusion": "confusion matrix",
    "misclassified": "misclassified photos",
    "uncertain": "least certain photos",
}

# `probability` is that of class 1 of two classes, else of the predicted class; `distance` is half the margin between
# the two most probable classes, 0 to 0.5.
UNCERTAIN = Table({"id": str, "probability": float, "true": int, "predicted": int, "distance": float})

Probability = Annotated[float, Field(ge=0, le=1)]
Interval = tuple[Probability, Probability]


class EvaluationRecord(Record):
    """`evaluation/…/evaluation.json` and that in `uncorrected/`: what was evaluated, and on what.

    Attributes:
        model_sha256: of the model.
        inputs: the photos and the split whose test and validation sets were predicted, as assigned.
        machine: what the last digits of the predictions depend on.
        files: SHA-256 by name of the other files that were written next to this one.
        corrected_sha256: SHA-256 of the parts of the split after corrections, `training` and `test`, to which the files
            belong; None for those that `evaluate` wrote, before corrections.
    """

    omitted_defaults: ClassVar[tuple[str, ...]] = ("corrected_sha256",)

    model_sha256: str
    inputs: Inputs
    machine: Machine
    files: dict[str, str]
    corrected_sha256: dict[str, str] | None = None


class ClassMetrics(Record):
    """Metrics of one class on the test set.

    Attributes:
        n: number of its test photos.
        predicted: number of photos that are classified as this class.
        recall: fraction of its photos that are classified correctly; 0 without photos, as in scikit-learn.
        recall_interval: 95% confidence interval, see :func:`canigatti.evaluation.intervals.accuracy_interval`.
        precision: fraction of the photos classified as this class that belong to it; 0 without such photos.
        precision_interval: 95% confidence interval.
        f1: harmonic mean of recall and precision.
    """

    n: int
    predicted: int
    recall: Probability
    recall_interval: Interval | None
    precision: Probability
    precision_interval: Interval | None
    f1: Probability


class Metrics(Record):
    """`evaluation/…/metrics.json`: metrics of a model on the test set.

    Attributes:
        accuracy: 0 to 1.
        accuracy_interval: its 95% confidence interval (Wilson 1927), see
            :func:`canigatti.evaluation.intervals.accuracy_interval`.
        loss: mean cross-entropy in nats, probabilities clipped to 1e-7 … 1 - 1e-7 as Keras does.
        n: number of test photos.
        confusion: (classes, classes), counts by true class (rows) and predicted class (columns).
        threshold: a photo whose probability exceeds it is classified as class 1 of two classes; None for more classes.
        balanced_accuracy: mean recall of the classes with test photos.
        macro_f1: mean F1 of the classes that are true or predicted for a photo.
        matthews: Matthews correlation coefficient, -1 to 1.
        roc_auc: area under the ROC curve, 0 to 1: of class 1 of two classes, else the mean over classes, each against
            the rest; None if a class has no test photo.
        average_precision: average precision, in the same way.
        largest_class: fraction of the test photos in the largest class, the accuracy of always predicting it.
        classes: metrics of each class, label 0 first.
    """

    accuracy: Probability
    accuracy_interval: Interval
    loss: Annotated[float, Field(ge=0)]
    n: Annotated[int, Field(ge=1)]
    confusion: tuple[tuple[int, ...], ...]
    threshold: Probability | None
    balanced_accuracy: Probability
    macro_f1: Probability
    matthews: Annotated[float, Field(ge=-1, le=1)]
    roc_auc: Probability | None
    average_precision: Probability | None
    largest_class: Probability
    classes: tuple[ClassMetrics, ...]


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
