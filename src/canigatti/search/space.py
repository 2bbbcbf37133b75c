"""The search space: its hyperparameters, and the combinations that a random search tries."""

import itertools
import math
import tempfile
from typing import Any

from canigatti.config import CountRange, RateRange, Space, Spec
from canigatti.search.records import Values

_LISTS = ("filters", "dropout")  # one range per block; their hyperparameters are numbered from 1
_SINGLE = ("kernel_size", "dense_units")


def hyperparameters(space: Space) -> dict[str, list[Any]]:
    """Return every hyperparameter with its possible values, in an order that does not depend on the configuration."""
    choices: dict[str, list[Any]] = {}
    for key in _LISTS:
        for number, values in enumerate(getattr(space, key) or (), start=1):
            choices[f"{key}_{number}"] = _grid(values)
    choices |= {key: _grid(values) for key in _SINGLE if (values := getattr(space, key))}
    return choices | ({"optimizer": list(space.optimizer)} if space.optimizer else {})


def _grid(values: CountRange | RateRange) -> list[Any]:
    """Return all values of a range, rounded: 0.1 + 0.1 + 0.1 is not 0.3 in floating point."""
    steps = math.floor((values.high - values.low) / values.step + 1e-9)
    return [round(values.low + number * values.step, 10) for number in range(steps + 1)]


def size(space: Space) -> int:
    """Return the number of combinations."""
    return math.prod(map(len, hyperparameters(space).values()))


def propose(space: Space, seed: int, count: int) -> list[Values]:
    """Return the first `count` distinct combinations of KerasTuner's random search.

    They depend only on the space and the seed; a larger `count` only appends to them.

    Args:
        space: the search space, with at least `count` combinations.
        seed: seed of the random search, 1 or more.
        count: number of combinations.
    """
    from keras_tuner import HyperParameters
    from keras_tuner.engine.base_tuner import BaseTuner
    from keras_tuner.oracles import RandomSearchOracle

    ranges = HyperParameters()
    for name, values in hyperparameters(space).items():
        ranges.Choice(name, values)  # KerasTuner's Float excludes 0.3 from 0.1 to 0.3 in steps of 0.1
    oracle = RandomSearchOracle(max_trials=count, seed=seed, hyperparameters=ranges)
    oracle.verbose = 0
    combinations: list[Values] = []
    with tempfile.TemporaryDirectory() as folder:
        BaseTuner(oracle, directory=folder, project_name="search")  # sets the folder, which an oracle needs
        for number in itertools.count():
            if len(combinations) == count:
                break
            # The oracle returns the running trial to a tuner that already has one, so each call uses a new tuner. After
            # a number of duplicates in a row it returns no combination, but the next call continues.
            trial = oracle.create_trial(f"tuner{number}")
            combinations += [trial.hyperparameters.values] if trial.status == "RUNNING" else []
    return combinations


def resolve(values: Values, spec: Spec) -> Spec:
    """Return the experiment with these hyperparameters.

    Args:
        values: the value of each hyperparameter of the space.
        spec: the experiment, which sets everything else.
    """
    network: dict[str, Any] = {name: values[name] for name in _SINGLE if name in values}
    for key in _LISTS:
        if per_block := tuple(value for name, value in values.items() if name.startswith(f"{key}_")):
            network[key] = per_block
    fields = spec.model_dump()
    fields["network"] |= network
    fields |= {"optimizer": {"name": values["optimizer"]}} if "optimizer" in values else {}
    return Spec.model_validate(fields)
