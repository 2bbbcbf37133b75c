"""Predictions of the photos of a subset after corrections; a prediction does not depend on the label of its photo."""

import numpy as np
import pandas as pd

from canigatti.evaluation.predictions import Predictions
from canigatti.files import InputError


def correct_predictions(predictions: Predictions, photos: pd.DataFrame) -> Predictions:
    """Return the predictions of these photos, with these labels.

    Args:
        predictions: of a subset as it was assigned.
        photos: what corrections leave of the subset, see :data:`canigatti.photos.records.SPLIT`.

    Returns:
        Predictions in the order of `photos`.

    Raises:
        InputError: a photo was not predicted.
    """
    ids, rows = _positions(pd.Index(predictions.ids), photos)
    labels = photos["label"].to_numpy(dtype=np.int64)
    return Predictions(ids, labels, predictions.probabilities[rows], predictions.logits[rows])


def correct_corrupted(corrupted: pd.DataFrame, photos: pd.DataFrame) -> pd.DataFrame:
    """Return the predicted labels of these corrupted photos, with these true labels.

    Args:
        corrupted: of the test set as it was assigned, see :data:`canigatti.evaluation.records.CORRUPTED`.
        photos: what corrections leave of the test set, see :data:`canigatti.photos.records.SPLIT`.

    Returns:
        Rows of `corrupted` in the order of `photos`.

    Raises:
        InputError: a photo was not predicted.
    """
    _, rows = _positions(pd.Index(corrupted["id"]), photos)
    return corrupted.iloc[rows].reset_index(drop=True).assign(label=photos["label"].to_numpy(dtype=np.int64))


def _positions(predicted: pd.Index, photos: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the ids of photos, and their positions among those that were predicted."""
    ids = photos["id"].to_numpy(dtype=object)
    rows = predicted.get_indexer(ids)
    if (rows < 0).any():
        raise InputError(f"expected a prediction of each photo of the subset, but {ids[rows < 0][0]} has none")
    return ids, rows
