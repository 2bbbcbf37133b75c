"""The optimizers of Keras that an experiment can have."""

from typing import Annotated, Literal

from pydantic import Field

from canigatti.config.basis import Positive, Rate
from canigatti.records import Record


class SGD(Record):
    """Stochastic gradient descent, with the parameters of keras.optimizers.SGD."""

    name: Literal["sgd"] = Field(description="The optimizer.")
    learning_rate: Positive = Field(default=0.01, description="Step size.")
    momentum: Rate = Field(default=0.0, description="Fraction of the previous update that is added to each update.")
    nesterov: bool = Field(default=False, description="Whether to use Nesterov momentum.")


class Adam(Record):
    """Adam, with the parameters of keras.optimizers.Adam."""

    name: Literal["adam"] = Field(description="The optimizer.")
    learning_rate: Positive = Field(default=0.001, description="Step size.")
    beta_1: Rate = Field(default=0.9, description="Decay rate of the mean of the gradients.")
    beta_2: Rate = Field(default=0.999, description="Decay rate of the mean of the squared gradients.")


class RMSprop(Record):
    """RMSprop, with the parameters of keras.optimizers.RMSprop."""

    name: Literal["rmsprop"] = Field(description="The optimizer.")
    learning_rate: Positive = Field(default=0.001, description="Step size.")
    rho: Rate = Field(default=0.9, description="Decay rate of the mean of the squared gradients.")
    momentum: Rate = Field(default=0.0, description="Fraction of the previous update that is added to each update.")


Optimizer = Annotated[SGD | Adam | RMSprop, Field(discriminator="name")]
