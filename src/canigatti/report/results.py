"""Everything a study left in its folder, read into typed rows: one run for each experiment and seed."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError

from canigatti.config import Photos, Spec, Split, Table
from canigatti.evaluation.metrics import read_predictions
from canigatti.files import InputError
from canigatti.search.selection import score_columns

PARTS = ("train", "validation", "test")
PHOTO_PICTURES = ("sample", "balance", "sizes", "formats", "rejected")
_HISTORY = {"epoch": int, "loss": float, "accuracy": float, "val_loss": float, "val_accuracy": float, "seconds": float}
_UNCERTAIN = {"id": str, "probability": float, "true": int, "predicted": int, "distance": float}
_TRIALS = {"trial": int, "status": str, "score": float, "best_step": float, "seconds": float, "error": str}
_SPLIT = {"id": str, "label": int, "part": str}


class _Record(BaseModel):
    """A JSON file of the results; keys that the report does not use are passed over."""

    model_config = ConfigDict(frozen=True)


_AnyRecord = TypeVar("_AnyRecord", bound=_Record)


class Listed(_Record):
    """An experiment as the outline lists it."""

    name: str
    table: Table
    split: str
    searched: bool


class Outline(_Record):
    """What `Study.outline` says of a study: names, configuration file, classes, splits, experiments in order, seeds."""

    study: str
    configuration: str
    classes: tuple[str, str]
    photos: Photos
    splits: dict[str, Split]
    experiments: tuple[Listed, ...]
    tables: tuple[str, ...]
    include: tuple[str, ...]
    seeds: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the JSON text of an outline.

        Raises:
            InputError: the text is not an outline.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise InputError(f"--outline: expected what Study.outline writes, received {_first_fault(error)}") from None


class Source(_Record):
    """photos/source.json: where the photos came from."""

    source: str
    bytes: int
    sha256: str | None


class Rejected(_Record):
    """A file that is not used, and why."""

    id: str
    path: str
    verdict: str
    reason: str


class PhotosSummary(_Record):
    """photos/summary.json: the counts of the inspection."""

    files: int
    kept: dict[str, int]
    verdicts: dict[str, int]
    jfif_test_drops: int
    jfif_test_drops_kept: int
    near_duplicate_groups: int
    rejected: list[Rejected]


class Training(_Record):
    """training/…/run.json: what was trained, on what, and at what cost."""

    status: Literal["completed", "diverged"]
    spec: Spec
    parameters: int
    weight_mb: float
    best_epoch: int
    epochs: int
    seconds_per_epoch: float
    wall_seconds: float
    device: str
    versions: dict[str, str]
    weights: str | None = None

    @property
    def untrained_start(self) -> bool:
        """Whether random weights stand where pretrained ones were meant, since those could not be had."""
        return self.weights == "random"


class Metrics(_Record):
    """evaluation/…/metrics.json: how the model does on the test photos."""

    accuracy: float
    accuracy_interval: tuple[float, float]
    loss: float
    n: int
    confusion: tuple[tuple[int, int], tuple[int, int]]


class Speed(_Record):
    """evaluation/…/speed.json: how long the model takes for a photo."""

    milliseconds_per_photo: float


@dataclass(frozen=True)
class Run:
    """One experiment trained and tested with one seed.

    Attributes:
        table: where the report shows the experiment.
        history: a row for every epoch: epoch (from 1), loss, accuracy, val_loss, val_accuracy, seconds.
        predictions: a row for every test photo: id, label, probability.
        uncertain: the least certain test photos: id, probability, true, predicted, distance.
        pictures: curves, misclassified and uncertain, as PNG files that exist.
    """

    experiment: str
    table: Table
    seed: int
    training: Training
    metrics: Metrics
    speed: Speed
    history: pd.DataFrame
    predictions: pd.DataFrame
    uncertain: pd.DataFrame
    pictures: dict[str, Path]

    @property
    def diverged(self) -> bool:
        """Whether a loss became infinite or no number, so that the network's figures say nothing."""
        return self.training.status == "diverged"


@dataclass(frozen=True)
class Search:
    """What came of the search of an experiment.

    Attributes:
        trials: a row a trial, see :func:`canigatti.search.selection.tabulate`; cells that are missing are NaN.
        picture: score against each hyper-parameter, a PNG file that exists.
    """

    experiment: str
    trials: pd.DataFrame
    picture: Path


@dataclass(frozen=True)
class StudyResults:
    """All results of a study.

    Attributes:
        split_counts: for each split in use, a table of photos: parts as rows, labels 0 and 1 as columns.
        runs: in the order of the outline's experiments, and of its seeds within one.
        searches: in the order of the outline's experiments.
        pictures: the photos' pictures, as PNG files that exist.
    """

    outline: Outline
    source: Source
    photos: PhotosSummary
    split_counts: dict[str, pd.DataFrame]
    runs: list[Run]
    searches: list[Search]
    pictures: dict[str, Path]


def read_study(outline: Outline, folder: Path) -> StudyResults:
    """Read the results of a whole study from results/<study>.

    Raises:
        InputError: a file is missing or does not hold what it should; the message names it.
    """
    runs = [_read_run(folder, listed, seed) for listed in outline.experiments for seed in outline.seeds]
    used = {listed.split for listed in outline.experiments}
    return StudyResults(
        outline=outline,
        source=_read_record(folder / "photos" / "source.json", Source),
        photos=_read_record(folder / "photos" / "summary.json", PhotosSummary),
        split_counts={name: _count_photos(folder / f"splits/{name}.csv") for name in outline.splits if name in used},
        runs=runs,
        searches=[_read_search(folder / "search", listed.name) for listed in outline.experiments if listed.searched],
        pictures={name: _existing(folder / "photos" / f"{name}.png") for name in PHOTO_PICTURES},
    )


def _read_run(folder: Path, listed: Listed, seed: int) -> Run:
    training = folder / "training" / listed.name / f"seed{seed}"
    evaluation = folder / "evaluation" / listed.name / f"seed{seed}"
    return Run(
        experiment=listed.name,
        table=listed.table,
        seed=seed,
        training=_read_record(training / "run.json", Training),
        metrics=_read_record(evaluation / "metrics.json", Metrics),
        speed=_read_record(evaluation / "speed.json", Speed),
        history=_read_table(training / "history.csv", _HISTORY),
        predictions=read_predictions(_existing(evaluation / "predictions.csv")),
        uncertain=_read_table(evaluation / "uncertain.csv", _UNCERTAIN),
        pictures={
            "curves": _existing(training / "curves.png"),
            "misclassified": _existing(evaluation / "misclassified.png"),
            "uncertain": _existing(evaluation / "uncertain.png"),
        },
    )


def _read_search(folder: Path, experiment: str) -> Search:
    trials = _read_table(folder / experiment / "trials.csv", _TRIALS)
    scores = score_columns(trials)
    trials[scores] = trials[scores].apply(pd.to_numeric, errors="coerce")
    return Search(
        experiment=experiment,
        trials=trials,
        picture=_existing(folder / experiment / "scores.png"),
    )


def _count_photos(path: Path) -> pd.DataFrame:
    split = _read_table(path, _SPLIT)
    counts = pd.crosstab(split["part"], split["label"])
    return counts.reindex(index=list(PARTS), columns=[0, 1], fill_value=0)


def _read_record(path: Path, kind: type[_AnyRecord]) -> _AnyRecord:
    try:
        return kind.model_validate_json(_existing(path).read_bytes())
    except ValidationError as error:
        raise InputError(
            f"{path}: expected a record of {kind.__name__.lower()}, received {_first_fault(error)}"
        ) from None


def _read_table(path: Path, columns: dict[str, type]) -> pd.DataFrame:
    numbers = {name: ["", "nan"] for name, kind in columns.items() if kind is float}
    try:  # no text means "missing" in a text column: a photo may be called nan
        table = pd.read_csv(_existing(path), dtype=columns, keep_default_na=False, na_values=numbers)
    except ValueError as error:
        raise InputError(f"{path}: expected a table with the columns {', '.join(columns)}, received {error}") from None
    missing = [name for name in columns if name not in table]
    if missing:
        raise InputError(f"{path}: expected a column {missing[0]}, received {', '.join(table)}")
    return table


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise InputError(f"{path}: expected a file of the study's results, received none")
    return path


def _first_fault(error: ValidationError) -> str:
    fault: Any = error.errors()[0]
    where = ".".join(str(part) for part in fault["loc"])
    received = json.dumps(fault["input"], default=str)[:80]
    return f"{where}: {fault['msg']} ({received})" if where else f"{fault['msg']}"
