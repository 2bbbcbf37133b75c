"""How much time a training run, and a study, still needs: a forecast from the epochs and seconds usual so far.

Nothing here reads a file. The forecast is no upper bound: early stopping ends most training runs before their last
epoch, and a forecast that ignores it is several times too long.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

# Counted as that many finished training runs, until there are others: what is expected before any has run.
_PRIOR_WEIGHT = 0.5
_OTHER_EXPERIMENT = 0.5  # weight of a run of another experiment of the same kind, relative to another seed
_OTHER_KIND = 0.1
# A best epoch later than usual is likely not the last one: the expected rest is this fraction of the epochs so far, as
# the later a record is, the longer until the next one (of independent values, as long as all before together).
_RECORDS = 0.25
# Small networks take longer than their multiplications say: on the demonstration (64 pixels, two cores), networks with
# 0.4, 3.3 and 3.7 times the multiplications of the base network took 0.7, 1.9 and 2.6 times as long.
_WORK_EXPONENT = 0.7
# Relative to the seconds that a training job takes besides its epochs, mostly to load TensorFlow, measured on the
# demonstration (two cores): evaluation 1.6; metrics, calibration and two figures, partly while a network trains, 2.
_EVALUATION, _AFTERWARDS = 1.6, 2.0
_REPORT = 8.0  # check of the results, the figure, and the page
_UNKNOWN_START = 5.0  # seconds, until a training job has ended


@dataclass(frozen=True)
class Training:
    """A training run: finished, running, or still to come.

    Attributes:
        experiment: name of its experiment.
        kind: training runs of one kind tend to end after the same fraction of their epochs.
        max_epochs: epochs without early stopping.
        patience: epochs without a lower validation loss before it stops.
        expected: epochs expected before any training run, see :func:`canigatti.training.duration.expected_epochs`.
        work: of an epoch, in any unit that is the same for all training runs.
        first_work: of the first epoch besides, which computes the features of a frozen backbone; 0 for others.
        best_epoch: the epoch with the lowest validation loss so far, from 1; 0 if there is none.
        seconds: duration of each epoch so far.
        ended: whether no epoch follows.
        start: seconds of its job besides the epochs, of a run that has ended; None otherwise.
    """

    experiment: str
    kind: str
    max_epochs: int
    patience: int
    expected: float
    work: float
    first_work: float = 0.0
    best_epoch: int = 0
    seconds: tuple[float, ...] = ()
    ended: bool = False
    start: float | None = None

    @property
    def epochs(self) -> int:
        """Number of epochs so far."""
        return len(self.seconds)


@dataclass(frozen=True)
class Remaining:
    """What a study has besides training runs.

    Attributes:
        evaluations: number of networks that are not evaluated.
        evaluation_seconds: duration of each evaluation that has ended.
        trials: number of training runs of searches that have not ended.
        trial_seconds: expected duration of these jobs, if any job of a search has ended; only their mean matters.
        trial: one of those to come, before any has ended; None if there are none.
        slots: number of networks that run at a time.
    """

    evaluations: int
    evaluation_seconds: tuple[float, ...] = ()
    trials: int = 0
    trial_seconds: tuple[float, ...] = ()
    trial: Training | None = None
    slots: int = 1


def forecast_epochs(run: Training, others: Sequence[Training]) -> float:
    """Return the number of epochs after which a training run is expected to end.

    It is the mean over training runs that have ended, other seeds of the experiment counting most, and over what was
    expected before any had run. One that early stopping has not ended stands for the maximum. A run whose best epoch is
    later than that makes possible is expected to improve once more.

    Args:
        run: the training run.
        others: training runs of the study; those that have not ended do not count.
    """
    if run.ended:
        return run.epochs
    seen = [(_PRIOR_WEIGHT, run.expected)]
    for other in (other for other in others if other.ended):
        stopped_early = other.epochs < other.max_epochs
        seen.append((_weight(run, other), min(run.max_epochs, other.epochs) if stopped_early else run.max_epochs))
    usual = math.fsum(weight * epochs for weight, epochs in seen) / math.fsum(weight for weight, _ in seen)
    if not run.epochs:
        return min(run.max_epochs, usual)
    stop = run.best_epoch + run.patience  # unless the validation loss falls again
    improving = stop + _RECORDS * run.epochs * _still_improving(run)
    soonest = min(run.max_epochs, max(stop, run.epochs + 1))
    return min(run.max_epochs, max(soonest, usual if usual > run.epochs else 0.0, improving if usual < stop else 0.0))


def _weight(run: Training, other: Training) -> float:
    if other.experiment == run.experiment:
        return 1.0
    return _OTHER_EXPERIMENT if other.kind == run.kind else _OTHER_KIND


def _still_improving(run: Training) -> float:
    """Return 1 if the last epoch was the best one, 0 if the patience is spent, and in between a value in between."""
    return max(0.0, 1 - (run.epochs - run.best_epoch) / run.patience)


def forecast_epoch_seconds(run: Training, others: Sequence[Training]) -> float | None:
    """Return the expected seconds of an epoch; None if no epoch of any training run has ended.

    Those of the run itself; otherwise of the same experiment, of the same kind, or of any run, by their work.

    Args:
        run: the training run.
        others: training runs of the study.
    """
    if run.epochs > 1 or (run.epochs and not any(_is_same(run, other) for other in others)):
        return _epoch_seconds(run)
    seen = [one for one in others if one.epochs]
    for is_near in (_is_same, lambda _, other: other.kind == run.kind):
        seconds = [_epoch_seconds(one) * _ratio(run.work, one.work) for one in seen if is_near(run, one)]
        if seconds:
            return median(seconds)
    return _by_work(run.work, seen)


def _by_work(work: float, seen: Sequence[Training]) -> float | None:
    """Return the expected seconds of so much work, from training runs of any kind; None if there are none."""
    seconds = []
    for one in seen:
        # The other epochs of a head that is trained on features are about nothing but their number.
        known = (one.seconds[0], one.first_work) if one.first_work else (_epoch_seconds(one), one.work)
        seconds.append(known[0] * _ratio(work, known[1]))
    return median(seconds) if seconds else None


def _is_same(run: Training, other: Training) -> bool:
    return other.experiment == run.experiment and other.epochs > 0


def _ratio(work: float, other: float) -> float:
    return float((work / other) ** _WORK_EXPONENT) if work and other else 1.0


def _epoch_seconds(run: Training) -> float:
    """Return the median duration of an epoch without the first one, which includes preparations, if there are others.

    A median, here and over runs: other work of the machine slows down some epochs and some runs many times.
    """
    return median(run.seconds[1:] or run.seconds)


def forecast_training(run: Training, others: Sequence[Training]) -> float | None:
    """Return the seconds until a training run is expected to end; None if no epoch of any has ended.

    Args:
        run: the training run.
        others: training runs of the study.
    """
    if run.ended:
        return 0.0
    epoch = forecast_epoch_seconds(run, others)
    if epoch is None:
        return None
    left = max(0.0, forecast_epochs(run, others) - run.epochs) * epoch
    return left if run.epochs else left + _first_epoch_surplus(run, others) + _start(run, others)


def _first_epoch_surplus(run: Training, others: Sequence[Training]) -> float:
    """Return what the first epoch takes longer than others: it includes the features of a frozen backbone."""
    same = [one for one in others if one.kind == run.kind and one.epochs > 1]
    surplus = [max(0.0, one.seconds[0] - _epoch_seconds(one)) for one in same]
    if surplus:
        return math.fsum(surplus) / len(surplus)
    features = _by_work(run.first_work, [one for one in others if one.epochs]) if run.first_work else None
    return features or 0.0


def _start(run: Training | None, others: Sequence[Training]) -> float:
    """Return the seconds of a training job besides its epochs: of the same kind, otherwise of any."""
    known = [one for one in others if one.start is not None]
    same = [one for one in known if run is not None and one.kind == run.kind] or known
    starts = [one.start for one in same if one.start is not None]
    return math.fsum(starts) / len(starts) if starts else _UNKNOWN_START


def forecast_study(trainings: Sequence[Training], remaining: Remaining) -> float | None:
    """Return the seconds until a study is expected to end; None if no epoch of any training run has ended.

    Args:
        trainings: all of the study.
        remaining: what else the study has to do.
    """
    waiting = [run for run in trainings if not run.ended]
    seconds = [forecast_training(run, trainings) for run in waiting]
    trials = _trial_seconds(remaining, trainings)
    if None in seconds or trials is None:
        return None
    start = _start(None, trainings)
    evaluations = [*remaining.evaluation_seconds]
    evaluation = math.fsum(evaluations) / len(evaluations) if evaluations else _EVALUATION * start
    after = remaining.evaluations * (evaluation + _AFTERWARDS * start)
    parallel = math.fsum([*filter(None, seconds), trials, after])
    longest = max([*filter(None, seconds)], default=0.0)
    return max(parallel / max(1, remaining.slots), longest) + _REPORT * start


def _trial_seconds(remaining: Remaining, trainings: Sequence[Training]) -> float | None:
    if not remaining.trials:
        return 0.0
    if remaining.trial_seconds:
        return remaining.trials * math.fsum(remaining.trial_seconds) / len(remaining.trial_seconds)
    one = forecast_training(remaining.trial, trainings) if remaining.trial else None
    return None if one is None else remaining.trials * one
