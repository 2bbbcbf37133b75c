"""What a study's forecast is made of, read from its folder: epochs and their seconds, and the jobs to come."""

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from canigatti.config import Convolutional, Spec
from canigatti.files import InputError
from canigatti.live.jobs import PlannedRun, search_jobs
from canigatti.live.states import RunState, State, StudyState
from canigatti.photos.records import SPLIT, corrected_parts
from canigatti.report.forecast import Remaining, Training
from canigatti.search.records import Execution
from canigatti.training import features
from canigatti.training.duration import expected_epochs, multiply_adds
from canigatti.training.records import HISTORY, TrainingRecord

_FORWARD = 1 / 3  # work of a prediction relative to a training step
_HEAD = 0.001  # work of training a head on features, relative to its network


def read_trainings(state: StudyState, folder: Path) -> list[Training]:
    """Return the training runs of a study, in the order of its runs; those without photos have no work.

    Args:
        state: of the study.
        folder: results/<study>.
    """
    photos: dict[str, tuple[int, int]] = {}
    trainings = []
    for run in state.runs:
        split = run.planned.settings.split or ""
        if split not in photos:
            photos[split] = _count_photos(corrected_parts(folder / "splits" / f"{split}.csv")["training"])
        trainings.append(_training(run, folder, photos[split]))
    return trainings


def _count_photos(path: Path) -> tuple[int, int]:
    """Return the number of training and of validation photos; 0 before the split is there."""
    try:
        counts = SPLIT.read(path)["part"].value_counts()
    except InputError:
        return 0, 0
    return int(counts.get("train", 0)), int(counts.get("validation", 0))


def _training(run: RunState, folder: Path, photos: tuple[int, int]) -> Training:
    planned = run.planned
    name = f"{planned.experiment}/seed{planned.seed}"
    if run.is_trained:
        try:
            record = TrainingRecord.read(folder / "training" / name / "run.json")
            seconds = HISTORY.read(folder / "training" / name / "history.csv")["seconds"]
            training = training_of(planned.experiment, record.spec, photos)
            start = max(0.0, record.wall_seconds - float(seconds.sum()))
            done = {"seconds": tuple(seconds), "best_epoch": record.best_epoch, "ended": True, "start": start}
            return Training(**{**vars(training), **done})
        except InputError:  # deleted meanwhile
            pass
    training = training_of(planned.experiment, planned.settings.resolve(), photos)
    if run.now is None or not run.now.rows or run.searched or run.state not in (State.RUNNING, State.INTERRUPTED):
        return training
    return with_rows(training, pd.DataFrame(run.now.rows))


def with_rows(training: Training, history: pd.DataFrame) -> Training:
    """Return a training run after these epochs.

    Args:
        training: the training run.
        history: at least one row, see :data:`canigatti.training.records.HISTORY`.
    """
    losses = history["val_loss"].where(history["val_loss"].map(math.isfinite), math.inf)
    best = int(history.loc[losses.idxmin(), "epoch"])
    return Training(**{**vars(training), "seconds": tuple(history["seconds"]), "best_epoch": best})


def training_of(experiment: str, spec: Spec, photos: tuple[int, int]) -> Training:
    """Return a training run before its first epoch.

    Args:
        experiment: name of the experiment.
        spec: its settings.
        photos: number of photos of the training set and of the validation set.
    """
    train, validation = max(1, round(spec.train_fraction * photos[0])), photos[1]
    cost, is_constant = multiply_adds(spec), features.are_constant(spec)
    trained = _FORWARD if spec.unfreeze == "nothing" and not isinstance(spec.network, Convolutional) else 1.0
    epoch = _HEAD * (train + validation) if is_constant else train * trained + validation * _FORWARD
    return Training(
        experiment=experiment,
        kind=_kind(spec),
        max_epochs=spec.epochs,
        patience=spec.early_stopping.patience,
        expected=expected_epochs(spec, math.ceil(train / spec.batch_size)),
        work=cost * epoch,
        first_work=cost * _FORWARD * (train + validation) if is_constant else 0.0,
    )


def _kind(spec: Spec) -> str:
    network = "scratch" if isinstance(spec.network, Convolutional) else f"{spec.network.backbone} {spec.unfreeze}"
    return f"{network}, {'augmented' if spec.augmentation else 'plain'}"


def expected_trainings(state: StudyState, trainings: Sequence[Training]) -> list[Training]:
    """Return the training runs without those that this workflow does not reach, because they or what they need failed.

    Args:
        state: of the study.
        trainings: in the order of its runs.
    """
    return [one for run, one in zip(state.runs, trainings, strict=True) if one.ended or not _is_lost(run, state)]


def _is_lost(run: RunState, state: StudyState) -> bool:
    """Return whether this workflow does not finish a run, which the next one will try again."""
    if not state.workflow.is_alive:
        return False
    needed = {(run.planned.settings.start_from, run.planned.seed), (run.planned.experiment, run.planned.seed)}
    return any(one.state == State.FAILED and (one.planned.experiment, one.planned.seed) in needed for one in state.runs)


def read_remaining(state: StudyState, folder: Path) -> Remaining:
    """Return what a study has besides training runs.

    Args:
        state: of the study.
        folder: results/<study>.
    """
    searched = {run.planned.experiment: run for run in reversed(state.runs) if run.planned.settings.search}
    trials = [one for run in searched.values() for one in _trials(run.planned, folder)]
    durations = _expected_durations(trials)
    waiting = [run for run in searched.values() if run.searched]
    trial = None
    if waiting:
        planned = waiting[0].planned
        photos = _count_photos(corrected_parts(folder / "splits" / f"{planned.settings.split}.csv")["training"])
        spec = planned.settings.resolve_search().experiment
        left = [one.epochs for one in trials if one.seconds is None] or [spec.epochs]
        spec = spec.model_copy(update={"epochs": max(1, round(sum(left) / len(left)))})
        trial = training_of(planned.experiment, spec, photos)
    networks = [run for run in state.runs if run.state == State.RUNNING]
    return Remaining(
        evaluations=sum(run.state != State.FINISHED and not _is_lost(run, state) for run in state.runs),
        evaluation_seconds=tuple(_benchmarks(folder / "benchmarks" / "evaluate")),
        trials=sum(one.seconds is None for one in trials),
        trial_seconds=durations,
        trial=trial,
        slots=max(1, len(networks)),
    )


@dataclass(frozen=True)
class _Trial:
    """A training job of a search: the epochs that it has to train, and how long it took; None before it has ended."""

    epochs: int
    seconds: float | None


def _trials(planned: PlannedRun, folder: Path) -> list[_Trial]:
    search, trials = planned.settings.search, []
    for job in [*search_jobs(planned, folder)][:-1]:
        rung = re.search(r"/rung(\d+)/", job.outputs[0].as_posix())
        epochs = search.job_epochs(int(rung[1]) if rung else 1) if search else 0
        try:
            trials.append(_Trial(epochs, Execution.read(job.outputs[0]).seconds))
        except InputError:
            trials.append(_Trial(epochs, None))
    return trials


def _expected_durations(trials: Sequence[_Trial]) -> tuple[float, ...]:
    """Return the expected seconds of the training jobs of searches that have not ended; none before any has.

    That is the mean of those that trained as many epochs, or else the closest number, in proportion.
    """
    known: dict[int, list[float]] = defaultdict(list)
    for one in trials:
        if one.seconds is not None:
            known[one.epochs].append(one.seconds)
    expected = []
    for one in trials if known else ():
        closest = min(known, key=lambda epochs: (abs(epochs - one.epochs), epochs))
        if one.seconds is None:
            expected.append(one.epochs / closest * math.fsum(known[closest]) / len(known[closest]))
    return tuple(expected)


def _benchmarks(folder: Path) -> list[float]:
    """Return the seconds of jobs from the files that Snakemake writes."""
    seconds = []
    for path in folder.glob("*/*.tsv"):
        try:
            seconds += [float(value) for value in pd.read_csv(path, sep="\t")["s"]]
        except (OSError, ValueError, KeyError):  # deleted, or being written
            continue
    return seconds
