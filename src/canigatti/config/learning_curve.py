"""A learning curve: an experiment that is also trained on fractions of its training set."""

import math
from fractions import Fraction as Ratio
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, field_validator

from canigatti.config.basis import Name, Seed
from canigatti.config.schedules import Cosine, Plateau, Schedule
from canigatti.records import Record

if TYPE_CHECKING:
    from canigatti.config.experiment import Experiment

_MAX_DENOMINATOR = 10_000
_MIN_FRACTIONS = 4  # a curve with three parameters can then contradict the measurements
_MAX_NAME = 100  # characters, see `Name`

TrainFraction = Annotated[float, Field(gt=0, le=1)]


class LearningCurve(Record):
    """An experiment that is trained on fractions of its training set, to see what more photos would bring."""

    experiment: Name = Field(description="Name of the experiment.")
    fractions: tuple[TrainFraction, ...] = Field(
        default=(1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0),
        strict=False,
        description="At least four fractions of the training set, such as 1/16 or 0.1, one of which is 1.",
        json_schema_extra={"items": {"type": ["number", "string"]}, "minItems": _MIN_FRACTIONS, "uniqueItems": True},
    )
    seeds: tuple[Seed, ...] | None = Field(
        default=None,
        strict=False,
        min_length=1,
        max_length=1_000,
        description="The seeds of the networks and of the choice of their training photos. Left out: those of the "
        "study.",
    )

    @field_validator("fractions", mode="before")
    @classmethod
    def _parse_fractions(cls, raw: Any) -> Any:
        return [_parse(value) for value in raw] if isinstance(raw, list | tuple) else raw

    @field_validator("fractions")
    @classmethod
    def _check_fractions(cls, fractions: tuple[float, ...]) -> tuple[float, ...]:
        for value in fractions:
            fraction_name(value)
        if len(set(fractions)) != len(fractions):
            raise ValueError("expected distinct fractions")
        if len(fractions) < _MIN_FRACTIONS or 1 not in fractions:
            raise ValueError(
                f"expected at least {_MIN_FRACTIONS} fractions with 1 among them, which is the experiment itself"
            )
        return tuple(sorted(fractions))

    @field_validator("seeds")
    @classmethod
    def _check_seeds(cls, seeds: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if seeds is not None and len(set(seeds)) != len(seeds):
            raise ValueError("expected distinct numbers")
        return seeds


def fraction_name(value: float) -> str:
    """Return a fraction for names of experiments, such as `1of16`.

    Raises:
        ValueError: its denominator exceeds 10,000, so that it has no short name.
    """
    ratio = Ratio(value).limit_denominator(_MAX_DENOMINATOR)
    if not math.isclose(float(ratio), value, rel_tol=1e-9):
        raise ValueError(f"expected a fraction such as 1/16, or at most four decimals, received {value!r}")
    return f"{ratio.numerator}of{ratio.denominator}"


def derived_experiments(
    curve: LearningCurve, experiments: "dict[str, Experiment]"
) -> "dict[float, dict[str, Experiment]]":
    """Return the experiments that a learning curve trains, by name, for each of its fractions but 1.

    The last one of a fraction is the experiment of the curve. An experiment that starts from another is preceded by
    that one, trained on the same photos: a network that has seen all photos would be no measurement of a fraction.

    Args:
        curve: the learning curve.
        experiments: those of the study.

    Raises:
        ValueError: the experiment is unknown, or cannot be trained on fractions; the message names the key.
    """
    chain = _chain(curve.experiment, experiments)
    derived: dict[float, dict[str, Experiment]] = {}
    for fraction in (value for value in curve.fractions if value != 1):
        names = {name: f"{name}-{fraction_name(fraction)}" for name in chain}
        derived[fraction] = {
            names[name]: _reduced(experiments[name], fraction, names.get(experiments[name].start_from or ""))
            for name in chain
        }
    for name in (name for members in derived.values() for name in members):
        if name in experiments:
            raise ValueError(f"learning_curve: it trains an experiment named {name}, expected another name for yours")
        if len(name) > _MAX_NAME:
            raise ValueError(f"learning_curve: the name {name} is longer than {_MAX_NAME} characters")
    return derived


def _chain(name: str, experiments: "dict[str, Experiment]") -> list[str]:
    """Return the experiment, preceded by those that it starts from, the first one first."""
    if name not in experiments:
        raise ValueError(f"learning_curve.experiment: no experiment is named {name!r}")
    chain = [name]
    while parent := experiments[chain[0]].start_from:
        chain.insert(0, parent)
    for one in chain:
        if experiments[one].search:
            raise ValueError(f"learning_curve.experiment: expected no search, but {one} has one")
        if experiments[one].train_fraction != 1:
            raise ValueError(f"learning_curve.experiment: expected train_fraction: 1 in {one}")
    return chain


def _reduced(experiment: "Experiment", fraction: float, start_from: str | None) -> "Experiment":
    """Return an experiment on a fraction of its training set, with as many training steps.

    An epoch of fewer photos has fewer steps. With the same number of epochs, a network would have fewer steps to learn
    in, which is not what the curve is about; it would rise too steeply, and promise too much.
    """
    stopping = experiment.early_stopping
    return experiment.model_copy(
        update={
            "train_fraction": fraction,
            "start_from": start_from,
            "epochs": round(experiment.epochs / fraction),
            "early_stopping": stopping.model_copy(update={"patience": round(stopping.patience / fraction)}),
            "schedule": _stretched(experiment.schedule, fraction),
        }
    )


def _stretched(schedule: Schedule | None, fraction: float) -> Schedule | None:
    if isinstance(schedule, Cosine):
        return schedule.model_copy(update={"warmup_epochs": round(schedule.warmup_epochs / fraction)})
    if isinstance(schedule, Plateau):
        return schedule.model_copy(update={"patience": round(schedule.patience / fraction)})
    return None


def _parse(value: Any) -> Any:
    """Return a fraction such as `1/16` as a number; all else is returned as it is."""
    if not isinstance(value, str):
        return value
    parts = value.split("/")
    if len(parts) != 2 or not all(part.strip().isdecimal() and int(part) for part in parts):
        raise ValueError(f"expected a number or a fraction such as 1/16, received {value!r}")
    return int(parts[0]) / int(parts[1])
