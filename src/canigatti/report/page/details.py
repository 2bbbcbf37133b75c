"""The details of each experiment, prepared for the templates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from canigatti.report.page.classes import ClassTable, class_table, named_pairs
from canigatti.report.page.embedding import MAX_BYTES, EmbeddedImage, embed_together
from canigatti.report.results import Run

# By name of a contact sheet. The photos of the last one are on the page twice: smooth colors show at a low quality too.
_SHEETS = {"misclassified": MAX_BYTES, "uncertain": MAX_BYTES, "explained": 90_000}


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


def details_of(runs: Sequence[Run], classes: Sequence[str]) -> list[Details]:
    """Return the details of runs; the quality of their contact sheets depends on how many they are.

    Args:
        runs: one of each experiment.
        classes: names of the classes, label 0 first.
    """
    sheets = [(run.plots[name], max_bytes) for run in runs for name, max_bytes in _SHEETS.items()]
    embedded = iter(embed_together(sheets))
    return [_details(run, classes, {name: next(embedded) for name in _SHEETS}) for run in runs]


def _details(run: Run, classes: Sequence[str], plots: dict[str, EmbeddedImage]) -> Details:
    counts = np.array(run.metrics.confusion)
    two = [(classes[label], classes[1 - label], int(counts[label, 1 - label])) for label in (0, 1)]
    return Details(
        experiment=run.experiment,
        seed=run.seed,
        accuracy=run.metrics.accuracy,
        errors=int(counts.sum() - np.trace(counts)),
        pairs=two if len(classes) == 2 else named_pairs(counts, classes),
        per_class=class_table(run, classes),
        plots=plots,
        uncertain=run.uncertain.to_dict("records"),
    )
