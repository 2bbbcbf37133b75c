"""One execution of a trial, from the files that it reads to its result and, where it stops in between, its state."""

import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from canigatti.config import SearchSpec
from canigatti.files import atomic_path
from canigatti.photos.records import ClassNames
from canigatti.search.records import Execution, Outcome, Values
from canigatti.search.space import resolve
from canigatti.search.trials import execute
from canigatti.training.batches import open_subsets
from canigatti.training.checkpoint import checkpoint_path, delete_checkpoint
from canigatti.training.device import prepare_device
from canigatti.training.fitting import TrainingJob
from canigatti.training.weights import read_weights, weights_record


@dataclass(frozen=True)
class Assignment:
    """What an execution trains.

    Attributes:
        trial: number of the trial, from 1.
        execution: number of the execution within the trial, from 1.
        values: the trial's hyperparameters.
        seed: of the initial weights, the order of the photos and their augmentation.
        rung: number of the rung, from 1; None without rungs.
        state: where the execution stopped in the rung below; None if it starts with its first epoch.
    """

    trial: int
    execution: int
    values: Values
    seed: int
    rung: int | None = None
    state: Path | None = None


@dataclass(frozen=True)
class Inputs:
    """The files that an execution reads.

    Attributes:
        images: the image store.
        split: the training and validation sets.
        weights: the backbone's weights; None for a network without a backbone.
    """

    images: Path
    split: Path
    weights: Path | None


def run_execution(search: SearchSpec, assignment: Assignment, inputs: Inputs, output: Path) -> None:
    """Train an execution and write its result; with `stop_after`, its state is written next to it (.npz).

    Args:
        search: the search.
        assignment: what to train.
        inputs: the files to read.
        output: the result (JSON); TensorBoard's logs are in tensorboard/ next to it.

    Raises:
        InputError: a file is missing or damaged.
        OSError: a file cannot be read or written.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    classes = ClassNames.beside(inputs.images)
    subsets = open_subsets(inputs.images, inputs.split, search.experiment.color)
    read_weights(search.experiment, inputs.weights)
    prepare_device(assignment.seed)
    rung = f"rung {assignment.rung}: " if assignment.rung else ""
    print(f"trial {assignment.trial}, execution {assignment.execution}: {rung}{assignment.values}", flush=True)
    job = _job(search, assignment, inputs, output)
    outcome = execute(job, search.objective, subsets, len(classes), inputs.weights)
    if search.stop_after:
        _write_state(output.with_suffix(".npz"), outcome, job)
    result: dict[str, Any] = {**dict(outcome), "started": started.isoformat(timespec="milliseconds")}
    known = {name: getattr(assignment, name) for name in ("trial", "execution", "values", "seed", "rung")}
    Execution(**result, **known, seconds=time.perf_counter() - clock).write(output)
    delete_checkpoint(job.checkpoint)


def logs_of(output: Path) -> Path:
    """Return the folder of an execution's TensorBoard logs, a declared output, which exists."""
    logs = output.parent / "tensorboard" / output.stem
    logs.mkdir(parents=True, exist_ok=True)  # even if no network can be built, or no epoch is left to train
    return logs


def _job(search: SearchSpec, assignment: Assignment, inputs: Inputs, output: Path) -> TrainingJob:
    settings, seed = resolve(assignment.values, search.experiment), assignment.seed
    weights = [weights_record(inputs.weights)] if inputs.weights else []
    state = [assignment.state] if assignment.state else []
    files = [inputs.images, inputs.images.with_name("manifest.csv"), inputs.split, *weights, *state]
    checkpoint = checkpoint_path(output.with_suffix(".checkpoint"), settings, seed, files)
    return TrainingJob(settings, seed, logs_of(output), checkpoint, search.stop_after, assignment.state)


def _write_state(path: Path, outcome: Outcome, job: TrainingJob) -> None:
    """Write the state after the last epoch; an empty file for a failed execution, which cannot continue."""
    trained = job.checkpoint if job.checkpoint.exists() else job.state  # which had no epoch left to train
    with atomic_path(path) as temporary:
        if outcome.status == "failed" or trained is None:
            temporary.touch()
        else:
            shutil.copyfile(trained, temporary)
