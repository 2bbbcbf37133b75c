"""Predictions of a subset: (n, classes) in memory; in files, two classes have one column of each kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from canigatti.files import InputError
from canigatti.records import Table

_COLUMNS = {"id": str, "label": int}


@dataclass(frozen=True)
class Predictions:
    """The predictions for the photos of a test or validation set.

    Attributes:
        ids: (n,), ids in the manifest.
        labels: (n,), int64, the true labels, 0 to classes - 1.
        probabilities: (n, classes), float64, 0 to 1, one column per label; rows sum to 1.
        logits: (n, classes), float64: the probabilities are their softmax, but for rounding, see :func:`as_logits`.
            Unlike probabilities in float32, they do not saturate: probabilities above 1 - 6e-8 are 1.
    """

    ids: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray
    logits: np.ndarray

    def __len__(self) -> int:
        """Return the number of photos."""
        return len(self.ids)

    @property
    def predicted(self) -> np.ndarray:
        """The predicted label of each photo, (n,), int64, see :func:`classify`."""
        return classify(self.probabilities)

    @property
    def correct(self) -> np.ndarray:
        """Whether each photo is classified correctly, (n,), bool."""
        return self.predicted == self.labels


def classify(probabilities: np.ndarray) -> np.ndarray:
    """Return the most probable label of each photo, (n,), int64; the lower one of equally probable labels.

    With two classes, a photo has label 1 if its probability exceeds 0.5, as in Keras' binary accuracy.

    Args:
        probabilities: (n, classes), 0 to 1.
    """
    return np.argmax(probabilities, axis=1).astype(np.int64)


def as_probabilities(output: np.ndarray) -> np.ndarray:
    """Return the probability of each class, (n, classes), float64.

    Args:
        output: of a network: (n, 1), the probability of class 1 of two, or (n, classes).
    """
    values = np.asarray(output, np.float64)
    return np.hstack([1 - values, values]) if values.shape[1] == 1 else values


def as_logits(output: np.ndarray) -> np.ndarray:
    """Return the logit of each class, (n, classes), float64; of two classes, that of class 0 is 0.

    So the softmax of the logits of two classes is the sigmoid of that of class 1.

    Args:
        output: of a network before its activation: (n, 1), the logit of class 1 of two, or (n, classes).
    """
    values = np.asarray(output, np.float64)
    return np.hstack([np.zeros_like(values), values]) if values.shape[1] == 1 else values


def logits_of(probabilities: np.ndarray) -> np.ndarray:
    """Return logits, (n, classes), whose softmax is these probabilities, where there is no network to ask for them.

    They are those of :func:`as_logits` for two classes, and the logarithms of the probabilities for more; infinite for
    probabilities of 0 or 1.

    Args:
        probabilities: (n, classes), 0 to 1.
    """
    with np.errstate(divide="ignore"):
        logarithms = np.log(probabilities)
    return as_logits(logarithms[:, 1:] - logarithms[:, :1]) if probabilities.shape[1] == 2 else logarithms


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return the probability of each class, (n, classes), float64, in full precision.

    Args:
        logits: (n, classes), finite.
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def mean_of_logits(members: "Sequence[Predictions]") -> Predictions:
    """Return the predictions of an ensemble, whose logits are the mean over its members.

    Args:
        members: predictions for the same photos, in the same order; at least one.
    """
    first = members[0]
    # Equal members have exactly their own logits, which a sum divided by their number may miss by a rounding error.
    logits = first.logits + np.mean([member.logits - first.logits for member in members], axis=0)
    return Predictions(first.ids, first.labels, softmax(logits), logits)


def write_predictions(path: Path, predictions: Predictions, classes: Sequence[str]) -> None:
    """Write one row per photo: id, label, probability and logit of class 1 of two classes, or of each of more classes.

    Args:
        path: the CSV file.
        predictions: what to write.
        classes: names of the classes, label 0 first.
    """
    rows = {"id": predictions.ids, "label": predictions.labels}
    for kind, values in (("probability", predictions.probabilities), ("logit", predictions.logits)):
        names = _value_columns(kind, classes)
        rows |= dict(zip(names, values[:, -len(names) :].T, strict=True))
    _table(classes).write(path, rows)


def read_predictions(path: Path, classes: Sequence[str]) -> Predictions:
    """Read what :func:`write_predictions` wrote, exactly.

    Raises:
        InputError: the file is missing, has other columns, or a label is not that of a class.
    """
    rows = _table(classes).read(path)
    labels = rows["label"].to_numpy(dtype=np.int64)
    if len(labels) and not (labels.min() >= 0 and labels.max() < len(classes)):
        raise InputError(
            f"{path}: expected labels from 0 to {len(classes) - 1}, received {labels.min()} to {labels.max()}"
        )
    probabilities, logits = (
        rows[_value_columns(kind, classes)].to_numpy(dtype=np.float64) for kind in ("probability", "logit")
    )
    ids = rows["id"].to_numpy(dtype=object)
    return Predictions(ids, labels, as_probabilities(probabilities), as_logits(logits))


def _table(classes: Sequence[str]) -> Table:
    names = [name for kind in ("probability", "logit") for name in _value_columns(kind, classes)]
    return Table(_COLUMNS | dict.fromkeys(names, float))


def _value_columns(kind: str, classes: Sequence[str]) -> list[str]:
    return [kind] if len(classes) == 2 else [f"{kind}_{name}" for name in classes]
