"""All results of a study, read from its folder: one run for each experiment and seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from canigatti.config import Outline, OutlinedExperiment, Table
from canigatti.evaluation.records import PREDICTIONS, UNCERTAIN, Metrics, Speed
from canigatti.files import InputError
from canigatti.photos.records import PHOTO_PLOTS, PhotosSummary, SourceRecord, count_subsets
from canigatti.search.selection import read_trials
from canigatti.training.records import HISTORY, TrainingRecord


@dataclass(frozen=True)
class Run:
    """One experiment trained and evaluated with one seed.

    Attributes:
        table: the table of the report that shows the experiment.
        history: one row per epoch, see :data:`canigatti.training.records.HISTORY`.
        predictions: one row per test photo, see :data:`canigatti.evaluation.records.PREDICTIONS`.
        uncertain: the least certain test photos, see :data:`canigatti.evaluation.records.UNCERTAIN`.
        plots: curves, misclassified and uncertain, as PNG files that exist.
    """

    experiment: str
    table: Table
    seed: int
    training: TrainingRecord
    metrics: Metrics
    speed: Speed
    history: pd.DataFrame
    predictions: pd.DataFrame
    uncertain: pd.DataFrame
    plots: dict[str, Path]

    @property
    def diverged(self) -> bool:
        """Whether a loss became infinite or NaN, so that the metrics of the network are not meaningful."""
        return self.training.diverged


@dataclass(frozen=True)
class SearchResults:
    """The trials of an experiment's search.

    Attributes:
        trials: one row per trial, see :func:`canigatti.search.selection.tabulate`.
        plot: score against each hyper-parameter, a PNG file that exists.
    """

    experiment: str
    trials: pd.DataFrame
    plot: Path


@dataclass(frozen=True)
class StudyResults:
    """All results of a study.

    Attributes:
        split_counts: for each split in use, the number of photos: one row per subset, one column per label.
        runs: in the order of the outline's experiments, and of its seeds within one.
        searches: in the order of the outline's experiments.
        photo_plots: what the photos are like, as PNG files that exist.
        accuracy_cost: accuracy against training time, a PNG file that exists.
    """

    outline: Outline
    source: SourceRecord
    photos: PhotosSummary
    split_counts: dict[str, pd.DataFrame]
    runs: Sequence[Run]
    searches: Sequence[SearchResults]
    photo_plots: dict[str, Path]
    accuracy_cost: Path


def read_study(outline: Outline, folder: Path) -> StudyResults:
    """Read the results of a whole study from results/<study>.

    Raises:
        InputError: a file is missing or has other content than expected; the message names it.
    """
    runs, photos = read_runs(outline, folder), folder / "photos"
    used = {listed.split for listed in outline.experiments}
    splits = {name: folder / "splits" / f"{name}.csv" for name in outline.splits if name in used}
    return StudyResults(
        outline=outline,
        source=SourceRecord.read(photos / "source.json"),
        photos=PhotosSummary.read(photos / "summary.json"),
        split_counts={name: count_subsets(path, outline.classes) for name, path in splits.items()},
        runs=runs,
        searches=[_read_search(folder / "search", listed.name) for listed in outline.experiments if listed.searched],
        photo_plots={name: _existing(photos / f"{name}.png") for name in PHOTO_PLOTS},
        accuracy_cost=_existing(folder / "report" / "accuracy-cost.png"),
    )


def read_runs(outline: Outline, folder: Path) -> list[Run]:
    """Read the runs of a study.

    Raises:
        InputError: a file is missing or has other content than expected, or all trainings diverged.
    """
    runs = [_read_run(folder, listed, seed) for listed in outline.experiments for seed in outline.seeds]
    if all(run.diverged for run in runs):
        raise InputError(f"{folder}: every training diverged, nothing is left to compare; lower the learning rates")
    return runs


def _read_run(folder: Path, listed: OutlinedExperiment, seed: int) -> Run:
    training = folder / "training" / listed.name / f"seed{seed}"
    evaluation = folder / "evaluation" / listed.name / f"seed{seed}"
    return Run(
        experiment=listed.name,
        table=listed.table,
        seed=seed,
        training=TrainingRecord.read(training / "run.json"),
        metrics=Metrics.read(evaluation / "metrics.json"),
        speed=Speed.read(evaluation / "speed.json"),
        history=HISTORY.read(training / "history.csv"),
        predictions=PREDICTIONS.read(evaluation / "predictions.csv"),
        uncertain=UNCERTAIN.read(evaluation / "uncertain.csv"),
        plots={
            "curves": _existing(training / "curves.png"),
            **{name: _existing(evaluation / f"{name}.png") for name in ("misclassified", "uncertain")},
        },
    )


def _read_search(folder: Path, experiment: str) -> SearchResults:
    trials = read_trials(folder / experiment / "trials.csv")
    return SearchResults(experiment, trials, _existing(folder / experiment / "scores.png"))


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise InputError(f"{path}: expected a file of the study's results, received none")
    return path
