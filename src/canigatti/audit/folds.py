"""Folds of photos, in which groups stay together and each label has about the same fraction."""

import numpy as np

FOLDS = 5


def assign_folds(labels: np.ndarray, groups: np.ndarray, seed: int) -> np.ndarray:
    """Assign each photo to a fold.

    The groups of a label are dealt to the folds in random order, larger groups first, one to each fold in turn. A group
    with several labels is dealt with those of its first photo. A label whose photos are all in one group cannot be
    judged by other photos: it is in no fold.

    Args:
        labels: (n,), 0 to the number of classes - 1.
        groups: (n,), integers from 0; equal values belong together.
        seed: of the order.

    Returns:
        (n,), 0 to `FOLDS` - 1; -1 for the photos of a label with one group.
    """
    _, first, sizes = np.unique(groups, return_index=True, return_counts=True)
    generator, label_of = np.random.default_rng(seed), labels[first]
    order = np.lexsort((generator.permutation(len(first)), -sizes, label_of))
    fold_of = np.empty(len(first), np.int64)
    for label in np.unique(label_of):  # one after another, so that the folds of all labels together are even too
        of_label = order[label_of[order] == label]
        fold_of[of_label] = (np.arange(len(of_label)) + generator.integers(FOLDS)) % FOLDS
    folds = fold_of[groups]
    for label in np.unique(labels):
        members = labels == label
        if len(np.unique(groups[members])) == 1:
            folds[members] = -1
    return folds
