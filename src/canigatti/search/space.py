"""The search space: its hyperparameters, and the combinations that a random search tries."""

import itertools
import math
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from canigatti.config import CountRange, LogRange, RateRange, Space, Spec
from canigatti.search.records import Values

if TYPE_CHECKING:
    import keras_tuner

_LISTS = ("filters", "dropout")  # one range per block; their hyperparameters are numbered from 1
_SINGLE = ("kernel_size", "dense_units")
_HEAD_UNITS, _HEAD_POOLING = "head_dense_units", "head_pooling"


def hyperparameters(space: Space) -> dict[str, list[Any]]:
    """Return every hyperparameter with its possible values, in an order that does not depend on the configuration.

    The random search draws them in this order. One added later is at the end, so that earlier searches keep their
    trials.
    """
    choices: dict[str, list[Any]] = {}
    for key in _LISTS:
        choices |= _numbered_grids(key, getattr(space, key))
    choices |= {key: _grid(values) for key in _SINGLE if (values := getattr(space, key))}
    choices |= {"optimizer": list(space.optimizer)} if space.optimizer else {}
    choices |= {"learning_rate": _log_grid(space.learning_rate)} if space.learning_rate else {}
    choices |= {key: list(values) for key in ("batch_size", "pooling") if (values := getattr(space, key))}
    if space.head:
        choices |= {_HEAD_POOLING: list(space.head.pooling)} if space.head.pooling else {}
        choices |= _numbered_grids(_HEAD_UNITS, space.head.dense_units)
    return choices


def _numbered_grids(key: str, ranges: Sequence[CountRange | RateRange] | None) -> dict[str, list[Any]]:
    return {f"{key}_{number}": _grid(values) for number, values in enumerate(ranges or (), start=1)}


def _grid(values: CountRange | RateRange) -> list[Any]:
    """Return all values of a range, rounded: 0.1 + 0.1 + 0.1 is not 0.3 in floating point."""
    steps = math.floor((values.high - values.low) / values.step + 1e-9)
    return [round(values.low + number * values.step, 10) for number in range(steps + 1)]


def _log_grid(values: LogRange) -> list[float]:
    """Return the values of a logarithmic range: both ends, and values rounded to three digits between them."""
    low, high = math.log(values.low), math.log(values.high)
    inner = [math.exp(low + (high - low) * number / (values.values - 1)) for number in range(1, values.values - 1)]
    return [values.low, *(float(f"{value:.3g}") for value in inner), values.high]


def size(space: Space) -> int:
    """Return the number of combinations."""
    return math.prod(map(len, hyperparameters(space).values()))


def declare(space: Space) -> "keras_tuner.HyperParameters":
    """Return the search space as KerasTuner declares it."""
    from keras_tuner import HyperParameters

    declared = HyperParameters()
    for name, values in hyperparameters(space).items():
        declared.Choice(name, values)  # KerasTuner's Float excludes 0.3 from 0.1 to 0.3 in steps of 0.1
    return declared


def propose(space: Space, seed: int, count: int) -> list[Values]:
    """Return the first `count` distinct combinations of KerasTuner's random search.

    They depend only on the space and the seed; a larger `count` only appends to them.

    Args:
        space: the search space, with at least `count` combinations.
        seed: seed of the random search, 1 or more.
        count: number of combinations.
    """
    from keras_tuner.engine.base_tuner import BaseTuner
    from keras_tuner.oracles import RandomSearchOracle

    oracle = RandomSearchOracle(max_trials=count, seed=seed, hyperparameters=declare(space))
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
    network: dict[str, Any] = {name: values[name] for name in (*_SINGLE, "pooling") if name in values}
    network |= {key: numbered for key in _LISTS if (numbered := _numbered(values, key))}
    fields = spec.model_dump()
    fields["network"] |= network
    if units := _numbered(values, _HEAD_UNITS):
        fields["network"]["head"]["dense_units"] = units
    if _HEAD_POOLING in values:
        fields["network"]["head"]["pooling"] = values[_HEAD_POOLING]
    fields |= {"optimizer": {"name": values["optimizer"]}} if "optimizer" in values else {}
    if "learning_rate" in values:
        fields["optimizer"]["learning_rate"] = values["learning_rate"]
    fields |= {"batch_size": values["batch_size"]} if "batch_size" in values else {}
    return Spec.model_validate(fields)


def _numbered(values: Values, key: str) -> tuple[int | float | str, ...]:
    """Return the values of a list of hyperparameters, which are in the order of their numbers."""
    return tuple(value for name, value in values.items() if name.startswith(f"{key}_"))
