"""Fitting a network with early stopping, and restoring the weights of the best epoch."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from canigatti.config import Spec
from canigatti.training import features, networks
from canigatti.training.batches import Examples, Subsets, steps_per_epoch, training_batches, validation_batches
from canigatti.training.checkpoint import Checkpoint
from canigatti.training.divergence import LOSSES, describe_divergence
from canigatti.training.giving_up import gives_up, giving_up_callback
from canigatti.training.precision import report_precision
from canigatti.training.schedules import plateau_callback, set_schedule

if TYPE_CHECKING:
    import keras

    from canigatti.training.callbacks import EpochLog


@dataclass(frozen=True)
class TrainingJob:
    """One experiment with one seed.

    Attributes:
        spec: the experiment.
        seed: of the order of the photos and their augmentation.
        logs: folder for TensorBoard's logs.
        checkpoint: file (.npz) for the checkpoint of the last epoch.
        stop_after: number of epochs after which the training stops, to be continued from its checkpoint; None for all
            epochs of the experiment. Schedules are those of all epochs.
        state: file (.npz) with the state of a training that was to stop, from which this one continues; None to start
            with the first epoch.
    """

    spec: Spec
    seed: int
    logs: Path
    checkpoint: Path
    stop_after: int | None = None
    state: Path | None = None

    @property
    def epochs(self) -> int:
        """The maximum number of epochs."""
        return min(self.spec.epochs, self.stop_after or self.spec.epochs)


@dataclass(frozen=True)
class TrainingResult:
    """The result of a training run.

    Attributes:
        job: what was trained.
        model: the network with the weights of the best epoch, or its initial weights if no epoch had a finite loss; in
            float32.
        history: one row per epoch, see :data:`canigatti.training.records.HISTORY`.
        resumed_after: the epochs after which the training was interrupted and resumed.
        stopped: whether early stopping, giving up or divergence ended the training.
        gave_up: whether it ended because its validation accuracy was not significantly better than guessing.
    """

    job: TrainingJob
    model: "keras.Model"
    history: pd.DataFrame
    resumed_after: tuple[int, ...] = ()
    stopped: bool = False
    gave_up: bool = False

    @property
    def earlier_seconds(self) -> float:
        """Total duration of the epochs before the last interruption."""
        return float(self.history["seconds"][: max(self.resumed_after, default=0)].sum())

    @property
    def best_epoch(self) -> int:
        """The epoch with the lowest validation loss, from 1; 0 if no epoch had a finite loss."""
        finite = self.history[np.isfinite(self.history[[*LOSSES]]).all(axis="columns")]
        return int(finite.loc[finite["val_loss"].idxmin(), "epoch"]) if len(finite) else 0

    @property
    def divergence(self) -> str | None:
        """A message if the training diverged: a loss of its last epoch is infinite or NaN. None otherwise."""
        return describe_divergence(self.history.iloc[-1].to_dict())


def fit(
    model: "keras.Model", job: TrainingJob, subsets: Subsets, checkpoint: Checkpoint | None = None
) -> TrainingResult:
    """Train a compiled model.

    If the backbone is frozen and the photos are not augmented, the features of each photo are computed once, before the
    first epoch. A training run stops when a loss becomes infinite or NaN, see :attr:`TrainingResult.divergence`.

    Args:
        model: a network from :func:`canigatti.training.networks.build`; its weights change.
        job: what to train, and where to write logs and checkpoints.
        subsets: the training set, and the validation set that determines the best epoch.
        checkpoint: of a training run that was interrupted, or was to stop; the result is that of an uninterrupted run.

    Raises:
        OSError: a file cannot be written.
        SystemExit: SIGINT or SIGTERM requested a shutdown; the checkpoint of the last epoch is kept.
    """
    from canigatti.training.callbacks import EpochLog

    job.logs.mkdir(parents=True, exist_ok=True)  # a declared output, even if no epoch is left to train
    report_precision(job.spec)
    log = EpochLog(job.epochs, checkpoint.rows if checkpoint else [], job.spec.schedule is not None)
    if checkpoint:
        kind = "resuming" if checkpoint.is_interruption else "continuing"
        source = "the checkpoint of an interrupted training run" if checkpoint.is_interruption else "where it stopped"
        print(f"{kind} after epoch {len(log.rows)}, from {source}", flush=True)
    trainable, examples = _trainable_model(model, job, subsets)
    initial_weights = trainable.get_weights()
    if checkpoint and checkpoint.is_complete(job.epochs):
        trainable.set_weights(checkpoint.best_weights)
        stopped = checkpoint.stopped
    else:
        stopped = _train_remaining_epochs(trainable, job, examples, log, checkpoint)
    resumed_after = checkpoint.resumptions if checkpoint else []
    gave_up = gives_up(job.spec, log.rows, examples.validation.labels)
    result = TrainingResult(job, model, pd.DataFrame(log.rows), tuple(resumed_after), stopped, gave_up)
    if result.best_epoch == 0:
        trainable.set_weights(initial_weights)
    return replace(result, model=networks.in_float32(model, job.spec))


def _train_remaining_epochs(
    model: "keras.Model", job: TrainingJob, examples: Subsets[Examples], log: "EpochLog", checkpoint: Checkpoint | None
) -> bool:
    """Train until the last epoch or until early stopping, which restores the weights of the best epoch.

    Returns:
        Whether the training ended before it was to.
    """
    import keras

    from canigatti.training.callbacks import CheckpointCallback

    spec, first_epoch = job.spec, len(log.rows)
    stopping = keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=spec.early_stopping.patience, restore_best_weights=True
    )
    plateau, steps = plateau_callback(spec), steps_per_epoch(examples.train, spec)
    set_schedule(model, spec, steps)
    saving = CheckpointCallback(job.checkpoint, log, stopping, plateau, checkpoint)
    giving_up = giving_up_callback(model, spec, log.rows, examples.validation.labels)
    callbacks = [log, stopping, *filter(None, [giving_up, plateau]), keras.callbacks.TensorBoard(job.logs), saving]
    with saving.shutdown, _report_disk_full(job.logs):
        model.fit(
            training_batches(examples.train, spec, job.seed, first_epoch),
            steps_per_epoch=steps,
            validation_data=validation_batches(examples.validation, spec),
            initial_epoch=first_epoch,
            epochs=job.epochs,
            shuffle=False,  # the batches are shuffled already
            verbose=0,
            callbacks=callbacks,
        )
    return bool(model.stop_training)


@contextmanager
def _report_disk_full(logs: Path) -> Iterator[None]:
    """Raise OSError if the disk is full: TensorFlow raises the same error for a full disk and for exhausted memory."""
    import tensorflow as tf

    try:
        yield
    except tf.errors.ResourceExhaustedError as error:
        if "No space left" not in str(error):
            raise
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(logs)) from error


def _trainable_model(
    model: "keras.Model", job: TrainingJob, subsets: Subsets
) -> "tuple[keras.Model, Subsets[Examples]]":
    """Return the network with its photos; or its head with features, if those are the same in every epoch."""
    if not features.are_constant(job.spec):
        return model, subsets
    train, validation = (features.extract(model, subset, job.logs) for subset in (subsets.train, subsets.validation))
    return features.build_head(model, job.spec), Subsets(train, validation)
