"""The trials of a search side by side, and the best of them."""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd

from canigatti.config import Objective, SearchSpec
from canigatti.files import InputError
from canigatti.search.records import TRIALS, BestTrial, Execution
from canigatti.search.space import resolve
from canigatti.search.trials import BEST

COMPLETED, PARTLY_FAILED, FAILED = "completed", "partly failed", "failed"
_WHOLE_NUMBERS = ("best_step",)


def tabulate(executions: Iterable[Execution]) -> pd.DataFrame:
    """A row a trial: its number, its values, what came of it, and of each of its executions.

    An execution that failed is no result: `score` and `best_step` are means of the others (the step rounded down, as
    KerasTuner does), and missing when there is none. `status` is `completed`, `partly failed` or `failed`, `seconds`
    the sum over the executions, and `error` the first one.

    Args:
        executions: those of every trial, in any order.
    """
    ordered = sorted(executions, key=lambda one: (one.trial, one.execution))
    table = pd.DataFrame([_row(list(of_one)) for _, of_one in groupby(ordered, key=lambda one: one.trial)])
    steps = [name for name in table if str(name).endswith(_WHOLE_NUMBERS)]
    return table.astype(dict.fromkeys(steps, "Int64"))


def _row(executions: Sequence[Execution]) -> dict[str, Any]:
    trial = executions[0]
    return {"trial": trial.trial, **trial.values, **_summary(executions)} | {
        f"execution_{one.execution}_{name}": getattr(one, name)
        for one in executions
        for name in ("status", "score", "best_step", "seconds", "error")
    }


def _summary(executions: Sequence[Execution]) -> dict[str, Any]:
    results = [one for one in executions if one.status == COMPLETED]
    scores = [one.score for one in results if one.score is not None]
    steps = [one.best_step for one in results if one.best_step is not None]
    status = COMPLETED if len(results) == len(executions) else PARTLY_FAILED if results else FAILED
    return {
        "status": status,
        "score": sum(scores) / len(scores) if scores else None,
        "best_step": sum(steps) // len(steps) if steps else None,
        "seconds": sum(one.seconds for one in executions),
        "error": next((one.error for one in executions if one.error), None),
    }


def read_trials(path: Path) -> pd.DataFrame:
    """Read a trials.csv, the scores of single executions as numbers.

    Raises:
        InputError: the file is missing or is not one.
    """
    table = TRIALS.read(path)
    scores = score_columns(table)
    table[scores] = table[scores].apply(pd.to_numeric, errors="coerce")
    return table


def score_columns(table: pd.DataFrame) -> list[str]:
    """The columns of :func:`tabulate` that have the scores of single executions."""
    return [str(name) for name in table if re.fullmatch(r"execution_\d+_score", str(name))]


def winner(table: pd.DataFrame, objective: Objective) -> pd.Series:
    """The row of the best trial; the first of equals.

    A trial with a failed execution wins only when no trial is without one: what fails now and then is no good network,
    however lucky its other executions were.

    Raises:
        InputError: all trials failed; the message has their errors.
    """
    for status in (COMPLETED, PARTLY_FAILED):
        rows = table[table["status"] == status]
        if len(rows):
            return rows.loc[getattr(rows["score"].astype(float), BEST[objective])()]
    errors = "\n".join(f"trial {row.trial}: {row.error}" for row in table.itertuples())
    raise InputError(f"all {len(table)} trials failed, so there is no best one\n{errors}")


def best_trial(table: pd.DataFrame, executions: Sequence[Execution], search: SearchSpec) -> BestTrial:
    """Return the best trial with its network and optimizer.

    Args:
        table: see :func:`tabulate`.
        executions: what the table was made from.
        search: the search.

    Raises:
        InputError: all trials failed.
    """
    row = winner(table, search.objective)
    values = next(one.values for one in executions if one.trial == row["trial"])
    settings = resolve(values, search.experiment)
    return BestTrial(
        trial=int(row["trial"]),
        objective=search.objective,
        score=float(row["score"]),
        best_step=int(row["best_step"]),
        values=values,
        network=settings.network,
        optimizer=settings.optimizer,
    )
