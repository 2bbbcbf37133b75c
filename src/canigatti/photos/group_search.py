"""Search for an assignment of few or large groups of photos to the subsets of a split."""

from collections.abc import Sequence

import numpy as np

from canigatti.files import InputError

_TRIES = 200  # assignments that are compared


def search_assignment(
    labels: np.ndarray, groups: np.ndarray, sizes: np.ndarray, generator: np.random.Generator, classes: Sequence[str]
) -> np.ndarray:
    """Assign whole groups so that every subset has photos of each class, with numbers close to `sizes`.

    Each try gives every subset one group with both classes, or one of each class, at random; the other groups, the
    largest first, go where the numbers of photos come closest to `sizes`. The closest of all tries is the result.

    Args:
        labels: (n,), 0 or 1.
        groups: (n,), equal values belong together: the id of a member.
        sizes: (2, 3), the wanted number of photos of each class in each subset.
        generator: source of randomness.
        classes: names of the two classes, for the error message.

    Returns:
        (n,), the index of a subset for each photo.

    Raises:
        InputError: there is no such assignment; the message describes the groups.
    """
    names, group = np.unique(groups, return_inverse=True)
    counts = np.zeros((len(names), 2), int)
    np.add.at(counts, (group, labels), 1)
    _require_enough_groups(names, counts, classes)
    tries = [_assign(counts, sizes, generator) for _ in range(_TRIES)]
    return min(tries, key=lambda subsets: _distance(counts, subsets, sizes))[group]


def _require_enough_groups(names: np.ndarray, counts: np.ndarray, classes: Sequence[str]) -> None:
    """Check that three subsets can be given both classes: a group with both does for one subset."""
    mixed = min(3, int((counts > 0).all(axis=1).sum()))
    for label, name in enumerate(classes):
        own = counts[(counts[:, label] > 0), label]
        pure = int(((counts[:, label] > 0) & (counts[:, 1 - label] == 0)).sum())
        if mixed + pure < 3:
            largest = int(np.argmax(counts[:, label]))
            example = f", the largest of {own.max():,} photos such as {names[largest]}" if own.size else ""
            raise InputError(
                f"the class {name!r} has {_plural(int(own.sum()), 'kept photo')} in {_plural(own.size, 'group')} "
                f"(photos.groups, near duplicates or single photos){example}; a group is never divided; three subsets "
                "need three"
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
