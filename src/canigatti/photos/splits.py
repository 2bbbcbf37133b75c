"""Dealing the photos to training, validation and test."""

from collections.abc import Sequence

import numpy as np

from canigatti.config import Split
from canigatti.files import InputError
from canigatti.photos.records import SUBSETS


def assign_subsets(labels: np.ndarray, groups: np.ndarray, split: Split, classes: Sequence[str]) -> np.ndarray:
    """The part of each photo: stratified by label, groups never torn apart, decided by the split's seed.

    Groups of several photos are dealt first, each to a part drawn with the split's shares among those that still have
    room; the single photos then fill every part of every class up to its exact number.

    Args:
        labels: (n,), 0 or 1.
        groups: (n,), equal values belong together.
        split: the shares and the seed.
        classes: names of the two classes, for what is told.

    Returns:
        (n,), one of `SUBSETS` for each photo.

    Raises:
        InputError: a part would be left without one of the classes.
    """
    generator = np.random.default_rng(split.seed)
    room = np.array([_sizes(int((labels == label).sum()), split) for label in (0, 1)])
    parts = np.full(len(labels), -1)
    _, group, count = np.unique(groups, return_inverse=True, return_counts=True)
    together = np.flatnonzero(count > 1)
    for number in generator.permutation(together):
        members = np.flatnonzero(group == number)
        parts[members] = _draw_part(room, np.bincount(labels[members], minlength=2), split, generator)
        np.subtract.at(room, (labels[members], parts[members]), 1)
    for label in (0, 1):
        alone = np.flatnonzero((labels == label) & (parts < 0))
        parts[generator.permutation(alone)] = np.repeat(np.arange(3), _fill(room[label], len(alone)))
    _refuse_missing_class(labels, parts, classes)
    return np.array(SUBSETS, dtype=object)[parts]


def _sizes(count: int, split: Split) -> list[int]:
    """Whole numbers of photos, adding up to `count`, nearest to the shares (largest remainders first)."""
    exact = np.array([split.train, split.validation, split.test]) * count
    sizes = np.floor(exact + 1e-9).astype(int)
    sizes[np.argsort(sizes - exact, kind="stable")[: count - sizes.sum()]] += 1
    return sizes.tolist()


def _draw_part(room: np.ndarray, need: np.ndarray, split: Split, generator: np.random.Generator) -> int:
    shares = np.array([split.train, split.validation, split.test])
    fits = (room >= need[:, None]).all(axis=0)
    if not fits.any():
        return int(np.argmax((room - need[:, None]).min(axis=0)))
    return int(generator.choice(3, p=shares * fits / (shares * fits).sum()))


def _fill(room: np.ndarray, count: int) -> np.ndarray:
    """How many single photos go to each part; a part that a large group overfilled takes none."""
    wanted = np.maximum(room, 0)
    while wanted.sum() > count:
        wanted[np.argmax(wanted)] -= 1
    return wanted


def _refuse_missing_class(labels: np.ndarray, parts: np.ndarray, classes: Sequence[str]) -> None:
    for number, part in enumerate(SUBSETS):
        for label, name in enumerate(classes):
            if not ((labels == label) & (parts == number)).any():
                kept = int((labels == label).sum())
                raise InputError(
                    f"the {part} part has no photo of the class {name!r}: of its photos {kept:,} "
                    f"{'is' if kept == 1 else 'are'} kept, too few for this split"
                )
