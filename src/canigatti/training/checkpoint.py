"""What an interrupted training goes on from: all of its state after the last whole epoch, in one file.

A training that goes on ends with the weights, the history and the best epoch of one that was never interrupted: besides
the weights, the file holds the optimizer's state, the random state of every dropout, and what early stopping knows.
Keras' own BackupAndRestore leaves early stopping and the history out.
"""

import hashlib
import json
import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from canigatti.config import Spec
from canigatti.files import sha256_of, written_whole
from canigatti.provenance import PACKAGE, modules_behind
from canigatti.training.device import versions
from canigatti.training.shutdown import Interruption

if TYPE_CHECKING:
    import keras

Rows = list[dict[str, Any]]

_FORMAT = 1  # of the file; another number where it holds something else
_OF_STOPPING = ("wait", "best", "best_epoch", "stopped_epoch")


@dataclass(frozen=True)
class State:
    """A training after a whole epoch.

    Attributes:
        rows: of the history, a mapping an epoch.
        variables: of the network and its optimizer.
        best: the best epoch's weights.
        stopping: what early stopping knows.
        stopped: whether early stopping has ended the training.
        resumed_after: the epochs after which it went on from a backup.
    """

    rows: Rows
    variables: list[np.ndarray]
    best: list[np.ndarray]
    stopping: dict[str, float]
    stopped: bool
    resumed_after: list[int]

    def is_over(self, epochs: int) -> bool:
        """Whether no epoch is left to be trained."""
        return self.stopped or len(self.rows) >= epochs


def keeper(path: Path, stopping: "keras.callbacks.EarlyStopping", rows: Rows) -> "keras.callbacks.Callback":
    """A callback that keeps the state after each epoch, and ends the process there when a signal asked for the end.

    Where an earlier run left a state, it is in the callback's `state`, and fitting begins with it; `resumed_after` has
    the epochs after which a run was cut off. `asked` tells whether a signal came.

    Args:
        path: the file of the state.
        stopping: early stopping, which stands before this callback.
        rows: of the history; those of the earlier run are added to it.
    """
    import keras

    class Keeper(keras.callbacks.Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.asked = Interruption()
            self.state = read(path)
            for other in {*path.parent.glob("*.npz")} - {path}:
                if not other.name.startswith("."):  # those were cut off while they were written
                    print(f"{other}: not used: settings, code or photos have changed since", flush=True)
                other.unlink()
            self.resumed_after: list[int] = []
            if self.state:
                rows.extend(self.state.rows)
                self.resumed_after = [*self.state.resumed_after, len(rows)]
                print(f"goes on after epoch {len(rows)}, where an earlier run was cut off", flush=True)

        def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
            if self.state:
                _restore(self.state, self.model, stopping)
                self.state = None  # as large as the network and its optimizer

        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            if math.isfinite(rows[-1]["loss"] + rows[-1]["val_loss"]):  # nothing goes on from a training that diverged
                write(path, _state(self.model, stopping, rows, self.resumed_after))
            self.asked.end_if_asked()

    return Keeper()


def _state(
    model: "keras.Model", stopping: "keras.callbacks.EarlyStopping", rows: Rows, resumed_after: list[int]
) -> State:
    return State(
        rows=rows,
        variables=[variable.numpy() for variable in _variables(model)],
        best=stopping.best_weights,
        stopping={name: getattr(stopping, name) for name in _OF_STOPPING},
        stopped=bool(model.stop_training),
        resumed_after=resumed_after,
    )


def _restore(state: State, model: "keras.Model", stopping: "keras.callbacks.EarlyStopping") -> None:
    model.optimizer.build(model.trainable_variables)
    for variable, value in zip(_variables(model), state.variables, strict=True):
        variable.assign(value)
    for name, known in state.stopping.items():
        setattr(stopping, name, known)
    stopping.best_weights = state.best


def _variables(model: "keras.Model") -> "list[keras.Variable]":
    """All that an epoch changes: weights, moving statistics, random states, and the optimizer's."""
    return [*model.variables, *model.optimizer.variables]


def write(path: Path, state: State) -> None:
    """Write a state, whole or not at all.

    Raises:
        OSError: the file cannot be written; the message names it.
    """
    told = {name: getattr(state, name) for name in ("rows", "stopping", "stopped", "resumed_after")}
    arrays = {
        f"{name}{number}": value for name in ("variables", "best") for number, value in enumerate(getattr(state, name))
    }
    with written_whole(path) as temporary:
        np.savez(temporary, told=np.array(json.dumps(told)), **arrays)


def read(path: Path) -> State | None:
    """The state that :func:`write` wrote; None where there is none, or a file that is damaged."""
    try:
        with np.load(path) as content:
            told = json.loads(str(content["told"]))
            arrays = {
                name: [content[f"{name}{number}"] for number in range(_count(name, content.files))]
                for name in ("variables", "best")
            }
    except FileNotFoundError:
        return None
    except Exception as error:  # damage shows as zip, EOF, key, value and other errors
        print(f"{path}: the backup cannot be read ({error}); the training begins anew", flush=True)
        return None
    return State(variables=arrays["variables"], best=arrays["best"], **told)


def _count(name: str, files: Sequence[str]) -> int:
    return sum(file.startswith(name) for file in files)


def backup_file(output: Path, spec: Spec, seed: int, images: Path, files: Sequence[Path]) -> Path:
    """Where a training keeps its state: the name says what decides its end, so that no other training goes on from it.

    Args:
        output: what the training writes at its end; the folder of the state stands beside it.
        spec: the experiment.
        seed: of the weights, the order and the augmentation.
        images: the image store, known by the hash beside it.
        files: what else it reads, or the records that hold its hash.
    """
    without = () if spec.augmentation else ("training.augmentation",)
    code = modules_behind("training.fitting", "training.networks", "training.device", without=without)
    hash_file = Path(f"{images}.sha256")
    told = {
        "format": _FORMAT,
        "spec": spec.model_dump(mode="json"),
        "seed": seed,
        "images": hash_file.read_text(encoding="utf-8").strip() if hash_file.exists() else sha256_of(images),
        "files": [sha256_of(file) for file in files],
        "code": {path: sha256_of(PACKAGE / path) for path in code},
        "versions": versions(),
    }
    name = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    return output.with_suffix(".backup") / f"{name}.npz"


def forget(path: Path) -> None:
    """Remove the state of a training whose outputs are written, and any that stands beside it."""
    shutil.rmtree(path.parent, ignore_errors=True)
