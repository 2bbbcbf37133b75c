"""A study: classes, photos, splits and experiments."""

from typing import Any, Self, get_args

from pydantic import Field, field_validator, model_validator

from canigatti.config.audit import Audit
from canigatti.config.basis import Name, Seed
from canigatti.config.classes import MAX_CLASSES, check_configured_classes
from canigatti.config.experiment import Experiment, Table
from canigatti.config.further import FurtherMeasurements, check_further, selected
from canigatti.config.inheritance import inherit_keys
from canigatti.config.learning_curve import derived_experiments
from canigatti.config.outline import Outline, OutlinedCurve, OutlinedExperiment, RankBy
from canigatti.config.photos import FROM_FOLDERS, AnySplit, Photos
from canigatti.config.pretrained import Weights


class Study(FurtherMeasurements):
    """A configuration file."""

    study: Name = Field(description="Name of the study; results are written to results/<study>/.")
    classes: tuple[str, ...] | None = Field(
        default=None,
        strict=False,
        json_schema_extra={"minItems": 2, "maxItems": MAX_CLASSES, "uniqueItems": True},
        description="The names of the classes; the first has label 0. Left out: the folders of the source.",
    )
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
    rank_by: RankBy = Field(
        default="accuracy",
        description="The metric of the test set by which the report ranks experiments; balanced_accuracy and macro_f1 "
        "give rare classes the same weight as frequent ones.",
    )
    findings: bool = Field(
        default=False,
        description="Whether the report tests the conclusions of the original study of cats and dogs on this study.",
    )
    weights: dict[str, Weights] = Field(
        default={}, description="Source of the pretrained weights of each backbone: imagenet, a file, or a mapping."
    )

    audit: Audit | None = Field(
        default=None, description="Which labels to doubt, by the features of a backbone. Left out: no audit."
    )

    def included(self) -> dict[str, Experiment]:
        """Return the experiments of the study by name, without those of optional groups that it does not include."""
        return {
            name: experiment
            for name, experiment in self.experiments.items()
            if experiment.group is None or experiment.group in self.include
        }

    def curve_experiments(self) -> dict[float, dict[str, Experiment]]:
        """Return the experiments of the learning curve, see :func:`derived_experiments`; none without a curve."""
        curve = self.learning_curve
        return derived_experiments(curve, self.experiments) if curve and curve.experiment in self.included() else {}

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
            options: other options of `snakemake` that select the study, see :class:`canigatti.invocation.Invocation`.
        """
        experiments = tuple(OutlinedExperiment.of(name, experiment) for name, experiment in self.included().items())
        return Outline(
            study=self.study,
            configuration=configuration,
            photos=self.photos.model_copy(update={"corrections": None}),  # jobs depend on what they change
            splits=self.splits,
            experiments=experiments,
            tables=tuple(self.tables()),
            options=options,
            seeds=self.seeds,
            rank_by=self.rank_by,
            findings=self.findings,
            robustness=selected(self.robustness, self.included()),
            test_time_augmentation=selected(self.test_time_augmentation, self.included()),
            learning_curve=OutlinedCurve.of(self.learning_curve, self.curve_experiments(), self.seeds),
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
            for key in ("split", "color", "image_size", "resize", "network"):
                if getattr(experiment, key) != getattr(parent, key):
                    raise ValueError(
                        f"experiments.{name}.{key}: expected that of {experiment.start_from}, which it starts from"
                    )
        return self

    @model_validator(mode="after")
    def _check_search_from_scratch(self) -> Self:
        for name, experiment in self.experiments.items():
            if experiment.search and experiment.start_from:
                raise ValueError(
                    f"experiments.{name}.search: expected no search with start_from, because the networks of a search "
                    f"do not start from the network of {experiment.start_from}"
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
        if self.audit and self.audit.backbone not in self.weights:
            raise ValueError(f"weights.{self.audit.backbone}: audit needs it; set it to imagenet or to a file")
        return self

    @model_validator(mode="after")
    def _check_classes(self) -> Self:
        if self.classes is None:
            return self
        try:
            check_configured_classes(self.classes)
        except ValueError as error:
            raise ValueError(f"classes: {error}") from None
        if self.photos.generate and len(self.classes) != 2:
            raise ValueError(
                f"classes: expected two names, because photos.generate draws two classes, received {len(self.classes)}"
            )
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

    @model_validator(mode="after")
    def _check_further_measurements(self) -> Self:
        check_further(self, self.experiments)
        return self


def schema() -> dict[str, Any]:
    """Return the JSON schema of a configuration file, which editors read from `workflow/config.schema.json`."""
    return Study.model_json_schema()
