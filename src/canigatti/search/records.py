"""Every file that the search stage writes for others."""

from typing import ClassVar, Literal

from canigatti.config import Network, Objective, Optimizer
from canigatti.records import Record, Table

Ended = Literal["completed", "early stopping", "pruned", "failed", "end of rung"]  # why no epoch followed

# The value of each hyperparameter, such as {"filters_1": 32, "optimizer": "adam"}.
Values = dict[str, int | float | str]


class Proposal(Record):
    """`search/<experiment>/proposed.json`: the combinations of hyperparameters, in the order of the trials."""

    trials: tuple[Values, ...]


class Outcome(Record):
    """The result of one training run of one trial.

    Attributes:
        status: `failed` if no network could be trained with the trial's hyperparameters.
        score: value of the objective in the best epoch; None if the training failed.
        best_step: the best epoch, from 1; None if the training failed.
        error: why the training failed; None if it did not.
        ended: why no epoch followed: `completed` after the last epoch, `early stopping`, `pruned` if it gave
            up because its validation accuracy was not significantly better than guessing
            (`early_stopping.give_up_after`), or `failed`; `end of rung` if the training stopped to be compared with
            others.
        epochs: number of epochs, with halving from the first one on.
        curve: the objective after each of these epochs, up to one that is infinite or NaN.
    """

    status: Literal["completed", "failed"]
    score: float | None = None
    best_step: int | None = None
    error: str | None = None
    ended: Ended
    epochs: int
    curve: tuple[float, ...]


class Execution(Outcome):
    """One training run of one trial, and its result.

    It is `search/<experiment>/trial<t>/execution<e>.json`. With halving, it is `…/rung<r>/trial<t>/execution<e>.json`,
    and next to it is the state that the next rung continues from (.npz; empty if the training failed).

    Attributes:
        rung: with halving, number of the rung, from 1; None otherwise.
        trial: number of the trial, from 1.
        execution: number of the execution within the trial, from 1.
        values: the trial's hyperparameters.
        seed: of the initial weights, the order of the photos and their augmentation.
        started: date and time, UTC, ISO 8601.
        seconds: wall time of the job; with halving, of this rung.
    """

    omitted_defaults: ClassVar[tuple[str, ...]] = ("rung",)

    rung: int | None = None
    trial: int
    execution: int
    values: Values
    seed: int
    started: str
    seconds: float


class Promotion(Record):
    """`search/<experiment>/rung<r>/promoted.json`: the trials that reach a rung.

    Attributes:
        places: number of trials that could be promoted.
        trials: the numbers of those that were, ascending; fewer than `places` if too few could be trained.
    """

    places: int
    trials: tuple[int, ...]


class BestTrial(Record):
    """`search/<experiment>/best.json`: the best trial, with its network, optimizer and batch size.

    Attributes:
        trial: number of the trial, from 1.
        objective: what the score is.
        score: mean over the completed executions.
        best_step: mean of their best epochs, from 1, rounded down.
        values: the trial's hyperparameters.
        network: the experiment's network with these values.
        optimizer: the experiment's optimizer, or the one that the search found.
        batch_size: the one that the search found; None if it did not vary it.
    """

    omitted_defaults: ClassVar[tuple[str, ...]] = ("batch_size",)

    trial: int
    objective: Objective
    score: float
    best_step: int
    values: Values
    network: Network
    optimizer: Optimizer
    batch_size: int | None = None


# One row per trial. One column per hyperparameter follows `trial`; a group of columns per execution follows `error`.
TRIALS = Table(
    {
        **{"trial": int, "status": str, "score": float, "best_step": "Int64", "rung": "Int64", "epochs": int},
        **{"ended": str, "seconds": float, "error": str},
    },
    open_ended=True,
)

CURVES = Table({"trial": int, "execution": int, "rung": "Int64", "epoch": int, "score": float})
