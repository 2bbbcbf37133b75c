"""The combinations of hyper-parameters that a search can try, and those that it does."""

import math
import tempfile
from typing import Any

from canigatti.config import CountRange, RateRange, Space, Spec
from canigatti.search.records import Values

_LISTS = ("filters", "dropout")  # one range for each block; hyper-parameters are numbered from 1
_SINGLE = ("kernel_size", "dense_units")


def hyperparameters(space: Space) -> dict[str, list[Any]]:
    """Every hyper-parameter of the space with its possible values, in an order that the configuration cannot change."""
    found: dict[str, list[Any]] = {}
    for key in _LISTS:
        for number, values in enumerate(getattr(space, key) or (), start=1):
            found[f"{key}_{number}"] = _grid(values)
    found |= {key: _grid(values) for key in _SINGLE if (values := getattr(space, key))}
    return found | ({"optimizer": list(space.optimizer)} if space.optimizer else {})


def _grid(values: CountRange | RateRange) -> list[Any]:
    """All values of a range, without the rounding errors of adding 0.1 to 0.1 to 0.1."""
    steps = math.floor((values.high - values.low) / values.step + 1e-9)
    return [round(values.low + number * values.step, 10) for number in range(steps + 1)]


def size(space: Space) -> int:
    """Number of combinations."""
    return math.prod(map(len, hyperparameters(space).values()))


def propose(space: Space, seed: int, count: int) -> list[Values]:
    """The first `count` different combinations that KerasTuner's random search draws.

    The same space and seed always give the same ones, and a larger `count` only adds to them.

    Args:
        space: what to choose from; it must hold `count` combinations.
        seed: of the draw, 1 or more.
        count: how many combinations.
    """
    from keras_tuner import HyperParameters
    from keras_tuner.engine.base_tuner import BaseTuner
    from keras_tuner.oracles import RandomSearchOracle

    ranges = HyperParameters()
    for name, values in hyperparameters(space).items():
        ranges.Choice(name, values)  # KerasTuner's own Float leaves 0.3 out of 0.1 to 0.3 in steps of 0.1
    oracle = RandomSearchOracle(max_trials=count, seed=seed, hyperparameters=ranges)
    oracle.verbose = 0
    proposed: list[Values] = []
    asked = 0
    with tempfile.TemporaryDirectory() as folder:
        BaseTuner(
            oracle, directory=folder, project_name="search"
        )  # an oracle must have a folder to keep its records in
        while len(proposed) < count:
            # An oracle gives a tuner that asks twice its running trial again, so each trial goes to a tuner of its own.
            # It gives up after a number of duplicates in a row; asked again, it draws on.
            trial = oracle.create_trial(f"tuner{asked}")
            proposed += [trial.hyperparameters.values] if trial.status == "RUNNING" else []
            asked += 1
    return proposed


def resolve(values: Values, spec: Spec) -> Spec:
    """The experiment with these values in place of its own.

    Args:
        values: a value for each hyper-parameter of the space.
        spec: the experiment; it says what the search leaves alone.
    """
    network: dict[str, Any] = {name: values[name] for name in _SINGLE if name in values}
    for key in _LISTS:
        if chosen := tuple(value for name, value in values.items() if name.startswith(f"{key}_")):
            network[key] = chosen
    fields = spec.model_dump()
    fields["network"] |= network
    fields |= {"optimizer": {"name": values["optimizer"]}} if "optimizer" in values else {}
    return Spec.model_validate(fields)
