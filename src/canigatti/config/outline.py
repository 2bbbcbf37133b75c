"""The outline of a study: what the report needs to know about it besides its results."""

import hashlib
from typing import Any, ClassVar, Literal, Self

from canigatti.config.basis import Name, Seed
from canigatti.config.experiment import Experiment, Spec, Table
from canigatti.config.learning_curve import LearningCurve
from canigatti.config.networks import Convolutional
from canigatti.config.optimizers import Adam
from canigatti.config.photos import AnySplit, Photos
from canigatti.config.search import Method
from canigatti.records import Record

# Metrics of `metrics.json` that can rank experiments; the report has their names and formats.
RankBy = Literal["accuracy", "balanced_accuracy", "macro_f1", "matthews", "roc_auc", "average_precision", "loss"]


class OutlinedExperiment(Record):
    """An experiment as the outline lists it.

    Attributes:
        searched: whether a search finds its network and optimizer.
        batch_size_searched: whether the search finds its batch size too.
        method: of the search; `random` without one too.
        digest: what :meth:`digest_of` returns for its spec. A hundred specs would make the command line too long.
    """

    omitted_defaults: ClassVar[tuple[str, ...]] = ("batch_size_searched", "method")

    name: Name
    table: Table
    split: str
    searched: bool
    batch_size_searched: bool = False
    method: Method = "random"
    digest: str

    @classmethod
    def of(cls, name: str, experiment: Experiment) -> Self:
        """Return the entry of an experiment."""
        search = experiment.search
        entry = cls(
            name=name,
            table=experiment.table,
            split=experiment.split or "",
            searched=search is not None,
            batch_size_searched=search is not None and search.space.batch_size is not None,
            method=search.method if search else "random",
            digest="",
        )
        return entry.model_copy(update={"digest": entry.digest_of(experiment.resolve())})

    def digest_of(self, spec: Spec) -> str:
        """Return the SHA-256 of a spec, which is :attr:`digest` if these are the settings of this experiment.

        What the search of an experiment finds is not part of it.
        """
        found: dict[str, Any] = {"network": Convolutional(), "optimizer": Adam(name="adam")} if self.searched else {}
        found |= {"batch_size": 1} if self.batch_size_searched else {}
        return hashlib.sha256(spec.model_copy(update=found).to_json().encode()).hexdigest()


class OutlinedCurve(Record):
    """A learning curve as the outline lists it.

    Attributes:
        experiment: the experiment that is trained on the whole training set.
        fractions: the other fractions of the training set, ascending.
        derived: the experiment that is trained on each of these fractions, see
            :func:`canigatti.config.learning_curve.derived_experiments`.
        seeds: of the networks, for all fractions.
    """

    experiment: Name
    fractions: tuple[float, ...]
    derived: tuple[OutlinedExperiment, ...]
    seeds: tuple[Seed, ...]

    @classmethod
    def of(
        cls, curve: LearningCurve | None, derived: dict[float, dict[str, Experiment]], seeds: tuple[int, ...]
    ) -> Self | None:
        """Return the entry of a learning curve; None if the study has none.

        Args:
            curve: the learning curve.
            derived: its experiments; empty if the study does not include the curve's experiment.
            seeds: of the study.
        """
        if curve is None or not derived:
            return None
        last = [list(members.items())[-1] for members in derived.values()]
        return cls(
            experiment=curve.experiment,
            fractions=tuple(derived),
            derived=tuple(OutlinedExperiment.of(name, experiment) for name, experiment in last),
            seeds=curve.seeds or seeds,
        )


class Outline(Record):
    """What the report needs to know about a study besides its results; experiments are in the order of the tables."""

    omitted_defaults: ClassVar[tuple[str, ...]] = ("robustness", "test_time_augmentation", "learning_curve")

    study: Name
    configuration: str | None
    photos: Photos
    splits: dict[Name, AnySplit]
    experiments: tuple[OutlinedExperiment, ...]
    tables: tuple[str, ...]
    options: tuple[str, ...]
    seeds: tuple[Seed, ...]
    rank_by: RankBy
    findings: bool
    robustness: tuple[Name, ...] = ()
    test_time_augmentation: tuple[Name, ...] = ()
    learning_curve: OutlinedCurve | None = None
