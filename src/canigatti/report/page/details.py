"""What the page says about the classes, and the details of each experiment, prepared for the templates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from canigatti.evaluation.records import ClassMetrics
from canigatti.report.page.embedding import EmbeddedImage, embed
from canigatti.report.page.sections import named_pairs
from canigatti.report.results import Run, StudyResults

_MAX_LISTED_CLASSES = 6  # of which the page lists the names and the numbers of photos
_MAX_CLASSES = 30  # in the table of metrics per class


@dataclass(frozen=True)
class Details:
    """Details of one experiment, from its first seed that did not diverge.

    Attributes:
        errors: number of misclassified test photos.
        pairs: the most confused pairs: true class, predicted class, number of photos.
        per_class: the metrics of each class by name; of many classes, those with the lowest F1.
        plots: its misclassified and its least certain test photos.
        uncertain: rows of :data:`canigatti.evaluation.records.UNCERTAIN`.
    """

    experiment: str
    seed: int
    accuracy: float
    errors: int
    pairs: list[tuple[str, str, int]]
    per_class: list[tuple[str, ClassMetrics]]
    plots: dict[str, EmbeddedImage]
    uncertain: list[dict[str, Any]]


def details_of(run: Run, classes: Sequence[str]) -> Details:
    """Return the details of a run.

    Args:
        run: the run.
        classes: names of the classes, label 0 first.
    """
    counts = np.array(run.metrics.confusion)
    two = [(classes[label], classes[1 - label], int(counts[label, 1 - label])) for label in (0, 1)]
    named = sorted(zip(classes, run.metrics.classes, strict=True), key=lambda pair: pair[1].f1)[:_MAX_CLASSES]
    shown = {name for name, _ in named}
    return Details(
        experiment=run.experiment,
        seed=run.seed,
        accuracy=run.metrics.accuracy,
        errors=int(counts.sum() - np.trace(counts)),
        pairs=two if len(classes) == 2 else named_pairs(counts, classes),
        per_class=[pair for pair in zip(classes, run.metrics.classes, strict=True) if pair[0] in shown],
        plots={name: embed(path) for name, path in run.plots.items()},
        uncertain=run.uncertain.to_dict("records"),
    )


def class_context(study: StudyResults) -> dict[str, Any]:
    """Return what the templates say about the classes of a study."""
    names, kept = study.classes, study.photos.kept
    largest = max(kept, key=lambda name: kept[name])
    is_listed = len(names) <= _MAX_LISTED_CLASSES
    first, last = ", ".join(names[:-1]), names[-1]
    question = f"{first} or {last}" if is_listed else f"Which of {len(names):,} classes"
    return {
        "classes": names,
        "question": f"{question[0].upper()}{question[1:]}?",
        "class_list": f"{first} and {last}" if is_listed else f"{len(names):,} classes",
        "max_listed": _MAX_LISTED_CLASSES,
        "largest": (largest, kept[largest] / max(1, sum(kept.values()))),
    }
