"""What the explorer shows, read from the folder of a study."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from canigatti.config import Outline
from canigatti.evaluation.predictions import Predictions, read_predictions
from canigatti.files import InputError
from canigatti.photos.records import GROUPS, NEAR_DUPLICATES, ClassNames, PhotosSummary, RejectedFile, read_kept
from canigatti.training.records import TrainingRecord


@dataclass(frozen=True)
class TrainedNetwork:
    """An experiment trained with one seed whose training did not diverge.

    Attributes:
        predictions: of its test photos, after corrections.
    """

    experiment: str
    seed: int
    predictions: Predictions


@dataclass(frozen=True)
class TestedStudy:
    """What the networks of a study made of its test photos, and what is known about the photos.

    Attributes:
        name: of the study.
        classes: names of the classes, label 0 first.
        networks: in the order of the outline's experiments; those of an experiment in the order of the seeds.
        diverged: the other trainings, each as `<experiment>, seed <seed>`.
        kept: the kept photos, see :data:`canigatti.photos.records.MANIFEST`.
        groups: the group of near duplicates of each kept photo, by photo id.
        rejected: files that are not used, except those over the limit per class.
    """

    name: str
    classes: tuple[str, ...]
    networks: tuple[TrainedNetwork, ...]
    diverged: tuple[str, ...]
    kept: pd.DataFrame
    groups: pd.Series
    rejected: tuple[RejectedFile, ...]


def read_tested(outline: Outline, folder: Path) -> TestedStudy:
    """Read the test photos of a study and their predictions from its folder, results/<study>.

    Raises:
        InputError: a file is missing or invalid, or all training runs diverged; the message names the file or folder.
    """
    photos = folder / "photos"
    classes = ClassNames.read(photos / "classes.json").names
    networks, diverged = _read_networks(outline, folder, classes)
    if not networks:
        raise InputError(f"{folder}: all training runs diverged, so there are no predictions to explore")
    groups = GROUPS.read(photos / "groups.csv").set_index("id")
    return TestedStudy(
        name=outline.study,
        classes=classes,
        networks=tuple(networks),
        diverged=tuple(diverged),
        kept=read_kept(photos / "manifest.csv"),
        # With configured groups, `group` also connects photos that look different.
        groups=groups[NEAR_DUPLICATES] if NEAR_DUPLICATES in groups else groups["group"],
        rejected=PhotosSummary.read(photos / "summary.json").rejected,
    )


def _read_networks(outline: Outline, folder: Path, classes: Sequence[str]) -> tuple[list[TrainedNetwork], list[str]]:
    """Read the networks that did not diverge, and return the others as text."""
    networks, diverged = [], []
    for name in (outlined.name for outlined in outline.experiments):
        for seed in outline.seeds:
            run = f"{name}/seed{seed}"
            if TrainingRecord.read(folder / "training" / run / "run.json").diverged:
                diverged.append(f"{name}, seed {seed}")
                continue
            predictions = read_predictions(folder / "evaluation" / run / "predictions.csv", classes)
            networks.append(TrainedNetwork(name, seed, predictions))
    return networks, diverged
