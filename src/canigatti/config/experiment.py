"""An experiment: input, network, optimizer and training."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from canigatti.config.augmentation import Augmentation
from canigatti.config.basis import Count, Name, Rate
from canigatti.config.networks import Convolutional, Network
from canigatti.config.optimizers import SGD, Optimizer
from canigatti.config.pretrained import Pretrained
from canigatti.config.schedules import Cosine, Plateau, Schedule
from canigatti.config.search import Objective, Search, SearchSeed, Space, check_space
from canigatti.config.squares import Resize, Square
from canigatti.records import Record


class EarlyStopping(Record):
    """Stop after `patience` epochs without a lower validation loss, and restore the weights of the best epoch."""

    omitted_defaults: ClassVar[tuple[str, ...]] = ("give_up_after",)

    patience: Count = Field(default=5, description="Epochs without a lower validation loss before training stops.")
    give_up_after: Count | None = Field(
        default=None,
        description="Number of epochs after which a training ends whose validation accuracy was in none of them "
        "significantly higher than the fraction of the largest class (binomial test, 5%). Left out: never.",
    )


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
    class_weight: Literal["balanced"] | None = Field(
        default=None,
        description="balanced weights photos in the training and the validation loss, as in scikit-learn: "
        "n / (classes · photos of the class).",
    )
    oversample: bool = Field(
        default=False,
        description="Whether training photos of every class are drawn as often as those of the largest; the validation "
        "loss then weights photos like class_weight: balanced.",
    )
    schedule: Schedule | None = Field(
        default=None, description="How the learning rate changes from epoch to epoch. Left out: it is constant."
    )
    label_smoothing: Rate = Field(
        default=0.0,
        description="The label of a class is 1 - label_smoothing + label_smoothing / classes in the loss, and those of "
        "the other classes are label_smoothing / classes.",
    )
    mixed_precision: bool = Field(
        default=False,
        description="Whether to compute in float16 where TensorFlow sees a GPU; weights and output remain in float32.",
    )

    train_fraction: Annotated[float, Field(gt=0, le=1)] = Field(
        default=1.0,
        description="Fraction of the training set to train on: the same of each class, chosen by the seed. A smaller "
        "fraction is part of a larger one.",
    )

    @model_validator(mode="after")
    def _check_balancing(self) -> Self:
        if self.class_weight and self.oversample:
            raise ValueError("class_weight: expected null with oversample: true, because both balance the classes")
        return self

    @model_validator(mode="after")
    def _check_giving_up(self) -> Self:
        if self.early_stopping.give_up_after is not None and (self.class_weight or self.oversample):
            raise ValueError(
                "early_stopping.give_up_after: expected null with balanced classes, whose networks may learn and still "
                "be less accurate than guessing the largest class"
            )
        return self

    @model_validator(mode="after")
    def _check_schedule(self) -> Self:
        schedule, patience = self.schedule, self.early_stopping.patience
        if isinstance(schedule, Cosine) and schedule.warmup_epochs >= self.epochs:
            raise ValueError(
                f"schedule.warmup_epochs: expected fewer than the {self.epochs} epochs, "
                f"received {schedule.warmup_epochs}"
            )
        if isinstance(schedule, Plateau) and schedule.patience >= patience:
            raise ValueError(
                f"schedule.patience: expected fewer than the {patience} of early_stopping.patience, after which the "
                f"training ends, received {schedule.patience}"
            )
        return self

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

    omitted_defaults: ClassVar[tuple[str, ...]] = (  # not of `Experiment`: a study's `defaults` would replace it
        *("class_weight", "oversample", "schedule", "label_smoothing", "mixed_precision", "resize"),
        "train_fraction",
    )

    augmentation: Augmentation | None = Field(description="None if training photos are not augmented.")


class SearchSpec(Record):
    """A search as its jobs receive it: everything that determines the result of an execution.

    The number of trials and executions is not included, so that increasing it does not invalidate completed ones, nor
    is the method, of which an execution does not depend on.

    Attributes:
        stop_after: with halving, number of epochs after which the job stops and leaves its state to the next one; None
            for an execution that one job trains.
    """

    omitted_defaults: ClassVar[tuple[str, ...]] = ("stop_after",)

    experiment: Spec
    objective: Objective
    seed: SearchSeed
    space: Space
    stop_after: Count | None = None


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
        if self.train_fraction != 1:
            raise ValueError(f"train_fraction: a search uses the whole training set, received {self.train_fraction:g}")
        if isinstance(self.schedule, Cosine) and self.schedule.warmup_epochs >= self.search.epochs:
            raise ValueError(
                f"search.epochs: expected more than the {self.schedule.warmup_epochs} of schedule.warmup_epochs, "
                f"received {self.search.epochs}"
            )
        check_space(self.search.space, self.network, self.image_size)
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
