"""Bayesian optimization: trials that the results of earlier ones make promising, by KerasTuner's oracle.

The first trials are those of the random search. Later ones are proposed in rounds, whose trials may all be trained at a
time; a round is proposed from the results of all rounds before it.
"""

import tempfile
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from canigatti.config import Objective, Space
from canigatti.search.records import Execution, Values
from canigatti.search.selection import COMPLETED, tabulate
from canigatti.search.space import declare, propose, size

_ASKS = 3  # for one trial, until the oracle proposes a combination that has not been tried


def propose_next(
    space: Space, seed: int, objective: Objective, executions: Iterable[Execution], count: int
) -> list[Values]:
    """Return combinations for the next round: as many as asked for, or all that have not been tried.

    They depend on the arguments only. KerasTuner's oracle fits a Gaussian process to the scores, and proposes the
    combination with the best upper confidence bound; for the others of the round, it assumes a pessimistic score of
    those before. Where it proposes what has been tried, the next combination of the random search takes its place.
    Trials with a failed execution have no score, as in KerasTuner: another one nearby may be proposed.

    Args:
        space: the search space.
        seed: seed of the search, 1 or more.
        objective: what the scores are.
        executions: those of all trials before, which are numbered from 1.
        count: number of combinations.
    """
    executions = list(executions)
    values = {one.trial: one.values for one in executions}
    scores = {
        int(row["trial"]): float(row["score"]) if row["status"] == COMPLETED else None
        for _, row in tabulate(executions).iterrows()
    }
    told = [(values[trial], scores[trial]) for trial in sorted(values)]
    tried = [one for one, _ in told]
    count = min(count, size(space) - len(tried))
    proposed = _ask(space, _seed_of(seed, len(tried)), objective, told, count) if {*scores.values()} - {None} else []
    others = iter(propose(space, seed, min(size(space), len(tried) + count)))
    while len(proposed) < count:
        if (other := next(others)) not in [*tried, *proposed]:
            proposed.append(other)
    return proposed


def _seed_of(seed: int, trials: int) -> int:
    """Return the seed of a round, 1 or more: with the same one, each round would start at the same places."""
    return int(np.random.SeedSequence((seed, trials)).generate_state(1)[0] % (2**31 - 1)) + 1


def _ask(
    space: Space, seed: int, objective: Objective, told: Sequence[tuple[Values, float | None]], count: int
) -> list[Values]:
    from keras_tuner import Objective as Goal
    from keras_tuner.engine.base_tuner import BaseTuner
    from keras_tuner.oracles import BayesianOptimizationOracle

    oracle = BayesianOptimizationOracle(
        objective=Goal("score", direction="min" if objective == "val_loss" else "max"),
        max_trials=len(told) + _ASKS * count,
        num_initial_points=1,  # all of them have been told
        seed=seed,
        hyperparameters=declare(space),
    )
    oracle.verbose = 0
    proposed: list[Values] = []
    tried = [values for values, _ in told]
    with tempfile.TemporaryDirectory() as folder:
        BaseTuner(oracle, directory=folder, project_name="search")  # sets the folder, which an oracle needs
        for number, (values, score) in enumerate(told):
            oracle.trials[f"told{number}"] = _ended(oracle, f"told{number}", values, score)
        for number in range(_ASKS * count):
            if len(proposed) == count:
                break
            trial = oracle.create_trial(f"tuner{number}")  # a tuner that has a running trial would get that one
            if trial.hyperparameters.values not in [*tried, *proposed]:
                proposed.append(trial.hyperparameters.values)
    return proposed


def _ended(oracle: Any, name: str, values: Values, score: float | None) -> Any:
    """Return an earlier trial as the oracle knows its own after they have ended."""
    from keras_tuner.engine.trial import Trial

    hyperparameters = oracle.get_space()
    hyperparameters.values = dict(values)
    trial = Trial(hyperparameters, trial_id=name, status="FAILED" if score is None else "COMPLETED")
    trial.score = score
    return trial
