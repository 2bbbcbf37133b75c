"""Metrics of the predictions of a test set, and the photos that are misclassified or least certain."""

import numpy as np
import pandas as pd

from canigatti.evaluation.intervals import accuracy_interval
from canigatti.evaluation.predictions import Predictions
from canigatti.evaluation.records import UNCERTAIN, ClassMetrics, Metrics
from canigatti.files import InputError

THRESHOLD = 0.5  # of the probability of class 1 of two classes, see `classify`
_CLIP = 1e-7  # keras.config.epsilon(), the clipping of Keras' cross-entropies


def compute_metrics(predictions: Predictions, groups: np.ndarray | None = None) -> Metrics:
    """Compute the metrics of the predictions of a test set.

    Args:
        predictions: of at least one photo.
        groups: (n,), equal values belong together, see :func:`canigatti.evaluation.intervals.accuracy_interval`; None
            if every photo is its own group.

    Raises:
        InputError: there are no photos, or a probability is not a number from 0 to 1.
    """
    check_probabilities(predictions.probabilities)
    from sklearn.metrics import matthews_corrcoef  # here, because it takes long to import

    labels, n = predictions.labels, len(predictions)
    groups = np.arange(n) if groups is None else groups
    counts, per_class = confusion_matrix(predictions), _class_metrics(predictions, groups)
    return Metrics(
        accuracy=int(np.trace(counts)) / n,
        accuracy_interval=accuracy_interval(predictions.correct, groups),
        loss=_loss(predictions),
        n=n,
        confusion=tuple(map(tuple, counts.tolist())),
        threshold=THRESHOLD if len(counts) == 2 else None,
        balanced_accuracy=float(np.mean([one.recall for one in per_class if one.n])),
        macro_f1=float(np.mean([one.f1 for one in per_class if one.n or one.predicted])),
        matthews=float(matthews_corrcoef(labels, predictions.predicted)),
        **_ranking_metrics(predictions),
        largest_class=int(counts.sum(axis=1).max()) / n,
        classes=per_class,
    )


def _class_metrics(predictions: Predictions, groups: np.ndarray) -> tuple[ClassMetrics, ...]:
    labels, predicted, correct = predictions.labels, predictions.predicted, predictions.correct
    found = []
    for label in range(predictions.probabilities.shape[1]):
        true, chosen = labels == label, predicted == label
        hits = int((true & chosen).sum())
        found.append(
            ClassMetrics(
                n=int(true.sum()),
                predicted=int(chosen.sum()),
                recall=hits / max(1, int(true.sum())),
                recall_interval=accuracy_interval(correct[true], groups[true]) if true.any() else None,
                precision=hits / max(1, int(chosen.sum())),
                precision_interval=accuracy_interval(correct[chosen], groups[chosen]) if chosen.any() else None,
                f1=2 * hits / max(1, int(true.sum()) + int(chosen.sum())),
            )
        )
    return tuple(found)


def _ranking_metrics(predictions: Predictions) -> dict[str, float | None]:
    """Return ROC-AUC and average precision: of class 1 of two classes, or the means over classes, one against the rest.

    They are None if a class has no photo or all photos, because they are undefined then.
    """
    from sklearn.metrics import average_precision_score, roc_auc_score

    probabilities, labels = predictions.probabilities, predictions.labels
    numbers = range(1, 2) if probabilities.shape[1] == 2 else range(probabilities.shape[1])
    members = [labels == number for number in numbers]
    if any(is_member.all() or not is_member.any() for is_member in members):
        return {"roc_auc": None, "average_precision": None}
    pairs = [(is_member, probabilities[:, number]) for is_member, number in zip(members, numbers, strict=True)]
    return {  # rounding errors may exceed 1 by 2e-16
        "roc_auc": min(1.0, float(np.mean([roc_auc_score(*pair) for pair in pairs]))),
        "average_precision": min(1.0, float(np.mean([average_precision_score(*pair) for pair in pairs]))),
    }


def _loss(predictions: Predictions) -> float:
    from sklearn.metrics import log_loss

    clipped = np.clip(predictions.probabilities, _CLIP, 1 - _CLIP)
    if clipped.shape[1] == 2:
        return float(log_loss(predictions.labels, clipped[:, 1], labels=[0, 1]))
    return float(-np.log(clipped[np.arange(len(predictions)), predictions.labels]).mean())


def photo_losses(predictions: Predictions) -> np.ndarray:
    """Return the cross-entropy of each photo in nats, (n,), probabilities clipped to 1e-7 … 1 - 1e-7 as Keras does."""
    clipped = np.clip(predictions.probabilities, _CLIP, 1 - _CLIP)
    return -np.log(clipped[np.arange(len(predictions)), predictions.labels])


def confusion_matrix(predictions: Predictions) -> np.ndarray:
    """Count photos by true class (rows) and predicted class (columns); return (classes, classes), int64."""
    classes = predictions.probabilities.shape[1]
    pairs = classes * predictions.labels + predictions.predicted
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def check_probabilities(probabilities: np.ndarray) -> None:
    """Check that a model predicted at least one photo, and that every prediction, (n, classes), is a probability.

    Raises:
        InputError: there are no photos, or a probability is not a number from 0 to 1.
    """
    if len(probabilities) == 0:
        raise InputError("expected at least one photo to evaluate, received none")
    invalid = ~((probabilities >= 0) & (probabilities <= 1))  # NaN compares as false
    if invalid.any():
        raise InputError(
            f"the model has diverged: expected probabilities from 0 to 1, received invalid ones such as "
            f"{probabilities[invalid][-1]} for {invalid.any(axis=1).sum()} of {len(probabilities)} photos; "
            "train it with a lower learning rate"
        )


def least_certain(predictions: Predictions, n: int = 10) -> pd.DataFrame:
    """Return the photos with the smallest margin between the two most probable classes, ties by id.

    Args:
        predictions: of a test set.
        n: the maximum number of photos.

    Returns:
        See :data:`canigatti.evaluation.records.UNCERTAIN`.
    """
    table = _classified(predictions)
    if predictions.probabilities.shape[1] == 2:
        table["distance"] = (table["probability"] - THRESHOLD).abs()
    else:
        second, first = np.sort(predictions.probabilities, axis=1)[:, -2:].T
        table["distance"] = (first - second) / 2
    return UNCERTAIN.frame(table.sort_values(["distance", "id"]).head(n).reset_index(drop=True))


def misclassified(predictions: Predictions) -> dict[tuple[int, int], pd.DataFrame]:
    """Return the misclassified photos by true and predicted class, most confident errors first, ties by id.

    Returns:
        Tables with id, probability (of class 1 of two classes, else of the predicted class), true and predicted. Of two
        classes both pairs are listed; of more, the pairs with errors, the most frequent first.
    """
    table = _classified(predictions)
    errors = table[table["true"] != table["predicted"]]
    pairs = errors.groupby(["true", "predicted"]).size().sort_values(ascending=False, kind="stable").index
    two = predictions.probabilities.shape[1] == 2
    found = {}
    for true, predicted in [(0, 1), (1, 0)] if two else pairs:
        rows = errors[(errors["true"] == true) & (errors["predicted"] == predicted)]
        is_ascending = two and predicted == 0  # the lower the probability of class 1, the more confident
        rows = rows.sort_values(["probability", "id"], ascending=[is_ascending, True])
        found[int(true), int(predicted)] = rows.reset_index(drop=True)
    return found


def _classified(predictions: Predictions) -> pd.DataFrame:
    probabilities, predicted = predictions.probabilities, predictions.predicted
    two = probabilities.shape[1] == 2
    return pd.DataFrame(
        {
            "id": predictions.ids,
            "probability": probabilities[:, 1] if two else probabilities.max(axis=1),
            "true": predictions.labels,
            "predicted": predicted,
        }
    )
