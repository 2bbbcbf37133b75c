"""What the page says about the classes: their sizes, their metrics, and which ones are confused with each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from canigatti.config.classes import UNEQUAL_RATIO
from canigatti.evaluation.confusion_plots import confused_pairs
from canigatti.evaluation.records import ClassMetrics
from canigatti.plots import MANY_CLASSES
from canigatti.report.guessing import guess_subject
from canigatti.report.original import is_of_original_classes
from canigatti.report.ranking import RANKINGS
from canigatti.report.results import Run

_MAX_LISTED_CLASSES = 6  # of which the page lists the names and the numbers of photos
_MAX_PAIRS = 10  # of confused classes


@dataclass(frozen=True)
class Confusion:
    """Counts of a confusion matrix (rows: true class, columns: predicted class), also as fractions of each row.

    Attributes:
        pairs: instead of the matrix, for many classes: the most confused pairs (true, predicted, number of photos).
    """

    experiment: str
    counts: list[list[int]]
    fractions: list[list[float]]
    pairs: list[tuple[str, str, int]]


@dataclass(frozen=True)
class ConfusedClasses:
    """Two classes that are confused with each other.

    Attributes:
        as_second: number of photos of the first class that are classified as the second.
        as_first: number of photos of the second class that are classified as the first.
        photos: number of test photos of both classes.
    """

    first: str
    second: str
    as_second: int
    as_first: int
    photos: int

    @property
    def confused(self) -> int:
        """Number of photos of one of the classes that are classified as the other."""
        return self.as_second + self.as_first


@dataclass(frozen=True)
class ClassTable:
    """The metrics of each class, and those of all classes together.

    Attributes:
        rows: by label, or with the lowest F1 first if there are many classes.
        is_sorted: whether the lowest F1 is first.
        overall: names and values of the metrics of all classes; undefined ones are omitted.
    """

    seed: int
    rows: list[tuple[str, ClassMetrics]]
    is_sorted: bool
    overall: list[tuple[str, str]]


def class_context(names: Sequence[str], kept: Mapping[str, int]) -> dict[str, Any]:
    """Return what the templates say about the classes of a study.

    Args:
        names: of the classes, label 0 first.
        kept: number of photos of each class.
    """
    largest, smallest = max(names, key=lambda name: kept[name]), min(names, key=lambda name: kept[name])
    is_alone = sum(count == kept[largest] for count in kept.values()) == 1
    is_listed = len(names) <= _MAX_LISTED_CLASSES
    first, last = ", ".join(names[:-1]), names[-1]
    question = f"{first} or {last}" if is_listed else f"Which of {len(names):,} classes"
    return {
        "classes": names,
        "is_original": is_of_original_classes(names),
        "question": f"{question[0].upper()}{question[1:]}?",
        "class_list": f"{first} and {last}" if is_listed else f"{len(names):,} classes",
        "is_many": len(names) >= MANY_CLASSES,
        "max_listed": _MAX_LISTED_CLASSES,
        "guess_subject": guess_subject(largest if is_alone else None),
        "largest_fraction": kept[largest] / max(1, sum(kept.values())),
        "unequal": [(name, kept[name]) for name in (largest, smallest)] if is_unequal(kept) else [],
    }


def is_unequal(kept: Mapping[str, int]) -> bool:
    """Return whether the largest class has so many more photos than the smallest that accuracy is about it."""
    return max(kept.values()) > UNEQUAL_RATIO * min(kept.values())


def class_table(run: Run, classes: Sequence[str]) -> ClassTable:
    """Return the metrics of each class.

    Args:
        run: the run.
        classes: names of the classes, label 0 first.
    """
    rows, is_sorted = [*zip(classes, run.metrics.classes, strict=True)], len(classes) >= MANY_CLASSES
    values = {ranking.name: (ranking, getattr(run.metrics, ranking.metric)) for ranking in RANKINGS.values()}
    return ClassTable(
        seed=run.seed,
        rows=sorted(rows, key=lambda row: row[1].f1) if is_sorted else rows,
        is_sorted=is_sorted,
        overall=[(name, ranking.format(value)) for name, (ranking, value) in values.items() if value is not None],
    )


def confusions(runs: Sequence[Run], classes: Sequence[str]) -> list[Confusion]:
    """Return one matrix per experiment that did not diverge, with the sum of the counts of all seeds."""
    is_shown = len(classes) < MANY_CLASSES
    return [
        Confusion(
            experiment=name,
            counts=counts.tolist() if is_shown else [],
            fractions=(counts / np.maximum(1, counts.sum(axis=1, keepdims=True))).tolist() if is_shown else [],
            pairs=named_pairs(counts, classes) if len(classes) > 2 else [],
        )
        for name, counts in summed_counts(runs).items()
    ]


def summed_counts(runs: Sequence[Run]) -> dict[str, np.ndarray]:
    """Return the confusion matrix of each experiment that did not diverge, the sum of the counts of all seeds."""
    matrices: dict[str, np.ndarray] = {}
    for run in (run for run in runs if not run.diverged):
        matrices[run.experiment] = matrices.get(run.experiment, 0) + np.array(run.metrics.confusion)
    return matrices


def named_pairs(counts: np.ndarray, classes: Sequence[str]) -> list[tuple[str, str, int]]:
    """Return the most confused pairs of a confusion matrix: true class, predicted class, and number of photos."""
    pairs = confused_pairs(counts, _MAX_PAIRS)
    return [(classes[true], classes[predicted], count) for true, predicted, count in pairs]


def confused_classes(counts: np.ndarray, classes: Sequence[str]) -> list[ConfusedClasses]:
    """Return the classes that are most often confused with each other, in either direction, at most ten pairs.

    Args:
        counts: (classes, classes); rows are true classes.
        classes: names of the classes, label 0 first.
    """
    photos = counts.sum(axis=1)
    return [
        ConfusedClasses(
            first=classes[first],
            second=classes[second],
            as_second=int(counts[first, second]),
            as_first=int(counts[second, first]),
            photos=int(photos[first] + photos[second]),
        )
        for first, second, _ in confused_pairs(np.triu(counts + counts.T, 1), _MAX_PAIRS)
    ]
