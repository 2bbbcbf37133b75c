"""Robustness of a trained model: its accuracy on corrupted test photos."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from canigatti.evaluation.corruptions import LEVELS, corruption
from canigatti.evaluation.metrics import check_probabilities
from canigatti.evaluation.prediction import predict
from canigatti.evaluation.predictions import classify
from canigatti.evaluation.records import CORRUPTED, ROBUSTNESS
from canigatti.evaluation.severities import CORRUPTIONS, SEVERITIES, corrupted_column
from canigatti.evaluation.views import ChangedPhotos
from canigatti.photos.store import Store

if TYPE_CHECKING:
    import keras


def classify_corrupted(model: "keras.Model", store: Store, rows: np.ndarray) -> pd.DataFrame:
    """Classify corrupted photos.

    Args:
        model: see :func:`canigatti.evaluation.prediction.predict`.
        store: the image store.
        rows: (n,), positions of the test photos in the store.

    Returns:
        The predicted labels, see :data:`canigatti.evaluation.records.CORRUPTED`.

    Raises:
        InputError: there are no photos, the model expects photos of a different size, or it has diverged.
    """
    predicted = {"id": store.ids[rows], "label": store.labels[rows]}
    for name in CORRUPTIONS:
        for severity in SEVERITIES:
            probabilities = predict(model, ChangedPhotos(store, corruption(name, severity)), rows)
            check_probabilities(probabilities)
            predicted[corrupted_column(name, severity)] = classify(probabilities)
    return CORRUPTED.frame(predicted)


def tabulate(predicted: pd.DataFrame) -> pd.DataFrame:
    """Return the accuracy under each corruption, see :data:`canigatti.evaluation.records.ROBUSTNESS`.

    Args:
        predicted: see :data:`canigatti.evaluation.records.CORRUPTED`.
    """
    return ROBUSTNESS.frame(
        [
            {
                "corruption": name,
                "severity": severity,
                "level": LEVELS[name][SEVERITIES.index(severity)],
                "accuracy": float((predicted[corrupted_column(name, severity)] == predicted["label"]).mean()),
                "n": len(predicted),
            }
            for name in CORRUPTIONS
            for severity in SEVERITIES
        ]
    )
