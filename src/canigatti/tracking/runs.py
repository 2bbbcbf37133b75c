"""The training runs of a study as values that an experiment tracker takes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from canigatti.evaluation.records import EvaluationRecord, Metrics
from canigatti.ownership import is_claimed
from canigatti.training.checkpoint import Rows, read_rows
from canigatti.training.records import HISTORY, TrainingRecord

Status = Literal["FINISHED", "RUNNING", "KILLED"]  # of MLflow

_COSTS = (
    "parameters",
    "trainable_parameters",
    "weight_mb",
    "best_epoch",
    "epochs",
    "seconds_per_epoch",
    "wall_seconds",
)
_NOT_SCALAR = ("confusion", "classes", "accuracy_interval")


@dataclass(frozen=True)
class Epoch:
    """The metrics of an epoch.

    Attributes:
        number: from 1.
        ended: milliseconds (Unix time).
        metrics: by name.
    """

    number: int
    ended: int
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class TrackedRun:
    """One experiment with one seed.

    Attributes:
        status: `KILLED` if it is not finished and no process is training it; the next start of the workflow resumes it.
        started: milliseconds (Unix time).
        epochs: the history so far.
        measured: milliseconds (Unix time) at which the last of the results was written.
        results: metrics of the trained network, by name; none if the run is not finished.
        settings: the resolved experiment, by dotted key; none if the run is not finished.
        tags: hashes, versions, and other texts that identify the result.
        files: that belong to the run.
    """

    experiment: str
    seed: int
    status: Status
    started: int
    epochs: Sequence[Epoch]
    measured: int = 0
    results: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[Path] = ()

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.experiment}, seed {self.seed}"


def list_runs(results: Path) -> list[Path]:
    """Return the folders of all training runs of a study, training/<experiment>/seed<k>, sorted.

    Args:
        results: results/<study>.
    """
    return sorted(path for path in (results / "training").glob("*/seed*") if path.is_dir())


def read_run(folder: Path, with_model: bool = False) -> TrackedRun | None:
    """Read a run; None if it has not finished an epoch.

    Args:
        folder: training/<experiment>/seed<k> of a study.
        with_model: whether its files include the model.

    Raises:
        InputError: a file is missing or damaged; the message names it.
    """
    experiment, seed = folder.parent.name, int(folder.name.removeprefix("seed"))
    if (folder / "run.json").is_file():
        return _read_finished(folder, experiment, seed, with_model)
    rows, is_training = read_rows(folder / "checkpoint"), is_claimed(folder)
    if not rows:
        return None
    epochs = _epochs(rows, (folder / "checkpoint").stat().st_mtime)  # a checkpoint replaces the last one there
    started = epochs[0].ended - round(1000 * rows[0]["seconds"])
    return TrackedRun(experiment, seed, "RUNNING" if is_training else "KILLED", started, epochs)


def _read_finished(folder: Path, experiment: str, seed: int, with_model: bool) -> TrackedRun:
    record = TrainingRecord.read(folder / "run.json")
    rows: Any = HISTORY.read(folder / "history.csv").to_dict("records")
    epochs = _epochs(rows, (folder / "history.csv").stat().st_mtime)
    evaluation = folder.parents[2] / "evaluation" / experiment / folder.name
    names = ["curves.png", "history.csv", "run.json", "calibration.json", *(["model.keras"] if with_model else [])]
    files = [folder / name for name in names]
    results, measured = {name: float(getattr(record, name)) for name in _COSTS}, epochs[-1].ended
    if _is_evaluated(evaluation, record):
        results |= _test_metrics(Metrics.read(evaluation / "metrics.json"))
        measured = round(1000 * (evaluation / "metrics.json").stat().st_mtime)
        files += [evaluation / name for name in ("metrics.json", "confusion.png", "predictions.csv")]
    return TrackedRun(
        experiment,
        seed,
        "FINISHED",
        epochs[-1].ended - round(1000 * record.wall_seconds),
        epochs,
        measured,
        results,
        {"seed": str(seed), **dict(_flatten(record.spec.model_dump(mode="json")))},
        _tags(record),
        [path for path in files if path.is_file()],
    )


def _is_evaluated(evaluation: Path, record: TrainingRecord) -> bool:
    """Return whether there are metrics of this model, not those of one that it has replaced."""
    if not all((evaluation / name).is_file() for name in ("evaluation.json", "metrics.json")):
        return False
    return EvaluationRecord.read(evaluation / "evaluation.json").model_sha256 == record.model_sha256


def _test_metrics(metrics: Metrics) -> dict[str, float]:
    """Return the scalar metrics of the test set, with the limits of the accuracy's interval."""
    values = metrics.model_dump(exclude={*_NOT_SCALAR}) | dict(
        zip(("accuracy_low", "accuracy_high"), metrics.accuracy_interval, strict=True)
    )
    return {f"test_{name}": float(value) for name, value in values.items() if value is not None}


def _epochs(rows: Rows, ended: float) -> list[Epoch]:
    """Return the epochs of a history, whose times are counted back from the end of the last one.

    The history has durations only. Times before an interruption are therefore later than they were.

    Args:
        rows: of the history.
        ended: the end of the last epoch, seconds (Unix time): when its file was written.
    """
    epochs = []
    for row in reversed(rows):
        metrics = {name: float(value) for name, value in row.items() if name != "epoch"}
        epochs.append(Epoch(int(row["epoch"]), round(1000 * ended), metrics))
        ended -= row["seconds"]
    return epochs[::-1]


def _flatten(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)


def _tags(record: TrainingRecord) -> dict[str, str]:
    return {
        "training": record.status,
        "device": record.device,
        "cpu": record.machine.cpu,
        "images_sha256": record.inputs.images_sha256,
        "split_sha256": record.inputs.split_sha256,
        "history_sha256": record.history_sha256,
        "model_sha256": record.model_sha256,
        **({"weights": record.weights} if record.weights else {}),
        **{f"version.{name}": version for name, version in record.versions.items()},
    }
