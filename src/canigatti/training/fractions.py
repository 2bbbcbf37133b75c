"""Which photos of a training set belong to a fraction of it."""

import hashlib

import numpy as np


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
