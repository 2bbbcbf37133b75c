"""How well a model does on the test photos, and on which of them it fails or wavers."""

import numpy as np
import pandas as pd

from canigatti.evaluation.records import PREDICTIONS, UNCERTAIN, Metrics
from canigatti.files import InputError

THRESHOLD = 0.5
_CLIP = 1e-7  # keras.config.epsilon(), the clipping of Keras' binary cross-entropy


def measure(labels: np.ndarray, probabilities: np.ndarray, threshold: float = THRESHOLD) -> Metrics:
    """Measure predictions of the test set.

    A photo counts as class 1 when its probability is above the threshold, not when it equals it, as in Keras' binary
    accuracy.

    Args:
        labels: (n,), 0 or 1.
        probabilities: (n,), of class 1, from 0 to 1.
        threshold: from 0 to 1.

    Raises:
        InputError: there is no photo, or a probability is not a number from 0 to 1.
    """
    refuse_divergence(probabilities)
    from sklearn.metrics import log_loss  # imported here: they take 2.7 s, and drawing needs neither
    from statsmodels.stats.proportion import proportion_confint

    counts = confusion(labels, probabilities, threshold)
    right, n = int(np.trace(counts)), len(labels)
    low, high = proportion_confint(right, n, alpha=0.05, method="wilson")
    (zeros, zeros_wrong), (ones_wrong, ones) = counts.tolist()
    return Metrics(
        accuracy=right / n,
        accuracy_interval=(float(low), float(high)),
        loss=float(log_loss(labels, np.clip(probabilities, _CLIP, 1 - _CLIP), labels=[0, 1])),
        n=n,
        confusion=((zeros, zeros_wrong), (ones_wrong, ones)),
        threshold=threshold,
    )


def confusion(labels: np.ndarray, probabilities: np.ndarray, threshold: float = THRESHOLD) -> np.ndarray:
    """Photos by true class (rows) and predicted class (columns), (2, 2), int64."""
    return np.bincount(2 * labels + (probabilities > threshold), minlength=4).reshape(2, 2)


def refuse_divergence(probabilities: np.ndarray) -> None:
    """Check what a model gave for some photos.

    Raises:
        InputError: there is no photo, or a probability is not a number from 0 to 1.
    """
    if len(probabilities) == 0:
        raise InputError("expected photos to measure on, received none")
    outside = ~((probabilities >= 0) & (probabilities <= 1))  # NaN is neither
    if outside.any():
        raise InputError(
            f"the model has diverged: expected probabilities from 0 to 1, received {probabilities[outside][0]} "
            f"and the like for {outside.sum()} of {len(probabilities)} photos; train it with a lower learning rate"
        )


def prediction_table(ids: np.ndarray, labels: np.ndarray, probabilities: np.ndarray) -> pd.DataFrame:
    """Return the predictions as a table, see :data:`canigatti.evaluation.records.PREDICTIONS`; all inputs are (n,)."""
    return PREDICTIONS.frame({"id": ids, "label": labels, "probability": probabilities})


def uncertain(predictions: pd.DataFrame, n: int = 10, threshold: float = THRESHOLD) -> pd.DataFrame:
    """The photos whose probability is nearest to one half, the nearest first; equally near ones by id.

    Args:
        predictions: id, label, probability.
        n: how many photos at most.
        threshold: what a probability must exceed to mean class 1.

    Returns:
        id, probability, true, predicted, distance: |probability - 0.5|, from 0 to 0.5.
    """
    judged = _judge(predictions, threshold)
    judged["distance"] = (judged["probability"] - 0.5).abs()
    nearest = judged.sort_values(["distance", "id"]).head(n).reset_index(drop=True)
    return UNCERTAIN.frame(nearest)


def misclassified(predictions: pd.DataFrame, threshold: float = THRESHOLD) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The photos taken for the other class, the most confident errors first; equal ones by id.

    Args:
        predictions: id, label, probability.
        threshold: what a probability must exceed to mean class 1.

    Returns:
        Photos of class 0 taken for 1, and of class 1 taken for 0; each with id, probability, true, predicted.
    """
    judged = _judge(predictions, threshold)
    wrong = judged[judged["true"] != judged["predicted"]]
    zeros, ones = wrong[wrong["true"] == 0], wrong[wrong["true"] == 1]
    return (
        zeros.sort_values(["probability", "id"], ascending=[False, True]).reset_index(drop=True),
        ones.sort_values(["probability", "id"]).reset_index(drop=True),
    )


def _judge(predictions: pd.DataFrame, threshold: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": predictions["id"],
            "probability": predictions["probability"],
            "true": predictions["label"],
            "predicted": (predictions["probability"] > threshold).astype(np.int64),
        }
    )
