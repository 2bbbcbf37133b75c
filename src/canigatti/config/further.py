"""What a study measures besides each experiment: robustness, test-time augmentation, and a learning curve."""

from typing import TYPE_CHECKING

from pydantic import Field

from canigatti.config.basis import Name
from canigatti.config.learning_curve import LearningCurve, derived_experiments
from canigatti.records import Record

if TYPE_CHECKING:
    from canigatti.config.experiment import Experiment


class Selection(Record):
    """Experiments whose trained networks are measured further; no network is trained for it."""

    experiments: tuple[Name, ...] = Field(
        strict=False,
        min_length=1,
        description="Names of experiments; those of an optional group count only if `include` lists the group.",
    )


class FurtherMeasurements(Record):
    """The keys of a study for what it measures besides each experiment; without them, there is nothing to run."""

    robustness: Selection | None = Field(
        default=None,
        description="The experiments that are also tested on blurred, noisy, compressed, brighter or darker, and "
        "rotated test photos.",
    )
    test_time_augmentation: Selection | None = Field(
        default=None,
        description="The experiments whose networks also predict the mean over each test photo, its mirror image, and "
        "four shifted copies.",
    )
    learning_curve: LearningCurve | None = Field(
        default=None, description="Train an experiment on fractions of its training set, too."
    )


def check_further(study: FurtherMeasurements, experiments: "dict[str, Experiment]") -> None:
    """Check that the keys name experiments of the study.

    Raises:
        ValueError: an experiment is unknown or listed twice, or the learning curve is impossible; the message names the
            key.
    """
    for key in ("robustness", "test_time_augmentation"):
        selection: Selection | None = getattr(study, key)
        names = selection.experiments if selection else ()
        if unknown := [name for name in names if name not in experiments]:
            raise ValueError(f"{key}.experiments: no experiment is named {unknown[0]!r}")
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"{key}.experiments: {twice[0]} is listed twice")
    if study.learning_curve:
        derived_experiments(study.learning_curve, experiments)


def selected(selection: Selection | None, included: "dict[str, Experiment]") -> tuple[str, ...]:
    """Return the selected experiments that the study includes, in the order of the study."""
    return tuple(name for name in included if selection and name in selection.experiments)
