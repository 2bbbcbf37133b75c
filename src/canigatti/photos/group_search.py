"""Search for an assignment of few or large groups of photos to the subsets of a split."""

from collections.abc import Sequence

import numpy as np

from canigatti.files import InputError
from canigatti.photos.group_repair import GroupedPhotos, search_by_repair

_TRIES = 200  # assignments of two classes that are compared


def search_assignment(
    labels: np.ndarray, groups: np.ndarray, sizes: np.ndarray, generator: np.random.Generator, classes: Sequence[str]
) -> np.ndarray:
    """Assign whole groups so that every subset has photos of each class, with numbers close to `sizes`.

    With two classes, each try gives every subset one group with both classes, or one of each class, at random; the
    other groups, the largest first, go where the numbers of photos come closest to `sizes`. That finds an assignment if
    there is one. With more classes, each try moves groups until every subset has all classes, which may fail, see
    :func:`search_by_repair`. The closest of all tries is the result.

    Args:
        labels: (n,), 0 to the number of classes - 1.
        groups: (n,), equal values belong together: the id of a member.
        sizes: (classes, 3), the wanted number of photos of each class in each subset.
        generator: source of randomness.
        classes: names of the classes, label 0 first, for the error message.

    Returns:
        (n,), the index of a subset for each photo.

    Raises:
        InputError: there is no such assignment, or none was found; the message describes the groups of the class with
            the fewest.
    """
    names, group = np.unique(groups, return_inverse=True)
    photos = GroupedPhotos.of(group, labels)
    rarest = int(np.argmin(np.bincount(photos.label, minlength=len(classes))))
    description = _describe_groups(photos, rarest, names, classes)
    if (photos.label == rarest).sum() < 3:
        raise InputError(f"{description}; a group is never divided; three subsets need three")
    if len(classes) > 2:
        subsets = search_by_repair(photos, sizes, generator)
        if subsets is None:
            mixed = int((np.bincount(photos.group) > 1).sum())
            raise InputError(
                f"no assignment was found in which every subset has photos of all {len(classes):,} classes: "
                f"{_plural(mixed, 'group')} of {len(names):,} (photos.groups, near duplicates) "
                f"{'has' if mixed == 1 else 'have'} photos of several classes, and a group is never divided; "
                f"{description}"
            )
        return subsets[group]
    counts = np.zeros((len(names), 2), int)
    counts[photos.group, photos.label] = photos.count
    tries = [_assign(counts, sizes, generator) for _ in range(_TRIES)]
    return min(tries, key=lambda subsets: _distance(counts, subsets, sizes))[group]


def _describe_groups(photos: GroupedPhotos, label: int, names: np.ndarray, classes: Sequence[str]) -> str:
    groups, counts = photos.group[photos.label == label], photos.count[photos.label == label]
    example = (
        f", the largest of {counts.max():,} photos such as {names[groups[counts.argmax()]]}" if groups.size else ""
    )
    return (
        f"the class {classes[label]!r} has {_plural(int(counts.sum()), 'kept photo')} in "
        f"{_plural(groups.size, 'group')} (photos.groups, near duplicates or single photos){example}"
    )


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _assign(counts: np.ndarray, sizes: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return a subset for each group, at random as far as the classes allow it."""
    subsets = np.full(len(counts), -1)
    filled = np.zeros_like(sizes)
    order = generator.permutation(len(counts))
    is_mixed = np.asarray((counts > 0).all(axis=1))
    mixed, pure = order[is_mixed[order]], [order[(counts[order, label] > 0) & ~is_mixed[order]] for label in (0, 1)]
    # As many subsets as possible get one group of each class, unless that would leave too few for the others.
    separate = min(3, len(pure[0]), len(pure[1]))
    together = generator.integers(3 - separate, min(3, len(mixed)) + 1)
    for place, subset in enumerate(generator.permutation(3)):
        members = [mixed[place]] if place < together else [pure[0][place - together], pure[1][place - together]]
        subsets[members] = subset
        filled[:, subset] += counts[members].sum(axis=0)
    rest = order[subsets[order] < 0]
    for number in rest[np.argsort(-counts[rest].sum(axis=1), kind="stable")]:
        # Of the squared distances, only the part that depends on the subset.
        growth = (counts[number][:, None] * (2 * (filled - sizes) + counts[number][:, None])).sum(axis=0)
        subsets[number] = int(np.argmin(growth))
        filled[:, subsets[number]] += counts[number]
    return subsets


def _distance(counts: np.ndarray, subsets: np.ndarray, sizes: np.ndarray) -> float:
    filled = np.stack([counts[subsets == subset].sum(axis=0) for subset in range(3)], axis=1)
    return float(((filled - sizes) ** 2).sum())
