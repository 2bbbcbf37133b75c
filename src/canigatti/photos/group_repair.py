"""Search for an assignment of groups with photos of many classes: move groups until every subset has all classes."""

from dataclasses import dataclass
from typing import Self

import numpy as np

_RESULTS = 20  # assignments that are compared, at most
_TRIES = 200
_MOVES = 20_000  # of all tries together: seconds
_MOVES_PER_TRY = 500
_CANDIDATES = 100  # groups that are compared for a move
_RANDOM_MOVES = 0.1  # fraction of moves that take any group, which leads out of dead ends


@dataclass(frozen=True)
class GroupedPhotos:
    """The number of photos of each class in each group, for the classes that it has: one element per pair.

    Attributes:
        group: (pairs,), the number of the group, ascending.
        label: (pairs,), a class of its photos.
        count: (pairs,), the number of its photos of that class.
    """

    group: np.ndarray
    label: np.ndarray
    count: np.ndarray

    @classmethod
    def of(cls, group: np.ndarray, labels: np.ndarray) -> Self:
        """Count photos; `group`: (n,), 0 to the number of groups - 1; `labels`: (n,)."""
        classes = int(labels.max()) + 1
        pairs, count = np.unique(group.astype(np.int64) * classes + labels, return_counts=True)
        return cls(pairs // classes, pairs % classes, count)


def search_by_repair(photos: GroupedPhotos, sizes: np.ndarray, generator: np.random.Generator) -> np.ndarray | None:
    """Return an assignment of groups in which every subset has photos of each class, or None if none is found.

    Each try assigns the groups in random order, the largest first, to where the numbers of photos come closest to
    `sizes`. Then it repairs: a subset without a class gets a group of that class, one that other subsets miss least.
    The assignment whose numbers are closest to `sizes` is the result.

    Args:
        photos: the groups.
        sizes: (classes, 3), the wanted number of photos of each class in each subset.
        generator: source of randomness.

    Returns:
        (groups,), the index of a subset for each group.
    """
    best, smallest, results, moves = None, np.inf, 0, 0
    for _ in range(_TRIES):
        attempt = _Attempt(photos, sizes, generator)
        moves += attempt.repair()
        if attempt.is_complete():
            results += 1
            distance = attempt.distance()
            if distance < smallest:
                best, smallest = attempt.subsets, distance
        if results == _RESULTS or moves >= _MOVES:
            break
    return best


class _Attempt:
    """An assignment of all groups, which can be changed.

    Attributes:
        subsets: (groups,), the index of a subset for each group.
    """

    def __init__(self, photos: GroupedPhotos, sizes: np.ndarray, generator: np.random.Generator) -> None:
        self._sizes, self._generator = sizes, generator
        starts = np.flatnonzero(np.diff(photos.group, prepend=-1))[1:]
        self._labels, self._counts = np.split(photos.label, starts), np.split(photos.count, starts)
        self._of_class = np.split(
            photos.group[np.argsort(photos.label, kind="stable")], np.cumsum(np.bincount(photos.label))[:-1]
        )
        self.subsets = np.full(len(self._labels), -1)
        self._photos, self._groups = np.zeros_like(sizes), np.zeros_like(sizes)
        order = generator.permutation(len(self._labels))
        size = np.bincount(photos.group, weights=photos.count)
        for number in order[np.argsort(-size[order], kind="stable")]:
            self._put(number, int(np.argmin(self._growth(number))))

    def repair(self) -> int:
        """Move groups until every subset has all classes or the moves are used up; return how many were moved."""
        for moves in range(_MOVES_PER_TRY):
            missing = np.argwhere(self._groups == 0)
            if not len(missing):
                return moves
            label, subset = missing[self._generator.integers(len(missing))].tolist()
            candidates = self._of_class[label]
            if len(candidates) > _CANDIDATES:
                candidates = self._generator.choice(candidates, _CANDIDATES, replace=False)
            if self._generator.random() < _RANDOM_MOVES:
                number = int(self._generator.choice(candidates))
            else:
                number = min(candidates.tolist(), key=lambda candidate: self._cost(candidate, subset))
            self._put(number, subset)
        return _MOVES_PER_TRY

    def is_complete(self) -> bool:
        """Return whether every subset has photos of each class."""
        return bool(self._groups.all())

    def distance(self) -> float:
        """Return the sum of the squared differences from the wanted numbers of photos."""
        return float(((self._photos - self._sizes) ** 2).sum())

    def _cost(self, number: int, subset: int) -> tuple[int, float, float]:
        """Return how many more classes are missing after a move, how much the squared distance grows, and chance."""
        labels, old = self._labels[number], self.subsets[number]
        lost = (self._groups[labels, old] == 1).sum() - (self._groups[labels, subset] == 0).sum()
        growth, was_counted = self._growth(number), 2 * (self._counts[number] ** 2).sum()
        return int(lost), float(growth[subset] - growth[old] + was_counted), self._generator.random()

    def _growth(self, number: int) -> np.ndarray:
        """Return the part of the squared distances that depends on the subset of a group, (3,)."""
        labels, counts = self._labels[number], self._counts[number][:, None]
        return (counts * (2 * (self._photos[labels] - self._sizes[labels]) + counts)).sum(axis=0)

    def _put(self, number: int, subset: int) -> None:
        labels, counts, old = self._labels[number], self._counts[number], self.subsets[number]
        if old >= 0:
            self._photos[labels, old] -= counts
            self._groups[labels, old] -= 1
        self._photos[labels, subset] += counts
        self._groups[labels, subset] += 1
        self.subsets[number] = subset
