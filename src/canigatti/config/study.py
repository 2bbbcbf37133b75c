"""A study: classes, photos, splits and experiments."""

import re
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Discriminator, Field, StringConstraints, Tag, field_validator, model_validator

from canigatti.config.basis import Count, Fraction, Name, Seed
from canigatti.config.experiment import Experiment, Table
from canigatti.config.inheritance import inherit_keys
from canigatti.config.outline import OutlinedExperiment
from canigatti.config.pretrained import Weights
from canigatti.files import is_csv, is_url
from canigatti.records import Record

_MAX_CLASS_NAME = 100  # characters; it is in the names of files and in figures


class GeneratedPhotos(Record):
    """Generated photos instead of real ones, including deliberately broken files."""

    count: Annotated[int, Field(ge=40, le=1_000_000)] = Field(
        default=800, description="Number of photos, both classes together."
    )
    seed: Seed = Field(default=42, description="Seed of the generated photos.")


class Photos(Record):
    """The source of the photos: a URL, a zip file, a folder, or the package's generator."""

    source: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="URL or path of a zip file, or path of a folder."
    )
    sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")] | None = Field(
        default=None, description="Expected SHA-256 of the zip file."
    )
    generate: GeneratedPhotos | None = Field(default=None, description="Generate photos instead of reading a source.")
    limit_per_class: Count | None = Field(
        default=None, description="Use only the first photos of each class, at most this many."
    )

    groups: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        description="Photos that belong together, which a split never divides: a CSV file with the columns path and "
        "group, or a regular expression with one group, which is searched in the file name (with '/': in the path).",
    )

    @field_validator("groups")
    @classmethod
    def _check_groups(cls, groups: str | None) -> str | None:
        if groups is None or is_csv(groups):
            return groups
        try:
            count = re.compile(groups).groups
        except re.error as error:
            raise ValueError(f"expected a CSV file or a regular expression: {error}") from None
        if count != 1:
            raise ValueError(f"expected a CSV file or a regular expression with one group (…), received {count} groups")
        return groups

    @model_validator(mode="after")
    def _check_source(self) -> Self:
        if (self.source is None) == (self.generate is None):
            raise ValueError("expected either source (a URL, a zip file or a folder) or generate, not both")
        if self.sha256 and self.source is None:
            raise ValueError("sha256 requires a source")
        if self.groups and self.source is None:
            raise ValueError("groups requires a source; generated photos do not belong together")
        return self

    @property
    def is_remote(self) -> bool:
        """Whether the source must be downloaded."""
        return self.source is not None and is_url(self.source)


class Split(Record):
    """A way of dividing the photos into training, validation and test set, as fractions of each class that sum to 1."""

    train: Fraction = Field(description="Fraction of each class in the training set.")
    validation: Fraction = Field(description="Fraction of each class in the validation set.")
    test: Fraction = Field(description="Fraction of each class in the test set.")
    seed: Seed = Field(default=42, description="Seed of the random assignment.")

    @model_validator(mode="after")
    def _check_sum(self) -> Self:
        total = self.train + self.validation + self.test
        if abs(total - 1) > 1e-9:
            raise ValueError(f"train, validation and test add up to {total:g}, expected 1")
        return self


FROM_FOLDERS = "from-folders"
AnySplit = Annotated[
    Annotated[Split, Tag("<fractions>")] | Annotated[Literal["from-folders"], Tag("<from-folders>")],
    Discriminator(lambda split: "<from-folders>" if isinstance(split, str) else "<fractions>"),
]


class Outline(Record):
    """What the report needs to know about a study besides its results; experiments are in the order of the tables."""

    study: Name
    configuration: str | None
    classes: tuple[str, str]
    photos: Photos
    splits: dict[Name, AnySplit]
    experiments: tuple[OutlinedExperiment, ...]
    tables: tuple[str, ...]
    options: tuple[str, ...]
    seeds: tuple[Seed, ...]


class Study(Record):
    """A configuration file."""

    study: Name = Field(description="Name of the study; results are written to results/<study>/.")
    classes: tuple[str, str] = Field(strict=False, description="The two class names; the first has label 0.")
    photos: Photos = Field(description="The source of the photos.")
    splits: dict[Name, AnySplit] = Field(
        min_length=1,
        description="Splits by name: fractions, or from-folders if the source has folders train, validation and test.",
    )
    defaults: Experiment = Field(default=Experiment(), description="Values of keys that an experiment does not set.")
    experiments: dict[Name, Experiment] = Field(min_length=1, description="Experiments by name.")
    include: tuple[Name, ...] = Field(
        default=(), strict=False, description="Optional groups of experiments to include in the study."
    )
    seeds: tuple[Seed, ...] = Field(
        default=(42,),
        strict=False,
        min_length=1,
        max_length=1_000,
        description="Each experiment is trained once with each seed.",
    )
    weights: dict[str, Weights] = Field(
        default={}, description="Source of the pretrained weights of each backbone: imagenet, a file, or a mapping."
    )

    def included(self) -> dict[str, Experiment]:
        """Return the experiments of the study by name, without those of optional groups that it does not include."""
        return {
            name: experiment
            for name, experiment in self.experiments.items()
            if experiment.group is None or experiment.group in self.include
        }

    def groups(self) -> dict[str, list[str]]:
        """Return the names of the experiments of each optional group."""
        names = dict.fromkeys(experiment.group for experiment in self.experiments.values() if experiment.group)
        return {
            group: [name for name, experiment in self.experiments.items() if experiment.group == group]
            for group in names
        }

    def outline(self, configuration: str | None, options: tuple[str, ...] = ()) -> Outline:
        """Return what the report needs to know besides the results.

        Args:
            configuration: path of the configuration file, which the report shows in its commands; None if another
                workflow imports this one and configures it.
            options: other options of `snakemake` that select the study, see :func:`canigatti.planning.study_options`.
        """
        experiments = tuple(OutlinedExperiment.of(name, experiment) for name, experiment in self.included().items())
        return Outline(
            study=self.study,
            configuration=configuration,
            classes=self.classes,
            photos=self.photos,
            splits=self.splits,
            experiments=experiments,
            tables=tuple(self.tables()),
            options=options,
            seeds=self.seeds,
        )

    def tables(self) -> list[str]:
        """Return the names of the report's tables: those with at least one experiment, and `all`."""
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
        spread = {name: inherit_keys(name, experiments, defaults) for name in experiments}
        return {**raw, "defaults": defaults, "experiments": spread}

    @field_validator("weights", mode="before")
    @classmethod
    def _from_short_form(cls, raw: Any) -> Any:
        if not isinstance(raw, dict):
            return raw
        return {name: {"source": value} if isinstance(value, str) else value for name, value in raw.items()}

    @model_validator(mode="after")
    def _check_same_network(self) -> Self:
        for name, experiment in self.experiments.items():
            parent = self.experiments.get(experiment.start_from or name, experiment)
            for key in ("split", "color", "image_size", "network"):
                if getattr(experiment, key) != getattr(parent, key):
                    raise ValueError(
                        f"experiments.{name}.{key}: expected that of {experiment.start_from}, which it starts from"
                    )
        return self

    @model_validator(mode="after")
    def _check_group_of_start(self) -> Self:
        for name, experiment in self.experiments.items():
            parent = self.experiments.get(experiment.start_from or name, experiment)
            if parent.group not in (None, experiment.group):
                raise ValueError(
                    f"experiments.{name}.group: expected {parent.group}, the group of {experiment.start_from}, which "
                    f"it starts from, received {experiment.group}"
                )
        return self

    @model_validator(mode="after")
    def _check_groups(self) -> Self:
        if unknown := [name for name in self.include if name not in self.groups()]:
            known = ", ".join(self.groups()) or "none"
            raise ValueError(f"include: no experiment is in the group {unknown[0]}; the groups are {known}")
        if not self.included():
            raise ValueError("include: expected at least one group, because every experiment is in an optional group")
        return self

    @model_validator(mode="after")
    def _check_weights(self) -> Self:
        for name, experiment in self.experiments.items():
            backbone = getattr(experiment.network, "backbone", None)
            if backbone and backbone not in self.weights:
                raise ValueError(f"weights.{backbone}: experiments.{name} needs it; set it to imagenet or to a file")
        return self

    @model_validator(mode="after")
    def _check_classes(self) -> Self:
        for name in self.classes:
            if not name.isprintable() or len(name) > _MAX_CLASS_NAME:
                raise ValueError(
                    f"classes: expected names of at most {_MAX_CLASS_NAME} printable characters, received "
                    f"{name[:_MAX_CLASS_NAME]!r}"
                )
        first, second = (name.strip().lower() for name in self.classes)
        if not first or not second or first == second or {"/", "."} & set(first + second):
            raise ValueError(f"classes: expected two different names without '/' or '.', received {list(self.classes)}")
        return self

    @model_validator(mode="after")
    def _check_splits(self) -> Self:
        known = ", ".join(self.splits)
        for name, experiment in self.experiments.items():
            if experiment.split not in self.splits:
                raise ValueError(f"experiments.{name}.split: expected one of {known}, received {experiment.split!r}")
        return self

    @model_validator(mode="after")
    def _check_splits_from_folders(self) -> Self:
        for name, split in self.splits.items():
            if split == FROM_FOLDERS and self.photos.generate:
                raise ValueError(
                    f"splits.{name}: {FROM_FOLDERS} requires photos.source; generated photos have no folders"
                )
            if split == FROM_FOLDERS and self.photos.limit_per_class:
                raise ValueError(
                    f"splits.{name}: {FROM_FOLDERS} uses all photos; remove photos.limit_per_class, whose first photos "
                    "of each class may all be in one subset"
                )
        return self

    @model_validator(mode="after")
    def _check_seeds(self) -> Self:
        if len(set(self.seeds)) != len(self.seeds):
            raise ValueError(f"seeds: expected distinct numbers, received {list(self.seeds)}")
        return self


def schema() -> dict[str, Any]:
    """Return the JSON schema of a configuration file, which editors read from `workflow/config.schema.json`."""
    return Study.model_json_schema()
