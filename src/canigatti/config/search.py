"""The search of an experiment: which hyper-parameters are tried, how often, and by what the best ones are known."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from canigatti.config.basis import Count
from canigatti.records import Record

Objective = Literal["val_accuracy", "val_loss"]
SearchSeed = Annotated[int, Field(ge=1, lt=2**31, description="KerasTuner takes 0 for none")]
_Rate = Annotated[float, Field(ge=0, lt=1)]


class _Range(Record):
    low: float
    high: float
    step: float

    @model_validator(mode="after")
    def _goes_up(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"a range goes from low to high, received {self.low:g} to {self.high:g}")
        return self


class CountRange(_Range):
    """The whole numbers low, low + step, … up to high."""

    low: Count
    high: Count
    step: Count


class RateRange(_Range):
    """The dropout rates low, low + step, … up to high."""

    low: _Rate
    high: _Rate
    step: Annotated[float, Field(gt=0, lt=1)]


class Space(Record):
    """The values that are tried; what is left out stays as the experiment's network and optimizer say it."""

    filters: Annotated[tuple[CountRange, ...], Field(min_length=1, strict=False)] | None = Field(
        default=None, description="A range for each block."
    )
    kernel_size: CountRange | None = None
    dropout: Annotated[tuple[RateRange, ...], Field(min_length=1, strict=False)] | None = Field(
        default=None, description="A range for each block, and one for the dense layer."
    )
    dense_units: CountRange | None = None
    optimizer: Annotated[tuple[Literal["sgd", "adam", "rmsprop"], ...], Field(min_length=1, strict=False)] | None = (
        Field(default=None, description="Optimizers at Keras' default settings.")
    )

    @model_validator(mode="after")
    def _says_what_is_tried(self) -> Self:
        if all(value is None for value in self.model_dump().values()):
            raise ValueError(f"expected one or more of {', '.join(type(self).model_fields)}")
        if self.optimizer and len(set(self.optimizer)) < len(self.optimizer):
            raise ValueError(f"optimizer: expected different names, received {list(self.optimizer)}")
        return self


class Search(Record):
    """A random search for the best hyper-parameters of an experiment, which is then trained with them."""

    objective: Objective = "val_accuracy"
    trials: Annotated[int, Field(ge=1, description="combinations of values; all there are, if those are fewer")] = 10
    executions: Annotated[int, Field(ge=1, description="trainings of each trial, each with a seed of its own")] = 3
    epochs: Annotated[int, Field(ge=1, description="of an execution, at most")] = 50
    seed: SearchSeed = 42
    space: Space
