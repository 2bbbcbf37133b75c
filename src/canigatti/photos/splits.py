"""Assignment of photos to the training, validation and test sets."""

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
    subset without a class, because a class has few photos, each subset gets at least one of them; if it still does,
    because the groups are few or large, an assignment that does not is searched for.

    Args:
        labels: (n,), 0 to the number of classes - 1.
        groups: (n,), equal values belong together: the id of a member.
        split: the fractions and the seed.
        classes: names of the classes, label 0 first, for error messages.

    Returns:
        (n,), an element of `SUBSETS` per photo.

    Raises:
        InputError: a class has too few photos or groups for three subsets, or no assignment is found; the message names
            a class and counts them.
    """
    generator = np.random.default_rng(split.seed)
    counts = np.bincount(labels, minlength=len(classes))
    sizes = np.array([_subset_sizes(count, split) for count in counts.tolist()])
    subsets = _assign(labels, groups, sizes, split, generator)
    if not _covers(labels, subsets, sizes) and (sizes == 0).any():
        _require_three_photos(sizes, counts, classes)
        sizes = np.array([_with_one_in_each(row) for row in sizes])
        subsets = _assign(labels, groups, sizes, split, generator)
    if not _covers(labels, subsets, sizes):
        subsets = search_assignment(labels, groups, sizes, generator, classes)
    return np.array(SUBSETS, dtype=object)[subsets]


def _assign(
    labels: np.ndarray, groups: np.ndarray, sizes: np.ndarray, split: Split, generator: np.random.Generator
) -> np.ndarray:
    """Return the index of a subset for each photo; `sizes`: (classes, 3), the wanted numbers of photos."""
    room = sizes.copy()
    subsets = np.full(len(labels), -1)
    _, group, size = np.unique(groups, return_inverse=True, return_counts=True)
    members_of = np.split(np.argsort(group, kind="stable"), np.cumsum(size)[:-1])
    for number in generator.permutation(np.flatnonzero(size > 1)):
        members = members_of[number]
        subsets[members] = _choose_subset(room, np.bincount(labels[members], minlength=len(room)), split, generator)
        np.subtract.at(room, (labels[members], subsets[members]), 1)
    for label in range(len(room)):
        single = np.flatnonzero((labels == label) & (subsets < 0))
        subsets[generator.permutation(single)] = np.repeat(np.arange(3), _fill(room[label], len(single)))
    return subsets


def _covers(labels: np.ndarray, subsets: np.ndarray, sizes: np.ndarray) -> bool:
    """Return whether every subset has photos of each class."""
    numbers = np.zeros_like(sizes)
    np.add.at(numbers, (labels, subsets), 1)
    return bool(numbers.all())


def require_photos(rows: pd.DataFrame, classes: Sequence[str]) -> None:
    """Check that each class has photos for three subsets.

    Args:
        rows: the manifest.
        classes: names of the classes.

    Raises:
        InputError: a class has fewer than three kept photos; the message counts its files by verdict.
    """
    kept_of = rows.loc[rows["verdict"] == Verdict.KEEP, "label"].value_counts()
    for label, name in enumerate(classes):
        kept = int(kept_of.get(label, 0))
        if kept < len(SUBSETS):
            verdicts = rows.loc[rows["label"] == label, "verdict"].value_counts()
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


def _with_one_in_each(sizes: np.ndarray) -> np.ndarray:
    """Return these sizes of the subsets with at least 1 in each, taken from the largest; they add up to 3 or more."""
    sizes = sizes.copy()
    for number in np.flatnonzero(sizes == 0):
        sizes[np.argmax(sizes)] -= 1
        sizes[number] = 1
    return sizes


def _require_three_photos(sizes: np.ndarray, counts: np.ndarray, classes: Sequence[str]) -> None:
    for label in np.flatnonzero(counts < len(SUBSETS)).tolist():
        kept = int(counts[label])
        raise InputError(
            f"the {SUBSETS[int(np.argmin(sizes[label]))]} set has no photo of the class {classes[label]!r}: the class "
            f"has {kept:,} kept {'photo' if kept == 1 else 'photos'}, too few for this split"
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
    # Only the group's own classes count, except that with two classes both do, as in every split that exists.
    counted = needed > (0 if len(needed) > 2 else -1)
    left = room[counted] - needed[counted, None]
    fits = (left >= 0).all(axis=0)
    if not fits.any():
        return int(np.argmax(left.min(axis=0)))
    return int(generator.choice(3, p=fractions * fits / (fractions * fits).sum()))


def _fill(room: np.ndarray, count: int) -> np.ndarray:
    """Return how many single photos each subset receives; a subset that a large group overfilled receives none."""
    counts = np.maximum(room, 0)
    while counts.sum() > count:
        counts[np.argmax(counts)] -= 1
    return counts
