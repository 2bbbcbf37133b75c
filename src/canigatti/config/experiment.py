"""One experiment: its input, its network, and how it is trained."""

import json
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from canigatti.config.basis import Count, Name, Positive, Probability, Strict
from canigatti.config.pretrained import Pretrained
from canigatti.config.search import Objective, Search, SearchSeed, Space


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
    then come a dense layer of `dense_units`, the last dropout and one sigmoid unit. With `batch_normalization`, the
    values of each convolution and of the dense layer are normalised before their ReLU (Ioffe and Szegedy, 2015).
    """

    filters: tuple[Count, ...] = Field(default=(32, 64, 128), min_length=1, strict=False)
    convolutions_per_block: Count = 1
    kernel_size: Count = 3
    dense_units: Count = 256
    dropout: tuple[Annotated[float, Field(ge=0, lt=1)], ...] = Field(default=(0.2, 0.2, 0.2, 0.5), strict=False)
    kernel_initializer: Literal["he_uniform", "glorot_uniform"] = Field(
        default="he_uniform", description="of every layer before ReLU; glorot_uniform is Keras' default"
    )
    batch_normalization: bool = False

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


def _kind_of_network(raw: Any) -> str:
    has_backbone = "backbone" in raw if isinstance(raw, dict) else hasattr(raw, "backbone")
    return "pretrained" if has_backbone else "convolutional"


Network = Annotated[
    Annotated[Convolutional, Tag("convolutional")] | Annotated[Pretrained, Tag("pretrained")],
    Discriminator(_kind_of_network),
]
Optimizer = Annotated[SGD | Adam | RMSprop, Field(discriminator="name")]


class EarlyStopping(Strict):
    """Stop after `patience` epochs without a lower validation loss; the best epoch's weights are kept."""

    patience: Count = 5


class _Training(Strict):
    """What an experiment and its resolved form have in common."""

    split: str | None = Field(default=None, description="Name of one of the splits.")
    color: Literal["rgb", "grayscale"] = "rgb"
    image_size: Annotated[int, Field(ge=8, le=1024, description="pixels a side")] = 200
    network: Network = Convolutional()
    start_from: Name | None = Field(default=None, description="Experiment whose trained network this one goes on with.")
    thaw: str = Field(
        default="nothing", description="What of a backbone learns: nothing, everything, or all from a layer on."
    )
    optimizer: Optimizer = SGD(name="sgd", learning_rate=0.001, momentum=0.9)
    batch_size: Count = 64
    epochs: Annotated[int, Field(ge=1, description="at most")] = 100
    early_stopping: EarlyStopping = EarlyStopping()

    @model_validator(mode="after")
    def _suits_the_network(self) -> Self:
        if isinstance(self.network, Pretrained):
            if self.color != "rgb":
                raise ValueError(f"color: a pretrained network takes rgb, received {self.color}")
            return self
        if self.thaw != "nothing":
            raise ValueError(f"thaw: only a pretrained network has frozen layers, received {self.thaw}")
        smallest = 2 ** len(self.network.filters)
        if self.image_size < smallest:
            raise ValueError(
                f"image_size: {len(self.network.filters)} blocks halve the photos, expected {smallest} or more"
            )
        return self


class Spec(_Training):
    """An experiment as a job receives it: everything that decides the result of a training."""

    augmentation: Augmentation | None


class SearchSpec(Strict):
    """A search as its jobs receive it: everything that decides the result of an execution.

    How many trials and executions there are is no part of it: asking for more leaves those that are done as they are.
    """

    experiment: Spec
    objective: Objective
    seed: SearchSeed
    space: Space


Table = Literal["base", "modifications", "search", "pretrained", "ablations"]


class Experiment(_Training):
    """One network trained one way on one split."""

    augment: bool = Field(default=False, description="Whether training photos are transformed at random.")
    augmentation: Augmentation = Augmentation()
    search: Search | None = Field(default=None, description="Find the network and the optimizer by a search.")

    table: Table = Field(default="base", description="Where the report shows it; it decides no result.")
    group: Name | None = Field(
        default=None, description="Name of an optional group: part of the study only where `include` names the group."
    )

    @model_validator(mode="after")
    def _searches_networks_that_can_be_built(self) -> Self:
        if self.search is None:
            return self
        space, network = self.search.space, self.network
        if isinstance(network, Pretrained):
            raise ValueError("search: only a convolutional network can be searched")
        blocks, dropouts = len(space.filters or network.filters), len(space.dropout or network.dropout)
        if dropouts != blocks + 1:
            raise ValueError(f"search.space: {blocks} blocks need {blocks + 1} dropouts, received {dropouts}")
        if self.image_size < 2**blocks:
            raise ValueError(f"search.space: {blocks} blocks halve the photos, expected {2**blocks} pixels or more")
        return self

    def spec(self) -> str:
        """The experiment as a job receives it, as JSON with sorted keys.

        Two configurations that mean the same give the same text, whatever the order of their keys; ranges of
        augmentation that are not used are not part of it, and neither is a search: its outcome is a file.
        """
        return json.dumps(self._fields(), sort_keys=True)

    def search_spec(self) -> str:
        """The experiment's search as its jobs receive it (see :class:`SearchSpec`), as JSON with sorted keys.

        Raises:
            ValueError: the experiment has no search.
        """
        if self.search is None:
            raise ValueError("this experiment has no search")
        deciding = self.search.model_dump(mode="json", include={"objective", "seed", "space"})
        return json.dumps({"experiment": {**self._fields(), "epochs": self.search.epochs}, **deciding}, sort_keys=True)

    def _fields(self) -> dict[str, Any]:
        fields = self.model_dump(mode="json", exclude={"augment", "search", "table", "group"})
        return fields if self.augment else {**fields, "augmentation": None}
