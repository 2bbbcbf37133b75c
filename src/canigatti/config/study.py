"""The study as a whole: classes, photos, splits and experiments."""

from typing import Annotated, Any, Self, get_args

from pydantic import Field, StringConstraints, field_validator, model_validator

from canigatti.config.basis import Count, Fraction, Name, Seed
from canigatti.config.experiment import Experiment, Table
from canigatti.config.inheritance import inherited
from canigatti.config.pretrained import Weights
from canigatti.files import is_address
from canigatti.records import Record


class GeneratedPhotos(Record):
    """Drawn photos in place of real ones, planted faults included."""

    count: Annotated[int, Field(ge=40)] = 800
    seed: Seed = 42


class Photos(Record):
    """Where the photos come from: an address, a zip file or a folder, or drawn by the package."""

    source: Annotated[str, Field(min_length=1)] | None = None
    sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")] | None = None
    generate: GeneratedPhotos | None = None
    limit_per_class: Count | None = Field(default=None, description="Keep the first so many usable photos of a class.")

    @model_validator(mode="after")
    def _comes_from_one_place(self) -> Self:
        if (self.source is None) == (self.generate is None):
            raise ValueError("give either source (an address, a zip file or a folder) or generate, and not both")
        if self.sha256 and self.source is None:
            raise ValueError("sha256 describes a source, and none is given")
        return self

    @property
    def is_remote(self) -> bool:
        """Whether the source must be downloaded."""
        return self.source is not None and is_address(self.source)


class Split(Record):
    """A way of dividing the photos into training, validation and test sets, as fractions of each class."""

    train: Fraction
    validation: Fraction
    test: Fraction
    seed: Seed = 42

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        total = self.train + self.validation + self.test
        if abs(total - 1) > 1e-9:
            raise ValueError(f"train, validation and test add up to {total:g}, expected 1")
        return self


class OutlinedExperiment(Record):
    """An experiment as the outline lists it."""

    name: Name
    table: Table
    split: str
    searched: bool


class Outline(Record):
    """What the report needs to know of a study besides its results; experiments are in the order of the tables."""

    study: Name
    configuration: str
    classes: tuple[str, str]
    photos: Photos
    splits: dict[Name, Split]
    experiments: tuple[OutlinedExperiment, ...]
    tables: tuple[str, ...]
    include: tuple[Name, ...]
    seeds: tuple[Seed, ...]


class Study(Record):
    """A whole configuration file."""

    study: Name
    classes: tuple[str, str] = Field(strict=False, description="The two classes; label 0 is the first.")
    photos: Photos
    splits: dict[Name, Split] = Field(min_length=1)
    defaults: Experiment = Experiment()
    experiments: dict[Name, Experiment] = Field(min_length=1)
    include: tuple[Name, ...] = Field(
        default=(), strict=False, description="Optional groups of experiments that are part of the study."
    )
    seeds: tuple[Seed, ...] = Field(default=(42,), strict=False, min_length=1)
    weights: dict[str, Weights] = Field(default={}, description="By backbone: imagenet, a file, or a mapping.")

    def included(self) -> dict[str, Experiment]:
        """The experiments that the study carries out and compares: all but those of groups it does not include."""
        return {
            name: experiment
            for name, experiment in self.experiments.items()
            if experiment.group is None or experiment.group in self.include
        }

    def groups(self) -> dict[str, list[str]]:
        """The experiments of each optional group, by name."""
        named = dict.fromkeys(one.group for one in self.experiments.values() if one.group)
        return {group: [name for name, one in self.experiments.items() if one.group == group] for group in named}

    def outline(self, configuration: str) -> Outline:
        """Return what the report needs to know besides the results.

        Args:
            configuration: path of the configuration file, for the commands that the report shows.
        """
        experiments = tuple(  # in the order of the tables
            OutlinedExperiment(
                name=name, table=experiment.table, split=experiment.split or "", searched=experiment.search is not None
            )
            for name, experiment in self.included().items()
        )
        return Outline(
            study=self.study,
            configuration=configuration,
            classes=self.classes,
            photos=self.photos,
            splits=self.splits,
            experiments=experiments,
            tables=tuple(self.tables()),
            include=self.include,
            seeds=self.seeds,
        )

    def tables(self) -> list[str]:
        """Names of the tables of experiments that the report writes: those that have one, and `all`."""
        used = {experiment.table for experiment in self.included().values()}
        return [*(table for table in get_args(Table) if table in used), "all"]

    @model_validator(mode="before")
    @classmethod
    def _spread_defaults(cls, raw: Any) -> Any:
        if not isinstance(raw, dict):
            return raw
        experiments, defaults = raw.get("experiments"), raw.get("defaults") or {}
        if not isinstance(experiments, dict) or not isinstance(defaults, dict):
            return raw
        spread = {name: inherited(name, experiments, defaults) for name in experiments}
        return {**raw, "defaults": defaults, "experiments": spread}

    @field_validator("weights", mode="before")
    @classmethod
    def _from_short_form(cls, raw: Any) -> Any:
        if not isinstance(raw, dict):
            return raw
        return {name: {"source": one} if isinstance(one, str) else one for name, one in raw.items()}

    @model_validator(mode="after")
    def _goes_on_with_the_same_network(self) -> Self:
        for name, experiment in self.experiments.items():
            parent = self.experiments.get(experiment.start_from or name, experiment)
            for key in ("split", "color", "image_size", "network"):
                if getattr(experiment, key) != getattr(parent, key):
                    raise ValueError(
                        f"experiments.{name}.{key}: it starts from {experiment.start_from} and must keep its {key}"
                    )
        return self

    @model_validator(mode="after")
    def _starts_from_what_is_included(self) -> Self:
        for name, experiment in self.experiments.items():
            parent = self.experiments.get(experiment.start_from or name, experiment)
            if parent.group not in (None, experiment.group):
                raise ValueError(
                    f"experiments.{name}.group: it starts from {experiment.start_from} of the group {parent.group}, "
                    f"expected the same, received {experiment.group}"
                )
        return self

    @model_validator(mode="after")
    def _includes_known_groups(self) -> Self:
        if unknown := [name for name in self.include if name not in self.groups()]:
            known = ", ".join(self.groups()) or "none"
            raise ValueError(f"include: no experiment is of the group {unknown[0]}; the study's groups are {known}")
        if not self.included():
            raise ValueError("include: every experiment is of an optional group, expected one of them")
        return self

    @model_validator(mode="after")
    def _has_weights_for_each_backbone(self) -> Self:
        for name, experiment in self.experiments.items():
            backbone = getattr(experiment.network, "backbone", None)
            if backbone and backbone not in self.weights:
                raise ValueError(f"weights.{backbone}: needed by experiments.{name}; say imagenet or name a file")
        return self

    @model_validator(mode="after")
    def _names_two_classes(self) -> Self:
        first, second = (name.strip().lower() for name in self.classes)
        if not first or not second or first == second or {"/", "."} & set(first + second):
            raise ValueError(f"classes: expected two different names without '/' or '.', received {list(self.classes)}")
        return self

    @model_validator(mode="after")
    def _uses_known_splits(self) -> Self:
        known = ", ".join(self.splits)
        for name, experiment in self.experiments.items():
            if experiment.split not in self.splits:
                raise ValueError(f"experiments.{name}.split: expected one of {known}, received {experiment.split!r}")
        return self

    @model_validator(mode="after")
    def _has_distinct_seeds(self) -> Self:
        if len(set(self.seeds)) != len(self.seeds):
            raise ValueError(f"seeds: expected different numbers, received {list(self.seeds)}")
        return self


def schema() -> dict[str, Any]:
    """The JSON schema of a configuration file, for editors; kept in `workflow/config.schema.json`."""
    return Study.model_json_schema()
