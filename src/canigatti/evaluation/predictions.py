"""Predictions of a test set: (n, classes) in memory; in files, two classes have one column `probability`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from canigatti.files import InputError
from canigatti.records import Table

_COLUMNS = {"id": str, "label": int}


@dataclass(frozen=True)
class Predictions:
    """The predictions for the photos of a test set.

    Attributes:
        ids: (n,), ids in the manifest.
        labels: (n,), int64, the true labels, 0 to classes - 1.
        probabilities: (n, classes), float64, 0 to 1, one column per label; rows sum to 1.
    """

    ids: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray

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


def write_predictions(path: Path, predictions: Predictions, classes: Sequence[str]) -> None:
    """Write one row per photo: id, label, and the probability of class 1 of two classes, or of each of more classes.

    Args:
        path: the CSV file.
        predictions: what to write.
        classes: names of the classes, label 0 first.
    """
    names = _probability_columns(classes)
    columns = predictions.probabilities[:, -len(names) :].T
    rows = {"id": predictions.ids, "label": predictions.labels, **dict(zip(names, columns, strict=True))}
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
    output = rows[_probability_columns(classes)].to_numpy(dtype=np.float64)
    return Predictions(rows["id"].to_numpy(dtype=object), labels, as_probabilities(output))


def _table(classes: Sequence[str]) -> Table:
    return Table(_COLUMNS | dict.fromkeys(_probability_columns(classes), float))


def _probability_columns(classes: Sequence[str]) -> list[str]:
    return ["probability"] if len(classes) == 2 else [f"probability_{name}" for name in classes]
