"""How doubtful the label of each photo is, judged by the features of a network that has not learned from the labels.

Two scores complement each other. A wrong label is one that a model would not give the photo, after it has learned
from the other photos (out-of-fold probabilities, as in confident learning: Northcutt et al., 2021). A photo of no class
at all may still get its label with certainty; it shows in the distance to the photos of its label.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from canigatti.audit.folds import assign_folds
from canigatti.audit.records import AUDIT, NEIGHBORS

_BLOCK = 1024  # rows of the matrix of similarities in memory at a time: 51 MB for 12,500 photos of a label
# Weight of half the squared norm of the coefficients beside the mean loss, for standardized features. From 3
# to 30 the audit finds the same; at 0.3 it is too sure of photos of no class (`benchmarks/audit.py`).
_PENALTY = 10.0
_MAX_ITERATIONS = 200


def judge(ids: np.ndarray, labels: np.ndarray, groups: np.ndarray, features: np.ndarray, seed: int) -> pd.DataFrame:
    """Judge the labels of all photos.

    Args:
        ids: (n,), ids of the photos; they break ties.
        labels: (n,), 0 to the number of classes - 1.
        groups: (n,), equal values belong together: near duplicates, or photos that are configured to.
        features: (n, dimensions), float32; may be memory mapped.
        seed: of the folds.

    Returns:
        The columns of :data:`canigatti.audit.records.AUDIT` but `sha256`, one row per photo, the most doubtful first.
    """
    codes = np.unique(groups, return_inverse=True)[1]
    probabilities = predict_labels(features, labels, assign_folds(labels, codes, seed))
    own = probabilities[np.arange(len(labels)), labels]
    similarity = measure_similarity(features, labels, codes)
    place = np.argsort(np.argsort(ids, kind="stable"))
    ranks = np.stack([_rank(own, place), _rank(similarity, place)])
    order = np.lexsort((place, ranks.max(axis=0), ranks.min(axis=0)))
    suggested = np.where(np.isnan(own), labels, probabilities.argmax(axis=1))
    columns = {
        **{"id": ids, "label": labels, "rank": np.argsort(order) + 1, "suggested": suggested},
        **{"probability": own, "probability_rank": ranks[0], "similarity": similarity, "similarity_rank": ranks[1]},
    }
    return pd.DataFrame({name: columns[name] for name in AUDIT.columns if name in columns}).iloc[order]


def _rank(scores: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Return the rank of each photo from 1, the lowest score first, missing scores last, ties by place."""
    return np.argsort(np.lexsort((place, scores))) + 1  # NaN sorts last


def predict_labels(features: np.ndarray, labels: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Predict the label of each photo by logistic regression on the features of the photos in other folds.

    The features are standardized and the coefficients strongly regularized, so that the model fits no wrong labels, and
    is not sure of photos that have little in common with any label.

    Args:
        features: (n, dimensions), float32.
        labels: (n,), 0 to the number of classes - 1.
        folds: (n,), the fold of each photo; -1 for one that is not judged.

    Returns:
        (n, classes), float32, rows sum to 1; NaN for a photo that is not judged.
    """
    from sklearn.linear_model import LogisticRegression

    values = _standardize(features)
    probabilities = np.full((len(labels), labels.max() + 1), np.nan, np.float32)
    for fold in np.unique(folds[folds >= 0]):
        held_out = folds == fold
        values_of, labels_of = values[~held_out], labels[~held_out]
        strength = 1 / (_PENALTY * len(labels_of))  # scikit-learn adds the losses of all photos
        model = LogisticRegression(C=strength, max_iter=_MAX_ITERATIONS).fit(values_of, labels_of)
        rows = np.zeros((held_out.sum(), probabilities.shape[1]), np.float32)
        rows[:, model.classes_] = model.predict_proba(values[held_out])
        probabilities[held_out] = rows
    return probabilities


def _standardize(features: np.ndarray) -> np.ndarray:
    values = np.array(features, np.float32)
    values -= values.mean(axis=0, dtype=np.float64).astype(np.float32)
    deviation = np.sqrt(np.einsum("ij,ij->j", values, values, dtype=np.float64) / len(values))
    values /= np.where(deviation > 0, deviation, 1).astype(np.float32)  # some channels are zero in all photos
    return values


def measure_similarity(features: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Measure how similar each photo is to the nearest photos of its label, which are not in its group.

    Args:
        features: (n, dimensions), float32.
        labels: (n,), 0 to the number of classes - 1.
        groups: (n,), integers.

    Returns:
        (n,), -1 to 1, the mean cosine similarity to the nearest `NEIGHBORS`, or to all if they are fewer; NaN if none.
    """
    similarity = np.full(len(labels), np.nan)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        vectors = np.array(features[members], np.float32)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        for block in _blocks(len(members)):
            cosines = vectors[block] @ vectors.T
            cosines[groups[members[block], None] == groups[members]] = -np.inf
            similarity[members[block]] = _mean_of_highest(cosines)
    return similarity


def _blocks(count: int) -> Iterator[slice]:
    return (slice(start, start + _BLOCK) for start in range(0, count, _BLOCK))


def _mean_of_highest(cosines: np.ndarray) -> np.ndarray:
    """Return the mean of the `NEIGHBORS` highest finite values of each row, or of all if they are fewer."""
    count = min(NEIGHBORS, cosines.shape[1])
    highest = np.partition(cosines, -count, axis=1)[:, -count:].astype(np.float64)
    is_other = np.isfinite(highest)
    sums, counts = np.where(is_other, highest, 0).sum(axis=1), is_other.sum(axis=1)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
