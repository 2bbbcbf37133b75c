"""An experiment: input, network, optimizer and training."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from canigatti.config.basis import Count, Name, Positive, Probability, Rate
from canigatti.config.optimizers import SGD, Optimizer
from canigatti.config.pretrained import Pretrained
from canigatti.config.search import Objective, Search, SearchSeed, Space
from canigatti.config.squares import Resize, Square
from canigatti.records import Record


class Probabilities(Record):
    """Probabilities that a transformation is applied to a photo, 0 to 1."""

    shear: Probability = Field(default=1.0, description="Probability of a shear.")
    zoom: Probability = Field(default=1.0, description="Probability of a zoom.")
    rotation: Probability = Field(default=1.0, description="Probability of a rotation.")
    width_shift: Probability = Field(default=1.0, description="Probability of a horizontal shift.")
    height_shift: Probability = Field(default=1.0, description="Probability of a vertical shift.")
    brightness: Probability = Field(default=1.0, description="Probability of a brightness change.")
    horizontal_flip: Probability = Field(default=0.5, description="Probability of a left-right flip.")
    vertical_flip: Probability = Field(default=0.0, description="Probability of an upside-down flip.")


class Augmentation(Record):
    """Ranges of the random transformations, defined as in Keras' `ImageDataGenerator`."""

    shear: Annotated[float, Field(ge=0, lt=90)] = Field(
        default=0.2, description="Shear angle: up to this many degrees, in both directions."
    )
    zoom: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.3,
        description="The sampling grid is scaled by 1 - zoom to 1 + zoom; values below 1 enlarge the photo.",
    )
    rotation: Annotated[float, Field(ge=0, le=180)] = Field(
        default=20.0, description="Up to this many degrees, in both directions."
    )
    width_shift: Rate = Field(default=0.15, description="Up to this fraction of the width, in both directions.")
    height_shift: Rate = Field(default=0.15, description="Up to this fraction of the height, in both directions.")
    brightness: tuple[Positive, Positive] = Field(
        default=(0.8, 1.2), strict=False, description="Lowest and highest factor of the pixel values."
    )
    fill: Literal["nearest", "reflect", "wrap", "constant"] = Field(
        default="nearest", description="How pixels outside the photo are filled."
    )
    probability: Probabilities = Field(default=Probabilities(), description="How often each transformation is applied.")

    @model_validator(mode="after")
    def _check_brightness(self) -> Self:
        if self.brightness[0] > self.brightness[1]:
            raise ValueError(f"brightness: expected [low, high], received {list(self.brightness)}")
        return self


class Convolutional(Record):
    """A convolutional network trained from scratch; the defaults are the study's base network.

    Block i has `convolutions_per_block` convolutions of `filters[i]` filters, 2×2 max pooling and `dropout[i]`; a dense
    layer of `dense_units`, the last dropout and the output follow. With `batch_normalization`, the outputs of
    each convolution and of the dense layer are normalized before their ReLU (Ioffe and Szegedy, 2015).
    """

    filters: tuple[Count, ...] = Field(
        default=(32, 64, 128), min_length=1, strict=False, description="Filters of each convolution block."
    )
    convolutions_per_block: Count = Field(default=1, description="Convolutions before each max pooling.")
    kernel_size: Count = Field(default=3, description="Kernel size of all convolutions, in pixels.")
    dense_units: Count = Field(default=256, description="Units of the dense layer.")
    dropout: tuple[Rate, ...] = Field(
        default=(0.2, 0.2, 0.2, 0.5),
        strict=False,
        description="Dropout rates after each block and after the dense layer.",
    )
    kernel_initializer: Literal["he_uniform", "glorot_uniform"] = Field(
        default="he_uniform", description="Initializer of every layer with ReLU; Keras' default is glorot_uniform."
    )
    batch_normalization: bool = Field(default=False, description="Normalize the input of each ReLU over the batch.")

    @model_validator(mode="after")
    def _check_dropout_count(self) -> Self:
        if len(self.dropout) != len(self.filters) + 1:
            raise ValueError(
                f"{len(self.filters)} blocks need {len(self.filters) + 1} dropout rates, received {len(self.dropout)}"
            )
        return self


def _kind_of_network(raw: Any) -> str:
    has_backbone = "backbone" in raw if isinstance(raw, dict) else hasattr(raw, "backbone")
    return "pretrained" if has_backbone else "convolutional"


Network = Annotated[
    Annotated[Convolutional, Tag("convolutional")] | Annotated[Pretrained, Tag("pretrained")],
    Discriminator(_kind_of_network),
]


class EarlyStopping(Record):
    """Stop after `patience` epochs without a lower validation loss, and restore the weights of the best epoch."""

    patience: Count = Field(default=5, description="Epochs without a lower validation loss before training stops.")


class _Training(Record):
    """The keys that an experiment and its resolved form share."""

    split: str | None = Field(default=None, description="Name of the split to train and test on.")
    color: Literal["rgb", "grayscale"] = Field(default="rgb", description="Color mode of the network's input.")
    image_size: Annotated[int, Field(ge=8, le=1024)] = Field(
        default=200, description="Width and height of the network's input, in pixels."
    )
    resize: Resize = Field(
        default="squeeze",
        description="How photos become square: squeeze changes the aspect ratio, crop cuts the center, pad adds black.",
    )
    network: Network = Field(
        default=Convolutional(), description="The architecture; a network with the key backbone is a pretrained one."
    )
    start_from: Name | None = Field(
        default=None, description="Name of the experiment whose trained network is the initial network."
    )
    unfreeze: str = Field(
        default="nothing",
        description="Trainable layers of the backbone: nothing, everything, or the name of the first trainable layer.",
    )
    optimizer: Optimizer = Field(
        default=SGD(name="sgd", learning_rate=0.001, momentum=0.9),
        description="The optimizer and its parameters.",
    )
    batch_size: Count = Field(default=64, description="Photos per training step.")
    epochs: Count = Field(default=100, description="Maximum number of epochs.")
    early_stopping: EarlyStopping = Field(default=EarlyStopping(), description="When to stop before the last epoch.")

    @property
    def square(self) -> Square:
        """The photos that the network takes."""
        return Square(self.image_size, self.resize)

    @model_validator(mode="after")
    def _check_network(self) -> Self:
        if isinstance(self.network, Pretrained):
            if self.color != "rgb":
                raise ValueError(f"color: a pretrained network expects rgb, received {self.color}")
            return self
        if self.unfreeze != "nothing":
            raise ValueError(f"unfreeze: only a pretrained network has frozen layers, received {self.unfreeze}")
        smallest = 2 ** len(self.network.filters)
        if self.image_size < smallest:
            raise ValueError(
                f"image_size: each of the {len(self.network.filters)} blocks halves the image, expected {smallest} or "
                f"more, received {self.image_size}"
            )
        return self


class Spec(_Training):
    """An experiment as its jobs receive it: everything that determines the result of a training run."""

    omitted_defaults: ClassVar[tuple[str, ...]] = ("resize",)  # not of `Experiment`, where a missing key is inherited

    augmentation: Augmentation | None = Field(description="None if training photos are not augmented.")


class SearchSpec(Record):
    """A search as its jobs receive it: everything that determines the result of an execution.

    The number of trials and executions is not included, so that increasing it does not invalidate completed ones.
    """

    experiment: Spec
    objective: Objective
    seed: SearchSeed
    space: Space


Table = Literal["base", "modifications", "search", "pretrained", "ablations"]


class Experiment(_Training):
    """A network, how it is trained, and the split it is trained on."""

    augment: bool = Field(default=False, description="Whether training photos are transformed randomly.")
    augmentation: Augmentation = Field(default=Augmentation(), description="The random transformations.")
    search: Search | None = Field(default=None, description="Search for the best hyperparameters first.")

    table: Table = Field(
        default="base", description="The table of the report that lists the experiment; it has no effect on results."
    )
    group: Name | None = Field(
        default=None, description="Name of an optional group, which is part of the study only if `include` lists it."
    )

    @model_validator(mode="after")
    def _check_search(self) -> Self:
        if self.search is None:
            return self
        space, network = self.search.space, self.network
        if isinstance(network, Pretrained):
            raise ValueError("search: only a convolutional network can be searched")
        blocks, dropouts = len(space.filters or network.filters), len(space.dropout or network.dropout)
        if dropouts != blocks + 1:
            raise ValueError(f"search.space: {blocks} blocks need {blocks + 1} dropout rates, received {dropouts}")
        if self.image_size < 2**blocks:
            raise ValueError(
                f"search.space: each of the {blocks} blocks halves the image, expected {2**blocks} pixels or more"
            )
        return self

    def resolve(self) -> Spec:
        """Return the experiment as its jobs receive it.

        Equivalent configurations resolve to equal specs, whatever the order of their keys: the ranges of a disabled
        augmentation are left out, and so is the search, whose result is a file.
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
