"""Unequal classes: which examples an epoch draws, in which order, and how much each counts in the loss."""

import numpy as np


def epoch_size(labels: np.ndarray, oversample: bool) -> int:
    """Return the number of examples that an epoch draws.

    Args:
        labels: label of each example of the training set, (n,).
        oversample: whether every class is drawn as often as the largest.
    """
    _, counts = np.unique(labels, return_counts=True)
    return int(len(counts) * counts.max()) if oversample else len(labels)


def draw_epoch(labels: np.ndarray, oversample: bool, generator: np.random.Generator) -> np.ndarray:
    """Return the positions of the examples that an epoch draws, in random order, (:func:`epoch_size`,).

    With oversampling, the numbers of times that two examples of a class are drawn differ by at most one.

    Args:
        labels: label of each example of the training set, (n,).
        oversample: whether every class is drawn as often as the largest; otherwise, each example is drawn once.
        generator: source of the random order.
    """
    if not oversample:
        return generator.permutation(len(labels))
    _, counts = np.unique(labels, return_counts=True)
    classes = np.split(np.argsort(labels, kind="stable"), np.cumsum(counts)[:-1])
    drawn = [np.resize(generator.permutation(members), counts.max()) for members in classes]
    return generator.permutation(np.concatenate(drawn))


def balanced_weights(labels: np.ndarray) -> np.ndarray:
    """Return a weight for each example, (n,), float32, whose sum is the same for every class; their mean is 1.

    The weight is n / (classes · examples of the class), as in scikit-learn's `compute_class_weight`.

    Args:
        labels: label of each example of a subset, (n,).
    """
    _, positions, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return (len(labels) / (len(counts) * counts))[positions].astype(np.float32)
