"""What the model cards of a study are written from."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from canigatti.config import FROM_FOLDERS, Outline
from canigatti.evaluation.records import Calibration, Metrics
from canigatti.files import sha256_of
from canigatti.photos.records import (
    GROUPS,
    ClassNames,
    PhotosSummary,
    SourceRecord,
    corrected_parts,
    count_divided_groups,
    count_subsets,
)
from canigatti.report.corrections import SubsetChange, read_applied
from canigatti.report.records import EXPERIMENTS, ROBUSTNESS
from canigatti.training.records import TrainingRecord


@dataclass(frozen=True)
class SplitFacts:
    """A split as networks use it.

    Attributes:
        counts: number of photos: one row per subset, one column per label.
        changes: what corrections have changed, by subset.
        divided_groups: number of groups with photos in several subsets; None if the split cannot divide groups.
    """

    counts: pd.DataFrame
    changes: tuple[SubsetChange, ...]
    divided_groups: int | None


@dataclass(frozen=True)
class StudyFacts:
    """What all cards of a study share.

    Attributes:
        classes: names of the classes, label 0 first.
        manifest_sha256: of `photos/manifest.csv`.
        splits: those in use, by name.
        experiments: one row per experiment, by name, see :func:`canigatti.report.tables.study_table`.
        robustness: see :func:`canigatti.report.robustness.robustness_table`; None if it was measured of no experiment.
    """

    outline: Outline
    classes: tuple[str, ...]
    source: SourceRecord
    photos: PhotosSummary
    manifest_sha256: str
    splits: dict[str, SplitFacts]
    experiments: pd.DataFrame
    robustness: pd.DataFrame | None


@dataclass(frozen=True)
class RunFacts:
    """What is about one trained network."""

    training: TrainingRecord
    metrics: Metrics
    calibration: Calibration


def read_study_facts(outline: Outline, folder: Path) -> StudyFacts:
    """Read what all cards share from the folder of a study, results/<study>, and its report.

    Raises:
        InputError: a file is missing or invalid; the message names it.
    """
    photos, tables = folder / "photos", folder / "report" / "tables"
    classes = ClassNames.read(photos / "classes.json").names
    used = dict.fromkeys(outlined.split for outlined in outline.experiments)
    return StudyFacts(
        outline=outline,
        classes=classes,
        source=SourceRecord.read(photos / "source.json"),
        photos=PhotosSummary.read(photos / "summary.json"),
        manifest_sha256=sha256_of(photos / "manifest.csv"),
        splits={name: _read_split(outline, folder, name, classes) for name in used},
        experiments=EXPERIMENTS.read(tables / "all.csv").set_index("experiment"),
        robustness=ROBUSTNESS.read(tables / "robustness.csv") if outline.robustness else None,
    )


def _read_split(outline: Outline, folder: Path, name: str, classes: tuple[str, ...]) -> SplitFacts:
    path = folder / "splits" / f"{name}.csv"
    applied = read_applied(outline, folder, {name: path}, {})
    divided = None
    if outline.splits[name] == FROM_FOLDERS:
        groups = GROUPS.read(folder / "photos" / "groups.csv").set_index("id")["group"]
        divided = count_divided_groups(path, groups)
    return SplitFacts(
        counts=count_subsets(corrected_parts(path).values(), classes),
        changes=applied.subsets if applied else (),
        divided_groups=divided,
    )


def read_run_facts(outline: Outline, folder: Path) -> Iterator[tuple[Path, RunFacts]]:
    """Yield the path of each model card of a study, next to its model, and what is about that model.

    Raises:
        InputError: a file is missing or invalid; the message names it.
    """
    for outlined in outline.experiments:
        for seed in outline.seeds:
            run = Path(outlined.name, f"seed{seed}")
            training = folder / "training" / run
            yield (
                training / "README.md",
                RunFacts(
                    TrainingRecord.read(training / "run.json"),
                    Metrics.read(folder / "evaluation" / run / "metrics.json"),
                    Calibration.read(training / "calibration.json"),
                ),
            )
