"""The results of a study, read from its folder: one run per experiment and seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from canigatti.config import FROM_FOLDERS, Method, Outline, OutlinedExperiment, Table
from canigatti.evaluation.predictions import Predictions, read_predictions
from canigatti.evaluation.records import UNCERTAIN, Calibration, Metrics, Speed
from canigatti.files import InputError, sha256_of
from canigatti.photos.records import (
    GROUPS,
    PHOTO_PLOTS,
    ClassNames,
    PhotosSummary,
    SourceRecord,
    corrected_parts,
    count_divided_groups,
    count_subsets,
)
from canigatti.report.corrections import AppliedCorrections, read_applied
from canigatti.report.edition import newest_date
from canigatti.report.further import FurtherResults, read_further
from canigatti.search.selection import read_trials
from canigatti.training.records import HISTORY, TrainingRecord

# Names of the PNG files of an evaluation that the page shows.
PLOTS = ("misclassified", "uncertain", "explained", "reliability")


@dataclass(frozen=True)
class Run:
    """One experiment trained and evaluated with one seed.

    Attributes:
        table: name of the report's table that contains the experiment.
        history: one row per epoch, see :data:`canigatti.training.records.HISTORY`.
        predictions: of the test photos.
        validation: of the validation photos.
        uncertain: the least certain test photos, see :data:`canigatti.evaluation.records.UNCERTAIN`.
        plots: paths of the PNG files in `PLOTS`, which exist.
        calibration: of the probabilities.
    """

    experiment: str
    table: Table
    seed: int
    training: TrainingRecord
    metrics: Metrics
    speed: Speed
    history: pd.DataFrame
    predictions: Predictions
    validation: Predictions
    uncertain: pd.DataFrame
    plots: dict[str, Path]
    calibration: Calibration

    @property
    def diverged(self) -> bool:
        """Whether a loss became infinite or NaN, so that the metrics of the network are not meaningful."""
        return self.training.diverged


@dataclass(frozen=True)
class SearchResults:
    """The trials of an experiment's search.

    Attributes:
        trials: one row per trial, see :func:`canigatti.search.selection.tabulate`.
        plot: path of the plot of the score against each hyperparameter (PNG), which exists.
        curves: path of the plot of learning curves and cost (PNG), which exists.
        method: how trials were chosen and trained.
    """

    experiment: str
    trials: pd.DataFrame
    plot: Path
    curves: Path
    method: Method


@dataclass(frozen=True)
class StudyResults:
    """All results of a study.

    Attributes:
        classes: names of the classes, label 0 first.
        split_counts: number of photos of each split in use: one row per subset, one column per label.
        runs: in the order of the outline's experiments; those of an experiment in the order of the seeds.
        searches: in the order of the outline's experiments.
        photo_plots: paths of the plots of the photos stage (PNG) by name, which exist; empty before they are drawn.
        groups: the group of each kept photo, by photo id.
        divided_groups: number of groups with photos in several subsets of each split that comes with the photos.
        corrections: what people have corrected; None if nothing.
        accuracy_cost: path of the plot of accuracy against training time (PNG), which exists if the study is complete.
        newest: the day on which the newest network was saved; None if all model files were deleted.
        manifest_sha256: of `photos/manifest.csv`.
        further: robustness, test-time augmentation and learning curve, as far as the study asks for them.
    """

    outline: Outline
    classes: tuple[str, ...]
    source: SourceRecord
    photos: PhotosSummary
    split_counts: dict[str, pd.DataFrame]
    runs: Sequence[Run]
    searches: Sequence[SearchResults]
    photo_plots: dict[str, Path]
    groups: pd.Series
    divided_groups: dict[str, int]
    corrections: AppliedCorrections | None
    accuracy_cost: Path
    newest: date | None
    manifest_sha256: str
    further: FurtherResults


def read_study(outline: Outline, folder: Path, finished: Sequence[Run] | None = None) -> StudyResults:
    """Read all results of a study from its folder, results/<study>.

    Args:
        outline: the study, without experiments that have no run.
        folder: results/<study>.
        finished: the runs of a study that is not complete; figures of other jobs may be missing then.

    Raises:
        InputError: a file is missing or invalid, or all training runs diverged; the message names the file or folder.
    """
    runs, photos = read_runs(outline, folder) if finished is None else finished, folder / "photos"
    accuracy_cost = folder / "report" / "accuracy-cost.png"
    classes = ClassNames.read(photos / "classes.json").names
    used = {outlined.split for outlined in outline.experiments}
    splits = {name: folder / "splits" / f"{name}.csv" for name in outline.splits if name in used}
    groups = read_groups(folder)
    given = [name for name in splits if outline.splits[name] == FROM_FOLDERS]
    return StudyResults(
        outline=outline,
        classes=classes,
        source=SourceRecord.read(photos / "source.json"),
        photos=PhotosSummary.read(photos / "summary.json"),
        split_counts={name: count_subsets(corrected_parts(path).values(), classes) for name, path in splits.items()},
        runs=runs,
        searches=[_read_search(folder / "search", outlined) for outlined in outline.experiments if outlined.searched],
        photo_plots=read_photo_plots(folder, is_complete=finished is None),
        groups=groups,
        divided_groups={name: count_divided_groups(splits[name], groups) for name in given},
        corrections=read_applied(outline, folder, splits, _converged(runs)),
        accuracy_cost=_require_file(accuracy_cost) if finished is None else accuracy_cost,
        newest=newest_date(folder / "training" / one.experiment / f"seed{one.seed}" / "model.keras" for one in runs),
        manifest_sha256=sha256_of(_require_file(photos / "manifest.csv")),
        further=read_further(outline, folder, classes),
    )


def read_runs(outline: Outline, folder: Path) -> list[Run]:
    """Read the runs of a study from its folder, results/<study>.

    Raises:
        InputError: a file is missing or invalid, or all training runs diverged; the message names the file or folder.
    """
    classes = ClassNames.read(folder / "photos" / "classes.json").names
    runs = [read_run(folder, outlined, seed, classes) for outlined in outline.experiments for seed in outline.seeds]
    if all(run.diverged for run in runs):
        raise InputError(
            f"{folder}: all training runs diverged, so there is nothing to compare; lower the learning rates"
        )
    return runs


def read_groups(folder: Path) -> pd.Series:
    """Read the group of each kept photo, by photo id, from the folder of a study.

    Raises:
        InputError: the file is missing or invalid; the message names it.
    """
    return GROUPS.read(folder / "photos" / "groups.csv").set_index("id")["group"]


def read_search_seconds(outline: Outline, folder: Path) -> dict[str, float]:
    """Read the training time of all trials of each search, in seconds, by experiment.

    Raises:
        InputError: a file is missing or invalid; the message names it.
    """
    searched = [outlined.name for outlined in outline.experiments if outlined.searched]
    return {name: float(read_trials(folder / "search" / name / "trials.csv")["seconds"].sum()) for name in searched}


def _converged(runs: Sequence[Run]) -> dict[str, list[int]]:
    seeds: dict[str, list[int]] = {}
    for run in runs:
        if not run.diverged:
            seeds.setdefault(run.experiment, []).append(run.seed)
    return seeds


def read_photo_plots(folder: Path, is_complete: bool) -> dict[str, Path]:
    """Return the paths of the plots of the photos stage by name; none if one is missing and the study is not complete.

    Raises:
        InputError: one is missing, and the study is complete; the message names it.
    """
    paths = {name: folder / "photos" / f"{name}.png" for name in PHOTO_PLOTS}
    if is_complete or all(path.is_file() for path in paths.values()):
        return {name: _require_file(path) for name, path in paths.items()}
    return {}


def read_run(folder: Path, outlined: OutlinedExperiment, seed: int, classes: Sequence[str]) -> Run:
    """Read one run of a study from its folder.

    Raises:
        InputError: a file is missing or invalid; the message names it.
    """
    training = folder / "training" / outlined.name / f"seed{seed}"
    evaluation = folder / "evaluation" / outlined.name / f"seed{seed}"
    return Run(
        experiment=outlined.name,
        table=outlined.table,
        seed=seed,
        training=TrainingRecord.read(training / "run.json"),
        metrics=Metrics.read(evaluation / "metrics.json"),
        speed=Speed.read(evaluation / "speed.json"),
        history=HISTORY.read(training / "history.csv"),
        predictions=read_predictions(evaluation / "predictions.csv", classes),
        validation=read_predictions(evaluation / "validation.csv", classes),
        uncertain=UNCERTAIN.read(evaluation / "uncertain.csv"),
        plots={name: _require_file(evaluation / f"{name}.png") for name in PLOTS},
        calibration=Calibration.read(training / "calibration.json"),
    )


def _read_search(folder: Path, outlined: OutlinedExperiment) -> SearchResults:
    own = folder / outlined.name
    scores, curves = (_require_file(own / name) for name in ("scores.png", "curves.png"))
    return SearchResults(outlined.name, read_trials(own / "trials.csv"), scores, curves, outlined.method)


def _require_file(path: Path) -> Path:
    if not path.is_file():
        raise InputError(f"{path}: expected a result file of the study, but it does not exist")
    return path
