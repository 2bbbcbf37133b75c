"""One experiment: its input, its network, and how it is trained."""

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from canigatti.config.basis import Count, Name, Positive, Probability
from canigatti.config.pretrained import Pretrained
from canigatti.config.search import Objective, Search, SearchSeed, Space
from canigatti.records import Record


class Probabilities(Record):
    """How likely each transformation is applied to a photo, 0 to 1."""

    shear: Probability = 1.0
    zoom: Probability = 1.0
    rotation: Probability = 1.0
    width_shift: Probability = 1.0
    height_shift: Probability = 1.0
    brightness: Probability = 1.0
    horizontal_flip: Probability = 0.5
    vertical_flip: Probability = 0.0


class Augmentation(Record):
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


class Convolutional(Record):
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


class SGD(Record):
    """Stochastic gradient descent."""

    name: Literal["sgd"]
    learning_rate: Positive = 0.01
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.0
    nesterov: bool = False


class Adam(Record):
    """Adam."""

    name: Literal["adam"]
    learning_rate: Positive = 0.001
    beta_1: Annotated[float, Field(ge=0, lt=1)] = 0.9
    beta_2: Annotated[float, Field(ge=0, lt=1)] = 0.999


class RMSprop(Record):
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


class EarlyStopping(Record):
    """Stop after `patience` epochs without a lower validation loss; the best epoch's weights are kept."""

    patience: Count = 5


class _Training(Record):
    """What an experiment and its resolved form have in common."""

    split: str | None = Field(default=None, description="Name of one of the splits.")
    color: Literal["rgb", "grayscale"] = "rgb"
    image_size: Annotated[int, Field(ge=8, le=1024, description="pixels a side")] = 200
    network: Network = Convolutional()
    start_from: Name | None = Field(default=None, description="Experiment whose trained network this one goes on with.")
    unfreeze: str = Field(
        default="nothing",
        description="Trainable layers of the backbone: nothing, everything, or all from a named layer on.",
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
        if self.unfreeze != "nothing":
            raise ValueError(f"unfreeze: only a pretrained network has frozen layers, received {self.unfreeze}")
        smallest = 2 ** len(self.network.filters)
        if self.image_size < smallest:
            raise ValueError(
                f"image_size: {len(self.network.filters)} blocks halve the photos, expected {smallest} or more"
            )
        return self


class Spec(_Training):
    """An experiment as a job receives it: everything that decides the result of a training."""

    augmentation: Augmentation | None


class SearchSpec(Record):
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

    def resolve(self) -> Spec:
        """Return the experiment as its jobs receive it.

        Two configurations with the same meaning resolve to equal specs, whatever the order of their keys: ranges of an
        augmentation that is switched off are left out, and so is a search, whose outcome is a file.
        """
        settings = {name: getattr(self, name) for name in _Training.model_fields}
        return Spec(**settings, augmentation=self.augmentation if self.augment else None)

    def resolve_search(self) -> SearchSpec:
        """Return the experiment's search as its jobs receive it.

        Raises:
            ValueError: the experiment has no search.
        """
        if self.search is None:
            raise ValueError("this experiment has no search")
        search = self.search
        experiment = self.resolve().model_copy(update={"epochs": search.epochs})
        return SearchSpec(experiment=experiment, objective=search.objective, seed=search.seed, space=search.space)
