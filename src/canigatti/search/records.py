"""Every file that the search stage writes for others."""

from typing import TYPE_CHECKING, Literal

from canigatti.config import Network, Objective, Optimizer
from canigatti.records import Record, Table

if TYPE_CHECKING:
    pass

# The value of each hyper-parameter, such as {"filters_1": 32, "optimizer": "adam"}.
Values = dict[str, int | float | str]


class Proposal(Record):
    """`search/<experiment>/proposed.json`: the combinations of hyper-parameters, in the order they are tried."""

    trials: tuple[Values, ...]


class Execution(Record):
    """`search/<experiment>/trial<t>/execution<e>.json`: one training of one trial, and its result.

    Attributes:
        status: `failed` when no network could be trained with these values.
        score: the best epoch's value of the objective; None when it failed.
        best_step: that epoch, from 1; None when it failed.
        error: why it failed; None when it did not.
        trial: number of the trial, from 1.
        execution: number of the execution within the trial, from 1.
        values: the trial's hyper-parameters.
        seed: of the initial weights, the order of the photos and their augmentation.
        started: date and time, UTC, ISO 8601.
        seconds: how long it took.
    """

    status: Literal["completed", "failed"]
    score: float | None
    best_step: int | None
    error: str | None
    trial: int
    execution: int
    values: Values
    seed: int
    started: str
    seconds: float


class BestTrial(Record):
    """`search/<experiment>/best.json`: the best trial, its network and its optimizer."""

    trial: int
    objective: Objective
    score: float
    best_step: int
    values: Values
    network: Network
    optimizer: Optimizer


# One row per trial; the hyper-parameters and one group of columns per execution follow.
TRIALS = Table(
    {"trial": int, "status": str, "score": float, "best_step": "Int64", "seconds": float, "error": str},
    open_ended=True,
)
