"""One execution of a trial: the network with the trial's values, trained once with a seed of its own."""

import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from canigatti.config import Objective, Spec
from canigatti.search.space import Values
from canigatti.training import fitting, networks
from canigatti.training.batches import Part

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


@dataclass(frozen=True, kw_only=True)
class Execution(Outcome):
    """An execution as its file tells it: what came of it, and what was run.

    Attributes:
        trial: number of the trial, from 1.
        execution: number of the execution within the trial, from 1.
        values: the trial's values.
        seed: of the weights, the order of the photos and their augmentation.
        started: date and time, UTC, ISO 8601.
        seconds: how long it took.
    """

    trial: int
    execution: int
    values: Values
    seed: int
    started: str
    seconds: float


def execution_seed(seed: int, trial: int, execution: int) -> int:
    """The seed of an execution: another one for each, and the same one however many there are."""
    return int(np.random.SeedSequence((seed, trial, execution)).generate_state(1)[0] % 2**31)


def execute(
    spec: Spec, objective: Objective, train: Part, validation: Part, seed: int, logs: Path, kept: Path
) -> Outcome:
    """Build and train a network once; whatever goes wrong with it is told in the outcome, and a search goes on.

    Args:
        spec: the experiment with the trial's values (see :func:`canigatti.search.space.resolve`).
        objective: what is best.
        train: the photos to learn from.
        validation: the photos that give the score.
        seed: of the order of the photos and their augmentation.
        logs: folder for TensorBoard's logs.
        kept: the file for the state after each epoch, see :func:`canigatti.training.fitting.fit`.

    Raises:
        OSError: a file cannot be read or written.
    """
    try:
        fit = fitting.fit(networks.build(spec), spec, train, validation, seed, logs, kept)
    except OSError:  # a full disk says nothing of the network
        raise
    except Exception as error:
        traceback.print_exc()
        return Outcome("failed", error=_told(error))
    if fit.divergence:
        return Outcome("failed", error=fit.divergence)
    score, step = best_of(fit.history, objective)
    return Outcome("completed", score, step)


def best_of(history: pd.DataFrame, objective: Objective) -> tuple[float, int]:
    """The best value of the objective and the first epoch that had it, as KerasTuner has it (but counted from 1)."""
    row = history.loc[getattr(history[objective], BEST[objective])()]
    return float(row[objective]), int(row["epoch"])


def _told(error: Exception) -> str:
    text = f"{type(error).__name__}: {' '.join(str(error).split())}"
    return text if len(text) <= _LONGEST_ERROR else f"{text[:_LONGEST_ERROR]}…"
