"""The details of each experiment, prepared for the templates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from canigatti.report.page.classes import ClassTable, class_table, named_pairs
from canigatti.report.page.embedding import EmbeddedImage, embed
from canigatti.report.results import Run

_MAX_BYTES_OF_EXPLAINED = 90_000  # its photos are on the page twice: smooth colors show at a low quality too


@dataclass(frozen=True)
class Details:
    """Details of one experiment, from its first seed that did not diverge.

    Attributes:
        errors: number of misclassified test photos.
        pairs: the most confused pairs: true class, predicted class, number of photos.
        per_class: the metrics of each class.
        plots: its misclassified and its least certain test photos, and the Grad-CAM of some of them.
        uncertain: rows of :data:`canigatti.evaluation.records.UNCERTAIN`.
    """

    experiment: str
    seed: int
    accuracy: float
    errors: int
    pairs: list[tuple[str, str, int]]
    per_class: ClassTable
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
    return Details(
        experiment=run.experiment,
        seed=run.seed,
        accuracy=run.metrics.accuracy,
        errors=int(counts.sum() - np.trace(counts)),
        pairs=two if len(classes) == 2 else named_pairs(counts, classes),
        per_class=class_table(run, classes),
        plots={
            **{name: embed(run.plots[name]) for name in ("misclassified", "uncertain")},
            "explained": embed(run.plots["explained"], max_bytes=_MAX_BYTES_OF_EXPLAINED),
        },
        uncertain=run.uncertain.to_dict("records"),
    )
