"""The hyperparameter search of an experiment: its space, its budget, and its objective."""

import math
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from canigatti.config.basis import Count, Fraction, Pooling, Positive, Rate
from canigatti.config.networks import Network
from canigatti.config.optimizers import OptimizerName
from canigatti.config.pretrained import Pretrained
from canigatti.records import Record

Objective = Literal["val_accuracy", "val_loss"]
Method = Literal["random", "halving", "bayesian"]
SearchSeed = Annotated[int, Field(ge=1, lt=2**31)]  # KerasTuner interprets 0 as no seed


_MAX_VALUES = 10_000  # of one hyperparameter; all of them are listed
_MIN_RATIO = 1.02  # of neighboring learning rates, so that they differ after rounding to three digits
_CONVOLUTIONAL = ("filters", "kernel_size", "dropout", "dense_units", "pooling")  # of a convolutional network only


class _Range(Record):
    low: float
    high: float
    step: float

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"expected low ≤ high, received {self.low:g} and {self.high:g}")
        if (self.high - self.low) / self.step >= _MAX_VALUES:
            raise ValueError(f"expected at most {_MAX_VALUES:,} values, received a step of {self.step:g}")
        return self


class CountRange(_Range):
    """The integers low, low + step, … up to high."""

    low: Count = Field(description="The first value.")
    high: Count = Field(description="The upper bound, which is a value if the steps reach it.")
    step: Count = Field(description="The difference between neighboring values.")


class RateRange(_Range):
    """The dropout rates low, low + step, … up to high."""

    low: Rate = Field(description="The first value.")
    high: Rate = Field(description="The upper bound, which is a value if the steps reach it.")
    step: Fraction = Field(description="The difference between neighboring values.")


class LogRange(Record):
    """Learning rates that are evenly spaced on a logarithmic scale, with both ends; rounded to three digits between."""

    low: Positive = Field(description="The first value.")
    high: Positive = Field(description="The last value.")
    values: Annotated[int, Field(ge=2, le=1_000)] = Field(description="How many values there are.")

    @model_validator(mode="after")
    def _check_distance(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"expected low < high, received {self.low:g} and {self.high:g}")
        if (math.log(self.high) - math.log(self.low)) / (self.values - 1) < math.log(_MIN_RATIO):
            raise ValueError(
                f"expected neighboring values that differ by {_MIN_RATIO - 1:.0%} or more, received {self.values} "
                f"values from {self.low:g} to {self.high:g}"
            )
        return self


class HeadSpace(Record):
    """The hyperparameters of a pretrained network's head; those left out keep the values of the experiment."""

    pooling: Annotated[tuple[Pooling, ...], Field(min_length=1, strict=False)] | None = Field(
        default=None, description="How the backbone's feature maps are pooled."
    )
    dense_units: Annotated[tuple[CountRange, ...], Field(min_length=1, strict=False)] | None = Field(
        default=None, description="Units of the dense layers: one range per layer."
    )

    @model_validator(mode="after")
    def _check_values(self) -> Self:
        _check_some_given(self)
        _check_distinct("pooling", self.pooling)
        return self


class Space(Record):
    """The search space; hyperparameters without a range keep the values of the experiment."""

    omitted_defaults: ClassVar[tuple[str, ...]] = ("learning_rate", "batch_size", "pooling", "head")

    filters: Annotated[tuple[CountRange, ...], Field(min_length=1, strict=False)] | None = Field(
        default=None, description="Filters of each convolution block: one range per block."
    )
    kernel_size: CountRange | None = Field(default=None, description="Kernel size of all convolutions.")
    dropout: Annotated[tuple[RateRange, ...], Field(min_length=1, strict=False)] | None = Field(
        default=None, description="Dropout rates: one range per block, and one for the dense layer."
    )
    dense_units: CountRange | None = Field(default=None, description="Units of the dense layer.")
    optimizer: Annotated[tuple[OptimizerName, ...], Field(min_length=1, strict=False)] | None = Field(
        default=None, description="Optimizers, with Keras' default settings."
    )
    learning_rate: LogRange | None = Field(default=None, description="Learning rate of the optimizer.")
    batch_size: Annotated[tuple[Count, ...], Field(min_length=1, strict=False)] | None = Field(
        default=None, description="Photos per training step."
    )
    pooling: Annotated[tuple[Pooling, ...], Field(min_length=1, strict=False)] | None = Field(
        default=None, description="How a convolutional network pools the feature maps of its last block."
    )
    head: HeadSpace | None = Field(default=None, description="The head of a pretrained network.")

    @model_validator(mode="after")
    def _check_values(self) -> Self:
        _check_some_given(self)
        for key in ("optimizer", "batch_size", "pooling"):
            _check_distinct(key, getattr(self, key))
        return self


def _check_some_given(space: Record) -> None:
    if all(value is None for value in space.model_dump().values()):
        raise ValueError(f"expected one or more of {', '.join(type(space).model_fields)}")


def _check_distinct(key: str, values: tuple[object, ...] | None) -> None:
    if values and len(set(values)) < len(values):
        kind = "names" if isinstance(values[0], str) else "numbers"
        raise ValueError(f"{key}: expected different {kind}, received {list(values)}")


def check_space(space: Space, network: Network, image_size: int) -> None:
    """Check that a network has the hyperparameters of a search space, and can be built with all their values.

    Args:
        space: the search space.
        network: the network of the experiment.
        image_size: width and height of its input, in pixels.

    Raises:
        ValueError: it cannot; the message names the key.
    """
    if isinstance(network, Pretrained):
        for key in _CONVOLUTIONAL:
            if getattr(space, key) is not None:
                raise ValueError(
                    f"search.space.{key}: only a convolutional network has it; a pretrained network has head, "
                    "learning_rate, optimizer and batch_size"
                )
        return
    if space.head is not None:
        raise ValueError("search.space.head: only a pretrained network has a head")
    blocks, dropouts = len(space.filters or network.filters), len(space.dropout or network.dropout)
    if dropouts != blocks + 1:
        raise ValueError(f"search.space: {blocks} blocks need {blocks + 1} dropout rates, received {dropouts}")
    if image_size < 2**blocks:
        raise ValueError(
            f"search.space: each of the {blocks} blocks halves the image, expected {2**blocks} pixels or more"
        )


_OPTIONS = {  # of one method only, with their defaults
    "halving": {"factor": 2, "rungs": 4},
    "bayesian": {"initial_trials": 5, "round_trials": 3},
}


class Search(Record):
    """A search; the experiment is then trained with the best hyperparameters."""

    method: Method = Field(
        default="random",
        description="How trials are chosen and trained. random: combinations at random, each trained to the end. "
        "halving: the same combinations, trained for a few epochs; the best part of them continues, for a multiple of "
        "the epochs, and so on. bayesian: combinations that earlier results make promising (Gaussian process).",
    )
    objective: Objective = Field(default="val_accuracy", description="The validation metric that ranks the trials.")
    trials: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=10, description="Number of combinations to try; all combinations if the space has fewer."
    )
    executions: Annotated[int, Field(ge=1, le=1_000)] = Field(
        default=3, description="Training runs per trial, each with its own seed."
    )
    epochs: Count = Field(default=50, description="Maximum number of epochs per execution.")
    factor: Annotated[int, Field(ge=2, le=100)] | None = Field(
        default=None,
        description="With halving: one of this many trials continues, for this many times as many epochs; 2 if left "
        "out.",
    )
    rungs: Annotated[int, Field(ge=2, le=10)] | None = Field(
        default=None,
        description="With halving: how often the trials are compared, at last after `epochs`; 4 if left out.",
    )
    initial_trials: Count | None = Field(
        default=None,
        description="With bayesian: number of trials at random, before the first one that is chosen by the results of "
        "others; 5 if left out.",
    )
    round_trials: Annotated[int, Field(ge=1, le=100)] | None = Field(
        default=None,
        description="With bayesian: number of later trials that are chosen, and may be trained, at a time; 3 if left "
        "out.",
    )
    seed: SearchSeed = Field(default=42, description="Seed of the proposed combinations and of the executions, from 1.")
    space: Space = Field(description="The hyperparameters and the values to try.")

    @model_validator(mode="after")
    def _check_method(self) -> Self:
        for method, options in _OPTIONS.items():
            for key in options:
                if method != self.method and getattr(self, key) is not None:
                    raise ValueError(f"{key}: expected method: {method}, received {self.method}")
        if self.method == "halving" and self.epochs < self.option("factor") ** (self.option("rungs") - 1):
            raise ValueError(
                f"epochs: expected {self.option('factor') ** (self.option('rungs') - 1)} or more, so that the first of "
                f"{self.option('rungs')} rungs has one, received {self.epochs}"
            )
        if self.method == "bayesian" and self.trials <= self.option("initial_trials"):
            initial = self.option("initial_trials")
            raise ValueError(f"trials: expected more than the {initial} of initial_trials, received {self.trials}")
        return self

    def option(self, name: str) -> int:
        """Return an option of the search's method, or its default.

        Raises:
            KeyError: the method does not have it.
        """
        value: int | None = getattr(self, name)
        return _OPTIONS[self.method][name] if value is None else value

    @property
    def rung_epochs(self) -> tuple[int, ...]:
        """The numbers of epochs after which the trials are compared, ascending; none without rungs.

        The last rung ends after `epochs`, and each one before it after one of `factor` of those, rounded up.
        """
        if self.method != "halving":
            return ()
        last = self.option("rungs")
        return tuple(-(-self.epochs // self.option("factor") ** (last - number)) for number in range(1, last + 1))

    def job_epochs(self, rung: int = 1) -> int:
        """Return how many epochs one job trains at most, given the number of its rung if there are rungs."""
        ends = (0, *self.rung_epochs)
        return ends[rung] - ends[rung - 1] if self.rung_epochs else self.epochs
