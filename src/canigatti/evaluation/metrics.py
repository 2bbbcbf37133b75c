"""Metrics of the predictions of a test set, and the photos that are misclassified or least certain."""

import numpy as np
import pandas as pd

from canigatti.evaluation.intervals import accuracy_interval
from canigatti.evaluation.records import PREDICTIONS, UNCERTAIN, Metrics
from canigatti.files import InputError

THRESHOLD = 0.5  # a photo is classified as class 1 when its probability exceeds this, as in Keras' binary accuracy
_CLIP = 1e-7  # keras.config.epsilon(), the clipping of Keras' binary cross-entropy


def classify(probabilities: np.ndarray) -> np.ndarray:
    """Return the predicted label of each photo, 0 or 1, int64; a probability that equals `THRESHOLD` means class 0.

    Args:
        probabilities: of class 1, from 0 to 1, any shape.
    """
    return (np.asarray(probabilities) > THRESHOLD).astype(np.int64)


def compute_metrics(labels: np.ndarray, probabilities: np.ndarray, groups: np.ndarray | None = None) -> Metrics:
    """Compute the metrics of the predictions of a test set.

    Args:
        labels: (n,), 0 or 1.
        probabilities: (n,), of class 1, from 0 to 1.
        groups: (n,), equal values belong together, see :func:`canigatti.evaluation.intervals.accuracy_interval`; None
            if every photo is its own group.

    Raises:
        InputError: there are no photos, or a probability is not a number from 0 to 1.
    """
    check_probabilities(probabilities)
    from sklearn.metrics import log_loss  # imported here, because it takes long and plotting does not need it

    counts = confusion_matrix(labels, probabilities)
    correct, n = int(np.trace(counts)), len(labels)
    (true_zeros, false_ones), (false_zeros, true_ones) = counts.tolist()
    return Metrics(
        accuracy=correct / n,
        accuracy_interval=accuracy_interval(
            classify(probabilities) == labels, np.arange(n) if groups is None else groups
        ),
        loss=float(log_loss(labels, np.clip(probabilities, _CLIP, 1 - _CLIP), labels=[0, 1])),
        n=n,
        confusion=((true_zeros, false_ones), (false_zeros, true_ones)),
        threshold=THRESHOLD,
    )


def confusion_matrix(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Count photos by true class (rows) and predicted class (columns); return (2, 2), int64.

    Args:
        labels: (n,), 0 or 1.
        probabilities: (n,), of class 1, from 0 to 1.
    """
    return np.bincount(2 * labels + classify(probabilities), minlength=4).reshape(2, 2)


def check_probabilities(probabilities: np.ndarray) -> None:
    """Check that a model predicted at least one photo, and that every prediction, (n,), is a probability.

    Raises:
        InputError: there are no photos, or a probability is not a number from 0 to 1.
    """
    if len(probabilities) == 0:
        raise InputError("expected at least one photo to evaluate, received none")
    invalid = ~((probabilities >= 0) & (probabilities <= 1))  # NaN compares as false
    if invalid.any():
        raise InputError(
            f"the model has diverged: expected probabilities from 0 to 1, received invalid ones such as "
            f"{probabilities[invalid][0]} for {invalid.sum()} of {len(probabilities)} photos; "
            "train it with a lower learning rate"
        )


def prediction_table(ids: np.ndarray, labels: np.ndarray, probabilities: np.ndarray) -> pd.DataFrame:
    """Return the predictions as a table, see :data:`canigatti.evaluation.records.PREDICTIONS`; all inputs are (n,)."""
    return PREDICTIONS.frame({"id": ids, "label": labels, "probability": probabilities})


def least_certain(predictions: pd.DataFrame, n: int = 10) -> pd.DataFrame:
    """Return the photos whose probability is nearest to the threshold, nearest first, ties by id.

    Args:
        predictions: id, label, probability.
        n: the maximum number of photos.

    Returns:
        id, probability, true, predicted, distance: |probability - threshold|, from 0 to 0.5.
    """
    classified = _classify_table(predictions)
    classified["distance"] = (classified["probability"] - THRESHOLD).abs()
    nearest = classified.sort_values(["distance", "id"]).head(n).reset_index(drop=True)
    return UNCERTAIN.frame(nearest)


def misclassified(predictions: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the misclassified photos of each true class, most confident errors first, ties by id.

    Args:
        predictions: id, label, probability.

    Returns:
        Photos of class 0 classified as 1, and photos of class 1 classified as 0; both with id, probability, true,
        predicted.
    """
    classified = _classify_table(predictions)
    errors = classified[classified["true"] != classified["predicted"]]
    zeros, ones = errors[errors["true"] == 0], errors[errors["true"] == 1]
    return (
        zeros.sort_values(["probability", "id"], ascending=[False, True]).reset_index(drop=True),
        ones.sort_values(["probability", "id"]).reset_index(drop=True),
    )


def _classify_table(predictions: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": predictions["id"],
            "probability": predictions["probability"],
            "true": predictions["label"],
            "predicted": classify(predictions["probability"].to_numpy()),
        }
    )
