"""One experiment: its input, its network, and how it is trained."""

import json
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from canigatti.config.basis import Count, Positive, Probability, Strict


class Probabilities(Strict):
    """How likely each transformation is applied to a photo, 0 to 1."""

    shear: Probability = 1.0
    zoom: Probability = 1.0
    rotation: Probability = 1.0
    width_shift: Probability = 1.0
    height_shift: Probability = 1.0
    brightness: Probability = 1.0
    horizontal_flip: Probability = 0.5
    vertical_flip: Probability = 0.0


class Augmentation(Strict):
    """Ranges of the random transformations, with the meaning of Keras' `ImageDataGenerator`."""

    shear: Annotated[float, Field(ge=0, lt=90, description="degrees, each way")] = 0.2
    zoom: Annotated[float, Field(ge=0, lt=1, description="side lengths scale by 1 - zoom to 1 + zoom")] = 0.3
    rotation: Annotated[float, Field(ge=0, le=180, description="degrees, each way")] = 20.0
    width_shift: Annotated[float, Field(ge=0, lt=1, description="share of the width, each way")] = 0.15
    height_shift: Annotated[float, Field(ge=0, lt=1, description="share of the height, each way")] = 0.15
    brightness: tuple[Positive, Positive] = Field(default=(0.8, 1.2), strict=False)
    fill: Literal["nearest", "reflect", "wrap", "constant"] = "nearest"
    probability: Probabilities = Probabilities()

    @model_validator(mode="after")
    def _brightness_is_a_range(self) -> Self:
        if self.brightness[0] > self.brightness[1]:
            raise ValueError(f"brightness goes from low to high, received {list(self.brightness)}")
        return self


class Convolutional(Strict):
    """A network of convolution blocks trained from scratch; the defaults are the study's base network.

    Block i has `convolutions_per_block` convolutions of `filters[i]` filters, 2×2 max pooling and `dropout[i]`;
    then come a dense layer of `dense_units`, the last dropout and one sigmoid unit.
    """

    filters: tuple[Count, ...] = Field(default=(32, 64, 128), min_length=1, strict=False)
    convolutions_per_block: Count = 1
    kernel_size: Count = 3
    dense_units: Count = 256
    dropout: tuple[Annotated[float, Field(ge=0, lt=1)], ...] = Field(default=(0.2, 0.2, 0.2, 0.5), strict=False)

    @model_validator(mode="after")
    def _has_a_dropout_after_each_block_and_the_dense_layer(self) -> Self:
        if len(self.dropout) != len(self.filters) + 1:
            raise ValueError(
                f"{len(self.filters)} blocks need {len(self.filters) + 1} dropouts, received {len(self.dropout)}"
            )
        return self


class SGD(Strict):
    """Stochastic gradient descent."""

    name: Literal["sgd"]
    learning_rate: Positive = 0.01
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.0
    nesterov: bool = False


class Adam(Strict):
    """Adam."""

    name: Literal["adam"]
    learning_rate: Positive = 0.001
    beta_1: Annotated[float, Field(ge=0, lt=1)] = 0.9
    beta_2: Annotated[float, Field(ge=0, lt=1)] = 0.999


class RMSprop(Strict):
    """RMSprop."""

    name: Literal["rmsprop"]
    learning_rate: Positive = 0.001
    rho: Annotated[float, Field(ge=0, lt=1)] = 0.9
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.0


Optimizer = Annotated[SGD | Adam | RMSprop, Field(discriminator="name")]


class EarlyStopping(Strict):
    """Stop after `patience` epochs without a lower validation loss; the best epoch's weights are kept."""

    patience: Count = 5


class _Training(Strict):
    """What an experiment and its resolved form have in common."""

    split: str | None = Field(default=None, description="Name of one of the splits.")
    color: Literal["rgb", "grayscale"] = "rgb"
    image_size: Annotated[int, Field(ge=8, le=1024, description="pixels a side")] = 200
    network: Convolutional = Convolutional()
    optimizer: Optimizer = SGD(name="sgd", learning_rate=0.001, momentum=0.9)
    batch_size: Count = 64
    epochs: Annotated[int, Field(ge=1, description="at most")] = 100
    early_stopping: EarlyStopping = EarlyStopping()

    @model_validator(mode="after")
    def _fits_the_blocks(self) -> Self:
        smallest = 2 ** len(self.network.filters)
        if self.image_size < smallest:
            raise ValueError(
                f"image_size: {len(self.network.filters)} blocks halve the photos, expected {smallest} or more"
            )
        return self


class Spec(_Training):
    """An experiment as a job receives it: everything that decides the result of a training."""

    augmentation: Augmentation | None


Table = Literal["base", "modifications", "search", "pretrained", "ablations"]


class Experiment(_Training):
    """One network trained one way on one split."""

    augment: bool = Field(default=False, description="Whether training photos are transformed at random.")
    augmentation: Augmentation = Augmentation()
    table: Table = Field(default="base", description="Where the report shows it; it decides no result.")

    def spec(self) -> str:
        """The experiment as a job receives it, as JSON with sorted keys.

        Two configurations that mean the same give the same text, whatever the order of their keys; ranges of
        augmentation that are not used are not part of it.
        """
        fields = self.model_dump(mode="json", exclude={"augment", "table"})
        if not self.augment:
            fields["augmentation"] = None
        return json.dumps(fields, sort_keys=True)
