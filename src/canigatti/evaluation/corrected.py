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
    ids = photos["id"].to_numpy(dtype=object)
    rows = pd.Index(predictions.ids).get_indexer(ids)
    if (rows < 0).any():
        raise InputError(f"expected a prediction of each photo of the subset, but {ids[rows < 0][0]} has none")
    labels = photos["label"].to_numpy(dtype=np.int64)
    return Predictions(ids, labels, predictions.probabilities[rows], predictions.logits[rows])
