"""Execution of a trial: the network with the trial's hyperparameters, trained once with the execution's seed."""

import math
import os
import re
import traceback
from pathlib import Path

import numpy as np
import pandas as pd

from canigatti.config import Objective
from canigatti.files import InputError
from canigatti.search.objectives import index_of_best
from canigatti.search.records import Ended, Outcome
from canigatti.training import networks
from canigatti.training.batches import Subsets
from canigatti.training.checkpoint import Checkpoint, read_checkpoint, read_rows, read_state
from canigatti.training.fitting import TrainingJob, TrainingResult, fit

_MAX_ERROR_CHARACTERS = 500  # TensorFlow's messages can have thousands; the log has the whole message

# What TensorFlow, XLA and CUDA write when the device, its driver or their libraries fail.
_DEVICE_FAILURE = re.compile(
    r"\bcu(da|dnn|blas|fft|solver|sparse|rand)|\bnccl|\bdriver\b|\bno kernel image|cannot assign a device",
    re.IGNORECASE,
)
_TENSOR = re.compile(r"allocating tensor with shape\[([\d,]+)\]")
_BYTES_PER_VALUE = 4  # networks are float32 or smaller


def execution_seed(seed: int, trial: int, execution: int) -> int:
    """Return the seed of an execution, 0 to 2³¹ - 1, independent of the number of trials and executions.

    Args:
        seed: seed of the search.
        trial: number of the trial, from 1.
        execution: number of the execution within the trial, from 1.
    """
    return int(np.random.SeedSequence((seed, trial, execution)).generate_state(1)[0] % 2**31)


def execute(
    job: TrainingJob, objective: Objective, subsets: Subsets, classes: int, weights: Path | None = None
) -> Outcome:
    """Build and train a network once; an error is part of the outcome, so that the search continues.

    An error of the machine is not: the command fails, and Snakemake can try again, with more memory or elsewhere.

    Args:
        job: the experiment with the trial's hyperparameters (see :func:`canigatti.search.space.resolve`).
        objective: what the score is.
        subsets: the training set, and the validation set that the score is computed on.
        classes: number of classes of the photos.
        weights: file with the weights of the backbone; None for a network without a backbone.

    Raises:
        InputError: the experiment cannot be trained, whatever its hyperparameters.
        OSError: a file cannot be read or written.
        Exception: the machine failed, see :func:`is_of_the_machine`.
    """
    checkpoint: Checkpoint | None = None
    try:
        checkpoint = read_checkpoint(job.checkpoint) or (read_state(job.state) if job.state else None)
        result = fit(networks.build(job.spec, weights, classes), job, subsets, checkpoint)
    except (InputError, OSError):  # a full disk, or the file of the weights, is not a property of the network
        raise
    except Exception as error:
        if is_of_the_machine(error):
            raise
        traceback.print_exc()
        rows = read_rows(job.checkpoint.parent) or (checkpoint.rows if checkpoint else [])
        curve = tuple(row[objective] for row in rows)
        return Outcome(status="failed", error=_shorten(error), ended="failed", epochs=len(curve), curve=curve)
    epochs, scores = len(result.history), result.history[objective]
    curve = tuple(map(float, scores[np.isfinite(scores)]))
    if result.divergence:
        return Outcome(status="failed", error=result.divergence, ended="failed", epochs=epochs, curve=curve)
    score, step = best_epoch(result.history, objective)
    return Outcome(status="completed", score=score, best_step=step, ended=_end_of(result), epochs=epochs, curve=curve)


def _end_of(result: TrainingResult) -> Ended:
    epochs, job = len(result.history), result.job
    if epochs == job.spec.epochs:
        return "completed"
    if not result.stopped:
        return "end of rung"
    return "pruned" if result.gave_up else "early stopping"


def is_of_the_machine(error: Exception) -> bool:
    """Return whether an error says nothing about the network: another attempt may succeed.

    These are exhausted memory of the machine, a GPU or driver that fails, and files that are lost. A network that is
    too large for the GPU, or with one tensor that is larger than the machine's memory, fails everywhere.
    """
    import tensorflow as tf

    if isinstance(error, tf.errors.ResourceExhaustedError):
        return "GPU" not in str(error) and not _has_tensor_larger_than_memory(str(error))
    if isinstance(error, MemoryError) or _DEVICE_FAILURE.search(str(error)):
        return True
    of_networks = (tf.errors.InvalidArgumentError, tf.errors.OutOfRangeError, tf.errors.UnimplementedError)
    return isinstance(error, tf.errors.OpError) and not isinstance(error, of_networks)


def _has_tensor_larger_than_memory(message: str) -> bool:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    shapes = ([int(size) for size in shape.split(",")] for shape in _TENSOR.findall(message))
    return any(math.prod(shape) * _BYTES_PER_VALUE > memory for shape in shapes)


def best_epoch(history: pd.DataFrame, objective: Objective) -> tuple[float, int]:
    """Return the best value of the objective and the first epoch with it, from 1 (KerasTuner counts from 0).

    Args:
        history: one row per epoch, see :data:`canigatti.training.records.HISTORY`.
        objective: the column to compare.
    """
    row = history.loc[index_of_best(history[objective], objective)]
    return float(row[objective]), int(row["epoch"])


def _shorten(error: Exception) -> str:
    text = f"{type(error).__name__}: {' '.join(str(error).split())}"
    return text if len(text) <= _MAX_ERROR_CHARACTERS else f"{text[:_MAX_ERROR_CHARACTERS]}…"
