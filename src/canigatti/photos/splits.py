"""Assignment of photos to the training, validation and test sets."""

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from canigatti.config import Split
from canigatti.files import InputError
from canigatti.photos.group_search import search_assignment
from canigatti.photos.records import SUBSETS, Verdict


def assign_subsets(labels: np.ndarray, groups: np.ndarray, split: Split, classes: Sequence[str]) -> np.ndarray:
    """Assign each photo to a subset: stratified by label, with each group in one subset.

    Groups of several photos come first. Each is assigned at random, with the split's fractions as probabilities, to a
    subset that has room for it. Single photos then fill every subset to its exact size in each class. If that leaves a
    subset without a class, because the groups are few or large, an assignment that does not is searched for.

    Args:
        labels: (n,), 0 or 1.
        groups: (n,), equal values belong together: the id of a member.
        split: the fractions and the seed.
        classes: names of the two classes, for error messages.

    Returns:
        (n,), an element of `SUBSETS` per photo.

    Raises:
        InputError: a class has too few photos or groups for three subsets; the message names it and counts them.
    """
    generator = np.random.default_rng(split.seed)
    sizes = np.array([_subset_sizes(int((labels == label).sum()), split) for label in (0, 1)])
    room = sizes.copy()
    subsets = np.full(len(labels), -1)
    _, group, size = np.unique(groups, return_inverse=True, return_counts=True)
    for number in generator.permutation(np.flatnonzero(size > 1)):
        members = np.flatnonzero(group == number)
        subsets[members] = _choose_subset(room, np.bincount(labels[members], minlength=2), split, generator)
        np.subtract.at(room, (labels[members], subsets[members]), 1)
    for label in (0, 1):
        single = np.flatnonzero((labels == label) & (subsets < 0))
        subsets[generator.permutation(single)] = np.repeat(np.arange(3), _fill(room[label], len(single)))
    if {*zip(labels, subsets, strict=True)} != {*itertools.product((0, 1), range(3))}:
        _require_every_class(sizes, labels, classes)
        subsets = search_assignment(labels, groups, sizes, generator, classes)
    return np.array(SUBSETS, dtype=object)[subsets]


def require_photos(rows: pd.DataFrame, classes: Sequence[str]) -> None:
    """Check that each class has photos for three subsets.

    Args:
        rows: the manifest.
        classes: names of the two classes.

    Raises:
        InputError: a class has fewer than three kept photos; the message counts its files by verdict.
    """
    for label, name in enumerate(classes):
        verdicts = rows.loc[rows["label"] == label, "verdict"].value_counts()
        kept = int(verdicts.get(Verdict.KEEP, 0))
        if kept < len(SUBSETS):
            others = verdicts.drop(Verdict.KEEP, errors="ignore")
            reasons = ", ".join(f"{count:,} {verdict}" for verdict, count in others.items())
            raise InputError(
                f"the class {name!r} has {kept:,} kept of {verdicts.sum():,} files, expected at least one for "
                f"each of the {len(SUBSETS)} subsets; not kept: {reasons or 'none'} (reasons: manifest.csv)"
            )


def _subset_sizes(count: int, split: Split) -> list[int]:
    """Return whole numbers of photos that add up to `count`, by the largest remainder method."""
    exact = np.array([split.train, split.validation, split.test]) * count
    sizes = np.floor(exact + 1e-9).astype(int)
    sizes[np.argsort(sizes - exact, kind="stable")[: count - sizes.sum()]] += 1
    return sizes.tolist()


def _require_every_class(sizes: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> None:
    for label, number in np.argwhere(sizes == 0).tolist():
        kept = int((labels == label).sum())
        raise InputError(
            f"the {SUBSETS[number]} set has no photo of the class {classes[label]!r}: the class has {kept:,} kept "
            f"{'photo' if kept == 1 else 'photos'}, too few for this split"
        )


def _choose_subset(room: np.ndarray, needed: np.ndarray, split: Split, generator: np.random.Generator) -> int:
    """Choose a subset for a group.

    Args:
        room: (classes, subsets), photos that each subset still takes.
        needed: (classes,), photos of the group.
        split: the fractions.
        generator: source of randomness.

    Returns:
        The index of a subset with enough room, or else of the one with the most room.
    """
    fractions = np.array([split.train, split.validation, split.test])
    fits = (room >= needed[:, None]).all(axis=0)
    if not fits.any():
        return int(np.argmax((room - needed[:, None]).min(axis=0)))
    return int(generator.choice(3, p=fractions * fits / (fractions * fits).sum()))


def _fill(room: np.ndarray, count: int) -> np.ndarray:
    """Return how many single photos each subset receives; a subset that a large group overfilled receives none."""
    counts = np.maximum(room, 0)
    while counts.sum() > count:
        counts[np.argmax(counts)] -= 1
    return counts
