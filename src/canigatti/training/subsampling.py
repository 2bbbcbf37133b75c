"""A fraction of the training set, for learning curves."""

from dataclasses import replace
from pathlib import Path

from canigatti.files import InputError
from canigatti.photos.records import groups_of
from canigatti.training.batches import Subset, Subsets
from canigatti.training.fractions import choose_photos


def reduce_training_set(subsets: "Subsets[Subset]", fraction: float, seed: int, groups: Path) -> "Subsets[Subset]":
    """Return the subsets with a fraction of the training set; the validation set is unchanged.

    Args:
        subsets: the training and validation sets.
        fraction: of the training set, above 0, at most 1.
        seed: see :func:`canigatti.training.fractions.choose_photos`.
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
