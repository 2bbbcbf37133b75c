"""Keras callbacks: one log line and one checkpoint per epoch.

Importing this module imports Keras: do so after :func:`canigatti.training.device.prepare_device`.
"""

import math
import time
from pathlib import Path
from typing import Any

import keras

from canigatti.training.checkpoint import Checkpoint, Rows, write_checkpoint
from canigatti.training.divergence import describe_divergence
from canigatti.training.shutdown import GracefulShutdown

_EARLY_STOPPING = ("wait", "best", "best_epoch", "stopped_epoch")
_PLATEAU = ("wait", "best")  # the reduced learning rate is a variable of the optimizer


class EpochLog(keras.callbacks.Callback):  # type: ignore[misc]
    """Collect the history, print one line per epoch, and stop a training run that diverges.

    Attributes:
        rows: rows of the history, see :data:`canigatti.training.records.HISTORY`.
    """

    def __init__(self, epochs: int, rows: Rows, has_schedule: bool = False) -> None:
        super().__init__()
        self.rows = [*rows]
        self._epochs, self._has_schedule = epochs, has_schedule
        self._settings: dict[str, float] = {}
        self._started = time.perf_counter()

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Start timing the epoch; the first epoch includes the preparation of the training."""
        if self.rows:
            self._started = time.perf_counter()
        if self._has_schedule:
            rate = keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)
            self._settings = {"learning_rate": float(rate)}

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Add a row and print it."""
        seconds = time.perf_counter() - self._started
        names = ("loss", "accuracy", "val_loss", "val_accuracy")
        metrics = {name: logs[name] for name in names}
        self.rows.append({"epoch": epoch + 1, **metrics, "seconds": seconds, **self._settings})
        print(epoch_line(self.rows, self._epochs), flush=True)
        if divergence := describe_divergence(self.rows[-1]):
            print(divergence, flush=True)
            self.model.stop_training = True


def epoch_line(rows: Rows, epochs: int) -> str:
    """Return the log line of the last epoch.

    It says no remaining time: that depends on when early stopping ends the training. `canigatti page` shows a forecast.

    Args:
        rows: rows of the history so far.
        epochs: the maximum number of epochs.
    """
    row = rows[-1]
    rate = f"learning rate {row['learning_rate']:.3g}  " if "learning_rate" in row else ""
    return (
        f"epoch {row['epoch']:>3}/{epochs}  loss {row['loss']:.4f}  accuracy {row['accuracy']:.2%}  "
        f"val_loss {row['val_loss']:.4f}  val_accuracy {row['val_accuracy']:.2%}  {rate}"
        f"{row['seconds']:.1f} s"
    )


class CheckpointCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Restore a checkpoint before the first epoch, and write one after each epoch, before a requested shutdown.

    It must be the last callback: the others reset their state before the first epoch, and change it after each epoch.

    Attributes:
        shutdown: records the signals that request a shutdown.
    """

    def __init__(
        self,
        path: Path,
        log: EpochLog,
        stopping: keras.callbacks.EarlyStopping,
        plateau: keras.callbacks.ReduceLROnPlateau | None,
        checkpoint: Checkpoint | None,
    ) -> None:
        super().__init__()
        self.shutdown = GracefulShutdown()
        self._resumed_after = checkpoint.resumptions if checkpoint else []
        self._path, self._log, self._checkpoint = path, log, checkpoint
        self._stopping, self._plateau = stopping, plateau

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Restore the state of the interrupted training run."""
        if self._checkpoint:
            _restore_variables(self._checkpoint, self.model)
            self._stopping.best_weights = self._checkpoint.best_weights
            _restore_state(self._stopping, self._checkpoint.early_stopping)
            _restore_state(self._plateau, self._checkpoint.plateau)
            self._checkpoint = None  # frees memory: it is as large as the network and its optimizer

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Write a checkpoint unless the training diverged, and exit if a shutdown was requested."""
        row = self._log.rows[-1]
        if math.isfinite(row["loss"] + row["val_loss"]):
            write_checkpoint(self._path, self._current())
        self.shutdown.exit_if_requested()

    def _current(self) -> Checkpoint:
        return Checkpoint(
            rows=self._log.rows,
            variables=[variable.numpy() for variable in _variables(self.model)],
            best_weights=self._stopping.best_weights,
            early_stopping={name: float(getattr(self._stopping, name)) for name in _EARLY_STOPPING},
            stopped=bool(self.model.stop_training),
            resumed_after=self._resumed_after,
            plateau={name: float(getattr(self._plateau, name)) for name in _PLATEAU} if self._plateau else {},
        )


def _restore_variables(checkpoint: Checkpoint, model: keras.Model) -> None:
    model.optimizer.build(model.trainable_variables)
    for variable, value in zip(_variables(model), checkpoint.variables, strict=True):
        variable.assign(value)


def _restore_state(callback: keras.callbacks.Callback | None, state: dict[str, float]) -> None:
    for name, number in state.items():
        setattr(callback, name, number if name == "best" else int(number))


def _variables(model: keras.Model) -> list[Any]:
    """Return everything that an epoch changes: weights, moving statistics, random states, the optimizer's variables."""
    return [*model.variables, *model.optimizer.variables]
