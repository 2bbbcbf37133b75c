"""Fitting a network: epochs until the validation loss stops falling, the best epoch's weights kept."""

import errno
import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from canigatti.config import Spec
from canigatti.training import checkpoint as backup
from canigatti.training import features
from canigatti.training.batches import Examples, Part, plain_batches, steps_per_epoch, training_batches

if TYPE_CHECKING:
    import keras

_LOSSES = ["loss", "val_loss"]


@dataclass(frozen=True)
class Fit:
    """What came of a training.

    Attributes:
        model: the network with the weights of the best epoch, or with those it began with if no epoch ended well.
        history: a row an epoch: epoch (from 1), loss, accuracy, val_loss, val_accuracy, seconds.
        resumed_after: the epochs after which the training was interrupted and went on.
    """

    model: "keras.Model"
    history: pd.DataFrame
    resumed_after: tuple[int, ...] = ()

    @property
    def earlier_seconds(self) -> float:
        """How long the epochs before the last interruption took."""
        return float(self.history["seconds"][: max(self.resumed_after, default=0)].sum())

    @property
    def best_epoch(self) -> int:
        """The epoch with the lowest validation loss, counted from 1; 0 if no epoch ended well."""
        well = self.history[np.isfinite(self.history[_LOSSES]).all(axis="columns")]
        return int(well.loc[well["val_loss"].idxmin(), "epoch"]) if len(well) else 0

    @property
    def divergence(self) -> str | None:
        """How the training diverged: in its last epoch, a loss became infinite or no number; None if it did not."""
        return _divergence(self.history.iloc[-1].to_dict())


def fit(model: "keras.Model", spec: Spec, train: Part, validation: Part, seed: int, logs: Path, kept: Path) -> Fit:
    """Train a compiled model as its experiment says.

    Where its backbone is frozen and no photo is augmented, each goes through the backbone once, in the first epoch.

    Args:
        model: what :func:`canigatti.training.networks.build` gave; it is changed.
        spec: the experiment.
        train: the photos to learn from.
        validation: the photos that choose the best epoch.
        seed: seed of the order of the photos and of their augmentation.
        logs: folder for TensorBoard's logs.
        kept: the file (.npz) for the state after each epoch. Where an interrupted training left it, this one goes on
            from there, and ends as that one would have ended.

    A training ends early where a loss becomes NaN or infinite, see :attr:`Fit.divergence`.

    Raises:
        OSError: a file cannot be written.
        SystemExit: SIGINT or SIGTERM asked for the end, and the epoch is kept.
    """
    import keras

    logs.mkdir(parents=True, exist_ok=True)  # Snakemake asks for it, also where all epochs were done before
    stopping = keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=spec.early_stopping.patience, restore_best_weights=True
    )
    record = epoch_record(spec.epochs)
    keeper = backup.keeper(kept, stopping, record.rows)
    learning, learned, validating = _what_learns(model, spec, train, validation, logs)
    beginning = learning.get_weights()
    if keeper.state and keeper.state.is_over(spec.epochs):
        learning.set_weights(keeper.state.best)
    else:
        with keeper.asked, _full_disk_told(logs):
            learning.fit(
                training_batches(learned, spec.batch_size, spec.augmentation, seed, first_epoch=len(record.rows)),
                steps_per_epoch=steps_per_epoch(train, spec.batch_size),
                validation_data=plain_batches(validating, spec.batch_size),
                initial_epoch=len(record.rows),
                epochs=spec.epochs,
                shuffle=False,  # the batches are shuffled already
                verbose=0,
                callbacks=[record, stopping, keras.callbacks.TensorBoard(logs), keeper],
            )
    fitted = Fit(model, pd.DataFrame(record.rows), tuple(keeper.resumed_after))
    if fitted.best_epoch == 0:
        learning.set_weights(beginning)
    return fitted


@contextmanager
def _full_disk_told(logs: Path) -> Iterator[None]:
    """Tell full disks, which TensorFlow tells as it tells of exhausted memory, from that."""
    import tensorflow as tf

    try:
        yield
    except tf.errors.ResourceExhaustedError as error:
        if "No space left" not in str(error):
            raise
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(logs)) from error


def _what_learns(
    model: "keras.Model", spec: Spec, train: Part, validation: Part, logs: Path
) -> "tuple[keras.Model, Examples, Examples]":
    """The network and photos; or its head and features, where those are the same in every epoch."""
    if not features.are_fixed(spec):
        return model, train, validation
    learned, validating = (features.extract(model, part, logs) for part in (train, validation))
    return features.head_of(model, spec), learned, validating


def epoch_record(epochs: int) -> "keras.callbacks.Callback":
    """A callback that keeps a row an epoch in `rows`, and prints it with the time left if all epochs are run."""
    import keras

    class EpochRecord(keras.callbacks.Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.rows: list[dict[str, Any]] = []
            self._started = time.perf_counter()

        def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            if self.rows:  # the first one starts with what is done for all of them
                self._started = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
            seconds = time.perf_counter() - self._started
            names = ("loss", "accuracy", "val_loss", "val_accuracy")
            self.rows.append({"epoch": epoch + 1, **{name: logs[name] for name in names}, "seconds": seconds})
            print(epoch_line(self.rows, epochs), flush=True)
            if divergence := _divergence(self.rows[-1]):
                print(divergence, flush=True)
                self.model.stop_training = True

    return EpochRecord()


def epoch_line(rows: list[dict[str, Any]], epochs: int) -> str:
    """One line about the last epoch, with the most time that the remaining ones can take."""
    row = rows[-1]
    typical = sorted(past["seconds"] for past in rows)[len(rows) // 2]
    left = typical * (epochs - row["epoch"])
    return (
        f"epoch {row['epoch']:>3}/{epochs}  loss {row['loss']:.4f}  accuracy {row['accuracy']:.2%}  "
        f"validation loss {row['val_loss']:.4f}  accuracy {row['val_accuracy']:.2%}  "
        f"{row['seconds']:.1f} s  at most {left / 60:.1f} min left"
    )


def _divergence(row: dict[str, Any]) -> str | None:
    if all(math.isfinite(row[name]) for name in _LOSSES):
        return None
    return (
        f"the training diverged in epoch {row['epoch']:.0f} (loss {row['loss']}, validation loss {row['val_loss']}); "
        "a lower learning rate may help"
    )
