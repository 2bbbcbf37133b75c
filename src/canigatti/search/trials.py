"""One execution of a trial: the network with the trial's values, trained once with a seed of its own."""

import traceback
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from canigatti.config import Objective
from canigatti.training import networks
from canigatti.training.batches import Subsets
from canigatti.training.checkpoint import read_checkpoint
from canigatti.training.fitting import TrainingJob, fit

BEST = {"val_accuracy": "idxmax", "val_loss": "idxmin"}
_LONGEST_ERROR = 500  # characters; TensorFlow's can go on for pages, and the log has all of it


@dataclass(frozen=True)
class Outcome:
    """What came of an execution.

    Attributes:
        status: `failed` when no network could be trained with these values.
        score: the best epoch's value of the objective; none when it failed.
        best_step: that epoch, counted from 1; none when it failed.
        error: why it failed.
    """

    status: Literal["completed", "failed"]
    score: float | None = None
    best_step: int | None = None
    error: str | None = None


def execution_seed(seed: int, trial: int, execution: int) -> int:
    """The seed of an execution: another one for each, and the same one however many there are."""
    return int(np.random.SeedSequence((seed, trial, execution)).generate_state(1)[0] % 2**31)


def execute(job: TrainingJob, objective: Objective, subsets: Subsets) -> Outcome:
    """Build and train a network once; an error is recorded in the outcome, so that the search continues.

    Args:
        job: the experiment with the trial's values (see :func:`canigatti.search.space.resolve`), and where to write.
        objective: what the score is.
        subsets: the training set, and the validation set that gives the score.

    Raises:
        OSError: a file cannot be read or written.
    """
    try:
        result = fit(networks.build(job.spec), job, subsets, read_checkpoint(job.checkpoint))
    except OSError:  # a full disk says nothing of the network
        raise
    except Exception as error:
        traceback.print_exc()
        return Outcome("failed", error=_message(error))
    if result.divergence:
        return Outcome("failed", error=result.divergence)
    score, step = best_of(result.history, objective)
    return Outcome("completed", score, step)


def best_of(history: pd.DataFrame, objective: Objective) -> tuple[float, int]:
    """The best value of the objective and the first epoch that had it, as KerasTuner has it (but counted from 1)."""
    row = history.loc[getattr(history[objective], BEST[objective])()]
    return float(row[objective]), int(row["epoch"])


def _message(error: Exception) -> str:
    text = f"{type(error).__name__}: {' '.join(str(error).split())}"
    return text if len(text) <= _LONGEST_ERROR else f"{text[:_LONGEST_ERROR]}…"
