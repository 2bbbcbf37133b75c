"""Comparison of the trials of a search, and selection of the best trial."""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

import pandas as pd

from canigatti.config import Objective, SearchSpec
from canigatti.files import InputError
from canigatti.search.objectives import index_of_best
from canigatti.search.records import CURVES, TRIALS, BestTrial, Execution, Outcome
from canigatti.search.space import resolve

COMPLETED, PARTLY_FAILED, FAILED = "completed", "partly failed", "failed"
_EXECUTION_COLUMNS = ("status", "score", "best_step", "seconds", "error")
_END_OF_RUNG = "end of rung"


def tabulate(executions: Iterable[Execution]) -> pd.DataFrame:
    """Return one row per trial: number, hyperparameters, summary, and the result of each execution.

    `status` is `completed`, `partly failed` or `failed`. `score` and `best_step` are means over the completed
    executions, missing if there are none; the step is rounded down, as in KerasTuner. `epochs` and `seconds` are sums
    over all executions. `rung` is the last one that the trial reached; missing without rungs. `ended` is why no epoch
    followed, see :class:`Outcome`, or after which rung the trial was not promoted. `error` is the first error.

    Args:
        executions: the executions of all trials, those in each rung, in any order.
    """
    ordered = sorted(over_rungs(executions), key=attrgetter("trial", "execution"))
    table = pd.DataFrame([_row(list(trial)) for _, trial in groupby(ordered, key=attrgetter("trial"))])
    steps = [name for name in table if str(name).endswith(("best_step", "rung"))]
    return table.astype(dict.fromkeys(steps, "Int64"))


def over_rungs(executions: Iterable[Execution]) -> list[Execution]:
    """Return each execution once: as it was in its last rung, with the time of all rungs."""
    last: dict[tuple[int, int], Execution] = {}
    for one in sorted(executions, key=lambda one: one.rung or 0):
        before = last.get((one.trial, one.execution))
        seconds = one.seconds + (before.seconds if before else 0.0)
        last[one.trial, one.execution] = one.model_copy(update={"seconds": seconds})
    return [*last.values()]


def curves_of(executions: Iterable[Execution]) -> pd.DataFrame:
    """Return one row per epoch of each execution: the objective after it, and the rung in which it was trained.

    Args:
        executions: the executions of all trials, those in each rung, in any order.
    """
    known: dict[tuple[int, int], int] = {}
    rows = []
    for one in sorted(executions, key=lambda one: (one.rung or 0, one.trial, one.execution)):
        start = known.get((one.trial, one.execution), 0)
        known[one.trial, one.execution] = len(one.curve)
        rows += [
            {"trial": one.trial, "execution": one.execution, "rung": one.rung, "epoch": epoch, "score": score}
            for epoch, score in enumerate(one.curve[start:], start=start + 1)
        ]
    return CURVES.frame(rows)


def _row(executions: Sequence[Execution]) -> dict[str, Any]:
    first = executions[0]
    return {"trial": first.trial, **first.values, **_summary(executions)} | {
        f"execution_{execution.execution}_{name}": getattr(execution, name)
        for execution in executions
        for name in _EXECUTION_COLUMNS
    }


def _summary(executions: Sequence[Execution]) -> dict[str, Any]:
    completed = [execution for execution in executions if execution.status == COMPLETED]
    scores = [execution.score for execution in completed if execution.score is not None]
    steps = [execution.best_step for execution in completed if execution.best_step is not None]
    return {
        "status": _trial_status(executions),
        "score": sum(scores) / len(scores) if scores else None,
        "best_step": sum(steps) // len(steps) if steps else None,
        "rung": executions[0].rung,
        "epochs": sum(execution.epochs for execution in executions),
        "ended": _trial_end(executions),
        "seconds": sum(execution.seconds for execution in executions),
        "error": next((execution.error for execution in executions if execution.error), None),
    }


def _trial_end(executions: Sequence[Execution]) -> str:
    ends = dict.fromkeys(execution.ended for execution in executions if execution.status == COMPLETED)
    if _END_OF_RUNG in ends:
        return f"not promoted after rung {executions[0].rung}"
    return " and ".join(ends) or FAILED


def _trial_status(outcomes: Sequence[Outcome]) -> str:
    statuses = {outcome.status for outcome in outcomes}
    return PARTLY_FAILED if len(statuses) > 1 else statuses.pop()


def read_trials(path: Path) -> pd.DataFrame:
    """Read a trials.csv, with numeric scores of the executions.

    Raises:
        InputError: the file is missing or is not a table of trials.
    """
    table = TRIALS.read(path)
    scores = score_columns(table)
    table[scores] = table[scores].apply(pd.to_numeric, errors="coerce")
    return table


def score_columns(table: pd.DataFrame) -> list[str]:
    """Return the names of the columns with the scores of the executions, see :func:`tabulate`."""
    return [str(name) for name in table if re.fullmatch(r"execution_\d+_score", str(name))]


def best_row(table: pd.DataFrame, objective: Objective) -> pd.Series:
    """Return the row of the trial with the best score; of equal scores, the first.

    A trial with a failed execution is best only if all trials have one. A network that fails in some of its executions
    is not reliable, however good the others are. With rungs, only trials of the last one are compared: the others had
    fewer epochs.

    Args:
        table: see :func:`tabulate`.
        objective: what the scores are.

    Raises:
        InputError: all trials failed; the message contains their errors.
    """
    for status in (COMPLETED, PARTLY_FAILED):
        rows = table[table["status"] == status]
        if len(rows):
            rows = rows[rows["rung"].isna() | (rows["rung"] == rows["rung"].max())]
            return rows.loc[index_of_best(rows["score"].astype(float), objective)]
    errors = "\n".join(f"trial {row.trial}: {row.error}" for row in table.itertuples())
    raise InputError(f"all {len(table)} trials failed\n{errors}")


def best_trial(executions: Sequence[Execution], search: SearchSpec) -> BestTrial:
    """Return the best trial with its network, optimizer and batch size.

    Args:
        executions: the executions of all trials.
        search: the search.

    Raises:
        InputError: all trials failed; the message contains their errors.
    """
    row = best_row(tabulate(executions), search.objective)
    values = next(execution.values for execution in executions if execution.trial == row["trial"])
    settings = resolve(values, search.experiment)
    return BestTrial(
        trial=int(row["trial"]),
        objective=search.objective,
        score=float(row["score"]),
        best_step=int(row["best_step"]),
        values=values,
        network=settings.network,
        optimizer=settings.optimizer,
        batch_size=settings.batch_size if "batch_size" in values else None,
    )
