"""The hyperparameter search of an experiment: its space, its budget, and its objective."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from canigatti.config.basis import Count, Fraction, Rate
from canigatti.records import Record

Objective = Literal["val_accuracy", "val_loss"]
SearchSeed = Annotated[int, Field(ge=1, lt=2**31)]  # KerasTuner interprets 0 as no seed


_MAX_VALUES = 10_000  # of one hyperparameter; all of them are listed


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


class Space(Record):
    """The search space; hyperparameters without a range keep the values of the experiment."""

    filters: Annotated[tuple[CountRange, ...], Field(min_length=1, strict=False)] | None = Field(
        default=None, description="Filters of each convolution block: one range per block."
    )
    kernel_size: CountRange | None = Field(default=None, description="Kernel size of all convolutions.")
    dropout: Annotated[tuple[RateRange, ...], Field(min_length=1, strict=False)] | None = Field(
        default=None, description="Dropout rates: one range per block, and one for the dense layer."
    )
    dense_units: CountRange | None = Field(default=None, description="Units of the dense layer.")
    optimizer: Annotated[tuple[Literal["sgd", "adam", "rmsprop"], ...], Field(min_length=1, strict=False)] | None = (
        Field(default=None, description="Optimizers, with Keras' default settings.")
    )

    @model_validator(mode="after")
    def _check_values(self) -> Self:
        if all(value is None for value in self.model_dump().values()):
            raise ValueError(f"expected one or more of {', '.join(type(self).model_fields)}")
        if self.optimizer and len(set(self.optimizer)) < len(self.optimizer):
            raise ValueError(f"optimizer: expected different names, received {list(self.optimizer)}")
        return self


class Search(Record):
    """A random search; the experiment is then trained with the best hyperparameters."""

    objective: Objective = Field(default="val_accuracy", description="The validation metric that ranks the trials.")
    trials: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=10, description="Number of combinations to try; all combinations if the space has fewer."
    )
    executions: Annotated[int, Field(ge=1, le=1_000)] = Field(
        default=3, description="Training runs per trial, each with its own seed."
    )
    epochs: Count = Field(default=50, description="Maximum number of epochs per execution.")
    seed: SearchSeed = Field(default=42, description="Seed of the proposed combinations and of the executions, from 1.")
    space: Space = Field(description="The hyperparameters and the values to try.")
