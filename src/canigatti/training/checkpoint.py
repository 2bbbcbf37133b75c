"""Checkpoints: the complete state of a training run after its last complete epoch, in one file.

A training run that resumes from a checkpoint ends with the weights, history and best epoch of an uninterrupted one.
Besides the weights, the file holds the optimizer's state, the random state of every dropout layer, the history, and
the states of early stopping and of a plateau schedule. Keras' own BackupAndRestore leaves out the last three.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from canigatti.config import Spec
from canigatti.files import InputError, atomic_path, recorded_sha256, sha256_of
from canigatti.provenance import PACKAGE, modules_behind_training
from canigatti.records import Record

Rows = list[dict[str, Any]]

_FORMAT = 3  # version of the file format

# The modules, with all that they import, that determine how a run continues. What only reads and writes files is not
# among them, so that an edit there does not discard the epochs of an interrupted run.
_CODE = ("training.fitting", "training.networks", "training.device")


class _State(Record):
    """The content of a checkpoint besides the arrays, see :class:`Checkpoint`."""

    rows: list[dict[str, float]]
    early_stopping: dict[str, float]
    stopped: bool
    resumed_after: list[int]
    plateau: dict[str, float]


@dataclass(frozen=True)
class Checkpoint:
    """The state of a training run after an epoch.

    Attributes:
        rows: rows of the history, see :data:`canigatti.training.records.HISTORY`.
        variables: variables of the network and its optimizer.
        best_weights: the weights of the best epoch.
        early_stopping: attributes of Keras' EarlyStopping callback.
        stopped: whether early stopping has ended the training.
        resumed_after: the epochs after which the training resumed from a checkpoint.
        plateau: attributes of Keras' ReduceLROnPlateau callback; empty without such a schedule.
        is_interruption: whether the training was interrupted there. One that was to stop after this epoch, and is
            continued, has the record of a training that never stopped.
    """

    rows: Rows
    variables: list[np.ndarray]
    best_weights: list[np.ndarray]
    early_stopping: dict[str, float]
    stopped: bool
    resumed_after: list[int]
    plateau: dict[str, float] = field(default_factory=dict)
    is_interruption: bool = True

    @property
    def resumptions(self) -> list[int]:
        """The epochs after which a training that continues from here was interrupted and resumed."""
        return [*self.resumed_after, len(self.rows)] if self.is_interruption else [*self.resumed_after]

    def is_complete(self, epochs: int) -> bool:
        """Return whether no epoch is left to train.

        Args:
            epochs: the maximum number of epochs.
        """
        return self.stopped or len(self.rows) >= epochs


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint atomically.

    Raises:
        OSError: the file cannot be written; the message names it.
    """
    state = _State(
        rows=checkpoint.rows,
        early_stopping=checkpoint.early_stopping,
        stopped=checkpoint.stopped,
        resumed_after=checkpoint.resumed_after,
        plateau=checkpoint.plateau,
    )
    arrays = {
        f"{name}{number}": value
        for name in ("variables", "best_weights")
        for number, value in enumerate(getattr(checkpoint, name))
    }
    with atomic_path(path) as temporary:
        np.savez(temporary, state=np.array(state.to_json()), **arrays)


def read_checkpoint(path: Path) -> Checkpoint | None:
    """Read the checkpoint of an interrupted training run.

    Other checkpoints in the folder belong to other settings, code, photos or machines. They are deleted.

    Returns:
        The checkpoint; None if there is none, or if it is damaged, which is reported.
    """
    _delete_other_checkpoints(path)
    try:
        return _read(path)
    except FileNotFoundError:
        return None
    except Exception as error:  # damage raises zip, EOF, key, value and other errors
        print(f"{path}: the checkpoint cannot be read ({error}); the training starts from the beginning", flush=True)
        return None


def read_state(path: Path) -> Checkpoint:
    """Read the state of a training that was to stop there; other files in the folder are left alone.

    Raises:
        InputError: the file is missing or damaged.
    """
    try:
        return replace(_read(path), is_interruption=False)
    except Exception as error:  # damage raises zip, EOF, key, value and other errors
        raise InputError(f"{path}: expected the state of a training ({error}); delete it to train it again") from error


def _read(path: Path) -> Checkpoint:
    with np.load(path) as content:
        state = _State.from_json(str(content["state"]))
        variables, best_weights = (_arrays(content, name) for name in ("variables", "best_weights"))
    rows = [{**row, "epoch": int(row["epoch"])} for row in state.rows]
    others = {name: getattr(state, name) for name in ("early_stopping", "stopped", "resumed_after", "plateau")}
    return Checkpoint(rows, variables, best_weights, **others)


def read_rows(folder: Path) -> Rows:
    """Return the rows of the history in the newest checkpoint of a folder, while a training run may be writing there.

    Args:
        folder: that of the path from :func:`checkpoint_path`; it may not exist.

    Returns:
        The rows; empty if there is no checkpoint, or none that can be read.
    """
    try:
        files = [path for path in folder.glob("*.npz") if not path.name.startswith(".")]
        with np.load(max(files, key=lambda path: path.stat().st_mtime)) as content:  # reads nothing but the state
            rows = _State.from_json(str(content["state"])).rows
    except Exception:  # none, or deleted meanwhile; damage raises zip, EOF, key, value and other errors
        return []
    return [{**row, "epoch": int(row["epoch"])} for row in rows]


def _delete_other_checkpoints(path: Path) -> None:
    for other in {*path.parent.glob("*.npz")} - {path}:
        if not other.name.startswith("."):  # hidden files were being written when the process was killed
            print(
                f"{other}: ignored and deleted, because settings, seed, code, photos, versions or the machine differ",
                flush=True,
            )
        other.unlink()


def _arrays(content: Any, name: str) -> list[np.ndarray]:
    return [content[f"{name}{number}"] for number in range(sum(file.startswith(name) for file in content.files))]


def checkpoint_path(folder: Path, spec: Spec, seed: int, files: Sequence[Path]) -> Path:
    """Return the file for a run's checkpoint; its name is a hash of everything that affects the training result.

    A training run with other settings, code, photos or library versions, or on a machine that may compute other
    numbers, does not resume from it.

    Args:
        folder: folder next to the outputs of the run, not an output of a rule: Snakemake deletes outputs before it
            reruns a job.
        spec: the experiment.
        seed: of the initial weights, the order and the augmentation.
        files: the inputs of the training, or records with their hashes.
    """
    from canigatti.training.device import device_name, versions
    from canigatti.training.machine import describe_machine

    key = {
        "format": _FORMAT,
        "spec": spec.model_dump(mode="json"),
        "seed": seed,
        "files": [recorded_sha256(file) for file in files],
        "code": {path: sha256_of(PACKAGE / path) for path in modules_behind_training(spec, *_CODE)},
        "versions": versions(),
        "device": device_name(),
        "machine": describe_machine().model_dump(mode="json"),
    }
    return folder / f"{hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()}.npz"


def delete_checkpoint(path: Path) -> None:
    """Delete a checkpoint and its folder, after the outputs of the training run are written.

    In a Slurm job it remains until the workflow ends: the Snakemake that submitted the job may have been killed, and
    the next one discards the outputs of a job whose end it has not seen. See :func:`delete_finished_checkpoints`.
    """
    if "SLURM_JOB_ID" not in os.environ:
        shutil.rmtree(path.parent, ignore_errors=True)


def delete_finished_checkpoints(results: Path) -> None:
    """Delete the checkpoints of all training runs and trials of a study whose outputs exist.

    Args:
        results: folder of the study's results, in which no training is running.
    """
    trained = {path: path.parent / "run.json" for path in results.glob("training/*/*/checkpoint")}
    tried = {path: path.with_suffix(".json") for path in results.glob("search/**/*.checkpoint")}
    for folder, output in {**trained, **tried}.items():
        if output.is_file():
            shutil.rmtree(folder, ignore_errors=True)
