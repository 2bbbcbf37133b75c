"""Schedules of the learning rate."""

from typing import Annotated, Literal

from pydantic import Field

from canigatti.config.basis import Count, Fraction
from canigatti.records import Record


class Cosine(Record):
    """A cosine decay of the optimizer's learning rate to zero at the end of the last epoch.

    It is keras.optimizers.schedules.CosineDecay (Loshchilov and Hutter, 2017), with a linear warm-up from zero.
    """

    name: Literal["cosine"] = Field(description="The schedule.")
    warmup_epochs: Annotated[int, Field(ge=0, lt=2**63)] = Field(
        default=0, description="Epochs in which the learning rate rises from zero; they are part of the epochs."
    )


class Plateau(Record):
    """A reduction of the learning rate whenever the validation loss stagnates: keras.callbacks.ReduceLROnPlateau."""

    name: Literal["plateau"] = Field(description="The schedule.")
    factor: Fraction = Field(default=0.1, description="What each reduction multiplies the learning rate by.")
    patience: Count = Field(default=3, description="Epochs without a lower validation loss before a reduction.")


Schedule = Annotated[Cosine | Plateau, Field(discriminator="name")]
