"""Promotion: which trials of a rung reach the next one."""

from collections.abc import Collection

from canigatti.config import Objective
from canigatti.search.records import Execution
from canigatti.search.selection import FAILED, PARTLY_FAILED, tabulate


def promote(executions: Collection[Execution], places: int, objective: Objective) -> list[int]:
    """Return the trials that reach the next rung, ascending: those with the best scores, of equal ones the first.

    A trial with a failed execution comes after all others, whatever its score, as it does where the best trial is
    chosen. Trials that failed, and those that gave up in every completed execution, are not promoted, so that there may
    be fewer than `places`.

    Args:
        executions: of all trials of a rung; none if no trial was promoted from the one below.
        places: number of trials of the next rung.
        objective: what the scores are.
    """
    if not executions:
        return []
    table = tabulate(executions)
    table = table[(table["status"] != FAILED) & (table["ended"] != "pruned")]
    losses = table["score"].astype(float) * (1 if objective == "val_loss" else -1)
    order = table.assign(partly=table["status"] == PARTLY_FAILED, loss=losses).sort_values(["partly", "loss", "trial"])
    return sorted(int(trial) for trial in order["trial"][:places])
