"""A fraction of the training set, for learning curves."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from canigatti.files import InputError
from canigatti.photos.records import groups_of
from canigatti.training.batches import Subset, Subsets


def reduce_training_set(subsets: "Subsets[Subset]", fraction: float, seed: int, groups: Path) -> "Subsets[Subset]":
    """Return the subsets with a fraction of the training set; the validation set is unchanged.

    Args:
        subsets: the training and validation sets.
        fraction: of the training set, above 0, at most 1.
        seed: see :func:`choose_photos`.
        groups: the file of groups (CSV).

    Raises:
        InputError: the file of groups does not match, or no photo of a class is left.
    """
    whole = subsets.train
    labels, names = whole.store.labels[whole.rows], groups_of(whole.store.ids[whole.rows], groups)
    chosen = choose_photos(labels, names, fraction, seed)
    if lost := sorted({*labels.tolist()} - {*labels[chosen].tolist()}):
        count = int((labels == lost[0]).sum())
        raise InputError(
            f"train_fraction: {fraction:g} of the training set has no photo of the class with label {lost[0]}, of "
            f"which the training set has {count:,}; use a larger fraction"
        )
    return Subsets(replace(whole, rows=whole.rows[chosen]), subsets.validation)


def choose_photos(labels: np.ndarray, groups: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """Choose a fraction of the photos of each class; each group is chosen as a whole, or not at all.

    The groups of a class are in a random order that depends on the seed and the names of the groups alone. A fraction
    has those whose centers are within it, counted in photos. So a smaller fraction is part of a larger one, and a photo
    that is added or left out moves few others. The choice differs from seed to seed, so that the spread over seeds of a
    learning curve includes that of the choice of photos.

    Args:
        labels: (n,), int64.
        groups: (n,), text, equal values belong together. A group of several classes counts as its most frequent one.
        fraction: above 0, at most 1.
        seed: of the order.

    Returns:
        (n,), bool.
    """
    names, group = np.unique(groups.astype(str), return_inverse=True)
    counts = np.zeros((len(names), int(labels.max(initial=0)) + 1), int)
    np.add.at(counts, (group, labels), 1)
    sizes, kinds = counts.sum(axis=1), counts.argmax(axis=1)
    order = np.argsort([hashlib.sha256(f"{seed}\n{name}".encode()).hexdigest() for name in names], kind="stable")
    chosen = np.zeros(len(names), bool)
    for kind in range(counts.shape[1]):
        members = order[kinds[order] == kind]
        centers = np.cumsum(sizes[members]) - sizes[members] / 2
        chosen[members] = centers <= fraction * sizes[members].sum()
    return chosen[group]
