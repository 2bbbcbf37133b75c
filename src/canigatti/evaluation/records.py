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
    "reliability": "calibration of the probabilities",
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


class Estimate(Record):
    """An estimate and the limits of its 95% confidence interval."""

    estimate: float
    low: float
    high: float


class Temperature(Record):
    """The number by which logits are divided, so that probabilities are as certain as they are right.

    Attributes:
        value: the temperature; above 1, the network is too certain.
        low: lower limit of its 95% interval.
        high: upper limit of its 95% interval; None if it has none, because the slope may be 0.
        slope: its reciprocal, see :func:`canigatti.evaluation.temperature.fit_slope`.
    """

    value: Annotated[float, Field(gt=0)]
    low: Annotated[float, Field(gt=0)]
    high: float | None
    slope: Estimate


class CalibrationError(Record):
    """How far probabilities are from the fractions that they predict, see `evaluation.calibration.calibration_error`.

    Attributes:
        squared: estimate of the mean squared difference, without the bias of the usual one; negative if the differences
            are smaller than chance alone makes them.
        standard_error: of `squared`.
        bins: number of bins of photos of similar probability.
    """

    squared: float
    standard_error: Annotated[float, Field(ge=0)]
    bins: Annotated[int, Field(ge=1)]


class ProbabilityMetrics(Record):
    """How good the probabilities of a test set are.

    Attributes:
        log_loss: mean cross-entropy in nats, from the logits: unlike the loss in `metrics.json`, it is not clipped.
        brier: mean squared error of the probability of class 1 of two classes (Brier 1950), 0 to 1; of more classes,
            summed over classes, 0 to 2, as in scikit-learn.
        slope: of the labels on the logits; 1 if the probabilities are calibrated, below 1 if they are too certain; None
            if there is none.
        error: calibration error of the probability of class 1 of two classes, or of the predicted one of more.
    """

    log_loss: Annotated[float, Field(ge=0)]
    brier: Annotated[float, Field(ge=0)]
    slope: Estimate | None
    error: CalibrationError


class Candidate(Record):
    """A threshold of the certainty that a promise may use, see `canigatti.evaluation.abstention.candidates`.

    Attributes:
        threshold: the lowest certainty of an answer, in log-odds of the predicted class.
        answered: number of validation photos with at least this certainty.
        errors: number of these that are classified incorrectly.
        independent: number of independent photos that the answered ones are worth at least.
        bound: one-sided 95% upper bound of the true fraction of errors.
    """

    threshold: float
    answered: Annotated[int, Field(ge=1)]
    errors: Annotated[int, Field(ge=0)]
    independent: Annotated[int, Field(ge=1)]
    bound: Probability


class OperatingPoint(Record):
    """What a promised error means for a network.

    Attributes:
        max_error: with 95% confidence, at most this fraction of the answers is wrong.
        chosen: the threshold that the validation photos allow; None if they allow none.
        answered: number of test photos that the network answers; 0 without a threshold.
        errors: number of these answers that are wrong.
        needed: if there is no threshold, the number of validation photos for one, if errors are as rare among them;
            None if no number would be enough, or if there is a threshold.
    """

    max_error: Probability
    chosen: Candidate | None
    answered: int
    errors: int
    needed: int | None


class Calibration(Record):
    """`training/…/calibration.json`: how certain predictions of the model next to it are, and when it should abstain.

    Attributes:
        model_sha256: of `model.keras`; of any other model, this file says nothing.
        validation_photos: number of photos that temperature and thresholds are fitted on.
        validation_groups: number of groups of photos that belong together among them.
        test_photos: number of photos that they are tested on.
        temperature: None if there is none.
        reason: why there is no temperature, as the end of a sentence; None if there is one.
        before: the probabilities of the network on the test set; None if its logits are infinite.
        after: those with the temperature; None without one.
        gain: log-loss before minus log-loss after, on the test set; None without a temperature.
        area: area under the risk-coverage curve of the test set, 0 to 1: the mean fraction of wrong answers over all
            fractions of answered photos; None if its logits are infinite.
        candidates: thresholds for answers with a promised error, the highest first; none if its logits are infinite.
        points: the errors that the page promises.
    """

    model_sha256: str
    validation_photos: int
    validation_groups: int
    test_photos: int
    temperature: Temperature | None
    reason: str | None
    before: ProbabilityMetrics | None
    after: ProbabilityMetrics | None
    gain: Estimate | None
    area: Probability | None
    candidates: tuple[Candidate, ...]
    points: tuple[OperatingPoint, ...]
