"""How long a study will take on this machine."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from canigatti.config import Experiment, Spec, Study
from canigatti.scaffolding.design import Design
from canigatti.scaffolding.machine import Machine
from canigatti.scaffolding.survey import Survey
from canigatti.scaffolding.timing import Speed
from canigatti.search.rungs import Rung, rungs_of, trial_count
from canigatti.training import features
from canigatti.training.duration import expected_epochs

# In units of the time to load TensorFlow, also measured on these studies.
_STARTS_PER_NETWORK = 8.0  # start of its jobs, loading and saving, figures
_STARTS_PER_TRIAL = 3.0
_STARTS_PER_STUDY = 12.0  # planning, photos, page
_TIMED_BATCHES = 4  # of 64 photos, that an evaluation predicts again to measure its speed


@dataclass(frozen=True)
class Cost:
    """How long an experiment takes.

    Attributes:
        image_size: pixels.
        epochs: expected number, with early stopping.
        max_epochs: number without early stopping.
        seconds: expected duration of all its jobs.
        max_seconds: duration without early stopping.
    """

    image_size: int
    epochs: int
    max_epochs: int
    seconds: float
    max_seconds: float


@dataclass(frozen=True)
class Estimate:
    """How long a study takes.

    Attributes:
        experiments: the cost of each experiment.
        other_seconds: duration of everything else: photos, plots, page.
    """

    experiments: Mapping[str, Cost]
    other_seconds: float

    @property
    def seconds(self) -> float:
        """Expected duration of the study."""
        return self.other_seconds + sum(cost.seconds for cost in self.experiments.values())

    @property
    def max_seconds(self) -> float:
        """Duration of the study if no training run stops early."""
        return self.other_seconds + sum(cost.max_seconds for cost in self.experiments.values())

    @property
    def longest(self) -> str:
        """Name of the experiment that takes most of the time."""
        return max(self.experiments, key=lambda name: self.experiments[name].seconds)


def estimate(
    study: Study, design: Design, survey: Survey, machine: Machine, speed_of: Callable[[Spec], Speed]
) -> Estimate:
    """Return how long a study takes.

    Args:
        study: the study.
        design: its settings, with the number of photos.
        survey: what its source contains.
        machine: what jobs need besides.
        speed_of: the speed of an experiment's network.
    """
    train, validation, test = design.photos.sum(axis=0).tolist()
    costs = {}
    for name, experiment in study.experiments.items():
        spec = experiment.resolve()
        speed = speed_of(spec)
        before, epoch = _job_seconds(spec, speed, train, validation)
        epochs = expected_epochs(spec, max(1, math.ceil(train / spec.batch_size)))
        evaluation = speed.prediction * (test + _TIMED_BATCHES * 64)
        jobs = _STARTS_PER_NETWORK * machine.start + before + evaluation
        jobs += _search_seconds(experiment, machine, before, epoch)
        costs[name] = Cost(spec.image_size, epochs, spec.epochs, jobs + epochs * epoch, jobs + spec.epochs * epoch)
    sizes = {cost.image_size for cost in costs.values()}
    files = survey.total + float(design.photos.sum()) * len(sizes)  # decoded once to inspect them, and for each size
    decoding = files * survey.sample.seconds_per_file / machine.cores
    return Estimate(costs, _STARTS_PER_STUDY * machine.start + decoding)


def _job_seconds(spec: Spec, speed: Speed, train: float, validation: float) -> tuple[float, float]:
    """Return the seconds of a training job before its first epoch, and those of an epoch."""
    if features.are_constant(spec):
        return speed.start + speed.prediction * (train + validation), speed.training * train + speed.epoch
    return speed.start, speed.training * train + speed.prediction * validation + speed.epoch


def _search_seconds(experiment: Experiment, machine: Machine, before: float, epoch: float) -> float:
    """Return the seconds of an experiment's search: the network of the experiment stands for those of the trials."""
    search = experiment.search
    if search is None:
        return 0.0
    start = _STARTS_PER_TRIAL * machine.start + before
    rungs = rungs_of(search) or [Rung(1, search.epochs, trial_count(search))]
    seconds = (rung.trials * (start + search.job_epochs(rung.number) * epoch) for rung in rungs)
    return search.executions * sum(seconds)
