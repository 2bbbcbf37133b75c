"""Grad-CAM of some test photos of a network: which photos, which classes, and the files that hold the maps.

The record is declared here, not with the others in `records.py`: `evaluate` depends on that module, and would predict
all photos of finished studies again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from canigatti.evaluation.metrics import least_certain
from canigatti.evaluation.predictions import Predictions
from canigatti.files import InputError, atomic_path, sha256_of
from canigatti.records import Record

MAX_ERRORS, MAX_UNCERTAIN = 100, 10  # photos of a network whose maps are computed


class ExplanationRecord(Record):
    """`evaluation/…/explained.json`: what the maps in `explained.npz` next to it were computed from.

    Attributes:
        model_sha256: of the model.
        images_sha256: of the image store.
        predictions_sha256: of the predictions.csv that the photos were chosen from.
        maps_sha256: of `explained.npz`.
        rows: number of rows of a map.
        columns: number of columns of a map.
    """

    model_sha256: str
    images_sha256: str
    predictions_sha256: str
    maps_sha256: str
    rows: int
    columns: int


@dataclass(frozen=True)
class Explanations:
    """Grad-CAM of n photos, each for two classes.

    Attributes:
        ids: (n,), ids in the manifest: the errors, the most confident first, then the least certain photos.
        labels: (n, 2), int64, the classes of the maps, see :func:`explained_labels`.
        maps: (n, 2, rows, columns), float32, see :meth:`canigatti.evaluation.gradcam.GradCam.maps_of_batch`.
    """

    ids: np.ndarray
    labels: np.ndarray
    maps: np.ndarray

    def positions(self, ids: np.ndarray) -> np.ndarray:
        """Return the positions of photos, (len(ids),), int64.

        Raises:
            InputError: a photo has no map.
        """
        positions = pd.Index(self.ids).get_indexer(ids)
        if (positions < 0).any():
            raise InputError(f"expected a map of the photo {ids[positions < 0][0]}, received none")
        return positions


def confident_errors(predictions: Predictions, n: int = MAX_ERRORS) -> np.ndarray:
    """Return the ids of the misclassified photos with the highest probabilities of the predicted class, ties by id."""
    wrong = np.flatnonzero(~predictions.correct)
    table = pd.DataFrame({"id": predictions.ids[wrong], "probability": predictions.probabilities[wrong].max(axis=1)})
    return table.sort_values(["probability", "id"], ascending=[False, True])["id"].to_numpy(dtype=object)[:n]


def uncertain_photos(predictions: Predictions, n: int = MAX_UNCERTAIN) -> np.ndarray:
    """Return the ids of the least certain photos, see :func:`canigatti.evaluation.metrics.least_certain`."""
    return least_certain(predictions, n)["id"].to_numpy(dtype=object)


def explained_photos(predictions: Predictions) -> np.ndarray:
    """Return the positions in the predictions of the photos to explain, each once: errors, then least certain ones."""
    ids = dict.fromkeys([*confident_errors(predictions), *uncertain_photos(predictions)])
    return pd.Index(predictions.ids).get_indexer(np.array([*ids], dtype=object))


def explained_labels(predictions: Predictions, rows: np.ndarray) -> np.ndarray:
    """Return the two classes to explain of each photo, (len(rows), 2), int64.

    They are the predicted class and the true class; if these are the same, the second most probable class is the other.
    """
    predicted, true = predictions.predicted[rows], predictions.labels[rows]
    others = predictions.probabilities[rows].copy()
    others[np.arange(len(rows)), predicted] = -1
    return np.stack([predicted, np.where(true == predicted, others.argmax(axis=1), true)], axis=1)


def write_explanations(record: Path, explanations: Explanations, sources: Mapping[str, str]) -> None:
    """Write maps, photo ids and classes as a compressed NumPy archive, and their record next to it, atomically.

    Equal maps give equal bytes.

    Args:
        record: the explained.json.
        explanations: what to write.
        sources: SHA-256 of what they were computed from, by the names in :class:`ExplanationRecord`.
    """
    path, ids = record.with_suffix(".npz"), explanations.ids.astype(str)
    with atomic_path(path) as temporary:
        np.savez_compressed(temporary, ids=ids, labels=explanations.labels, maps=explanations.maps)
    rows, columns = explanations.maps.shape[2:]
    ExplanationRecord(**sources, maps_sha256=sha256_of(path), rows=rows, columns=columns).write(record)


def read_explanations(record: Path, predictions: Path) -> Explanations:
    """Read the maps next to their record.

    Args:
        record: the explained.json.
        predictions: the predictions.csv of the same evaluation.

    Raises:
        InputError: a file is missing or invalid, or the maps are not those of the record and these predictions.
    """
    expected, path = ExplanationRecord.read(record), record.with_suffix(".npz")
    try:
        if expected.predictions_sha256 != sha256_of(predictions) or expected.maps_sha256 != sha256_of(path):
            raise InputError(
                f"{record}: its maps are not those of {path} and {predictions}; delete this file and run the same "
                "command again to recreate it"
            )
        with np.load(path, allow_pickle=False) as archive:
            return Explanations(archive["ids"].astype(object), archive["labels"], archive["maps"])
    except OSError as error:
        raise InputError(f"{path}: expected the maps of {record} ({error.strerror or error})") from None
