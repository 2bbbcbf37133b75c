"""The forecast of a study's time: its parts, and how far it is from the truth in simulated studies."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from canigatti.report.forecast import (
    Remaining,
    Training,
    forecast_epoch_seconds,
    forecast_epochs,
    forecast_study,
    forecast_training,
)

RUN = Training("plain", "scratch, plain", max_epochs=40, patience=5, expected=15, work=100.0)


def ended(experiment: str, epochs: int, seconds: float = 2.0, **fields) -> Training:
    run = replace(RUN, experiment=experiment, best_epoch=max(1, epochs - 5), seconds=(seconds,) * epochs, ended=True)
    return replace(run, **{"start": 3.0, **fields})


def test_before_any_run_it_is_what_was_expected():
    assert forecast_epochs(RUN, []) == 15
    assert forecast_training(RUN, []) is None
    assert forecast_study([RUN], Remaining(evaluations=1)) is None


def test_epochs_follow_other_seeds_more_than_other_experiments_and_these_more_than_other_kinds():
    assert 15 < forecast_epochs(RUN, [ended("other", 30, kind="augmented")]) < 20
    assert 20 < forecast_epochs(RUN, [ended("other", 30)]) < 25
    assert forecast_epochs(RUN, [ended("plain", 30)]) == pytest.approx((0.5 * 15 + 30) / 1.5)


def test_a_running_training_ends_no_sooner_than_its_patience_and_no_later_than_its_maximum():
    late = replace(RUN, best_epoch=38, seconds=(2.0,) * 38)
    assert forecast_epochs(late, [ended("plain", 12)] * 9) == 40
    early = replace(RUN, best_epoch=3, seconds=(2.0,) * 7)
    assert forecast_epochs(early, [ended("plain", 12)] * 9) == pytest.approx(12, abs=0.5)
    stopping = replace(RUN, best_epoch=20, seconds=(2.0,) * 24)
    assert forecast_epochs(stopping, [ended("plain", 12)] * 9) == pytest.approx(25, abs=1.5)


def test_it_is_far_below_the_worst_case_after_one_epoch():
    """An upper bound from one epoch ignores early stopping, and the preparations in the first epoch."""
    first = replace(RUN, best_epoch=1, seconds=(10.0,), max_epochs=1000)
    others = [ended("plain", 12, max_epochs=1000), ended("plain", 14, max_epochs=1000)]
    assert 5 * 2 <= forecast_training(first, others) < 0.02 * 999 * 10


def test_epoch_seconds_are_its_own_or_those_of_the_nearest_relative_by_its_work():
    running = replace(RUN, seconds=(9.0, 3.0, 3.0))
    assert forecast_epoch_seconds(running, [ended("other", 9, 50.0)]) == 3.0
    larger = ended("other", 9, 8.0, work=200.0)
    assert 4 < forecast_epoch_seconds(RUN, [larger, ended("head", 9, 0.1, kind="head")]) < 8
    assert forecast_epoch_seconds(RUN, [larger, ended("plain", 9, 5.0)]) == 5.0


def test_the_features_of_a_backbone_stand_for_its_work_and_not_the_epochs_of_its_head():
    head = ended("head", 9, kind="head", work=0.1, first_work=100.0)
    head = replace(head, seconds=(40.0, *[0.1] * 8))
    assert 30 < forecast_epoch_seconds(RUN, [head]) < 50
    other = replace(RUN, experiment="other head", kind="other head", work=0.1, first_work=200.0)
    assert 40 < forecast_training(other, [head]) < 90


def test_several_slots_shorten_a_study_but_not_its_longest_training():
    runs = [ended("plain", 20), *(replace(RUN, experiment=name) for name in "abcd")]
    one, four, many = (forecast_study(runs, Remaining(evaluations=0, slots=slots)) for slots in (1, 4, 99))
    assert four < 0.45 * one
    assert many >= forecast_training(runs[1], runs)


def test_trials_of_a_search_count_with_the_seconds_of_those_that_have_ended():
    done = [ended("plain", 20)]
    without = forecast_study(done, Remaining(evaluations=0))
    measured = Remaining(evaluations=0, trials=10, trial_seconds=(6.0, 8.0))
    assert forecast_study(done, measured) == pytest.approx(without + 70)
    assert forecast_study(done, Remaining(evaluations=0, trials=10, trial=RUN)) > without + 10 * 20


@dataclass(frozen=True)
class Truth:
    """What happens in a simulated training run: its duration is known only when it is over."""

    run: Training
    epochs: int
    seconds: tuple[float, ...]
    start: float
    evaluation: float

    @property
    def total(self) -> float:
        return self.start + sum(self.seconds) + self.evaluation

    def after(self, seconds: float) -> Training:
        """Return what is known of it so many seconds after its start."""
        ends = self.start + np.cumsum(self.seconds)
        known = int((ends <= seconds).sum())
        best = min(known, max(1, self.epochs - self.run.patience)) if known else 0
        is_over = known == self.epochs
        fields = {"best_epoch": best, "seconds": self.seconds[:known], "ended": is_over}
        return replace(self.run, **fields, start=self.start if is_over else None)


def simulate(seed: int) -> list[Truth]:
    """Return the training runs of a plausible study in the order in which they run.

    Each experiment has its own usual number of epochs, which differs from what is expected of its kind by a third, and
    each seed its own around that; the speed follows the pixels and filters roughly, and changes from minute to minute.
    """
    rng = np.random.default_rng(seed)
    start, seconds_per_work = rng.uniform(2, 9), rng.lognormal(0, 1) / 20
    truths = []
    for number in range(rng.integers(4, 13)):
        augmented, size = bool(rng.integers(2)), rng.choice([64, 96, 128])
        max_epochs, patience = int(rng.choice([20, 40, 60])), int(rng.choice([5, 8]))
        expected = min(max_epochs, (0.8 * max_epochs if augmented else rng.choice([10, 16])) + patience)
        usual = expected * rng.lognormal(0, 0.3)
        work = size**2 * rng.choice([1, 1, 1, 3]) / 1000
        kind = f"scratch, {'augmented' if augmented else 'plain'}"
        speed = seconds_per_work * work**0.85 * rng.lognormal(0, 0.15)
        run = Training(f"experiment-{number}", kind, max_epochs, patience, expected, work)
        for _ in range(int(rng.choice([1, 3]))):
            epochs = int(np.clip(round(usual * rng.lognormal(0, 0.15)), patience + 1, max_epochs))
            drift = np.exp(np.cumsum(rng.normal(0, 0.03, epochs)))
            seconds = speed * drift * rng.lognormal(0, 0.1, epochs)
            truths.append(Truth(run, epochs, tuple(seconds), start * rng.lognormal(0, 0.1), 4 * start))
    rng.shuffle(truths)
    return truths


def error_at(truths: list[Truth], fraction: float) -> float:
    """Return by what fraction of the true time the forecast of a study's whole time is wrong after a part of it."""
    total = sum(truth.total for truth in truths) + 8 * truths[0].start
    now, begun, known, evaluations = fraction * total, 0.0, [], []
    for truth in truths:
        known.append(truth.after(now - begun))
        begun += truth.total
        if begun <= now:
            evaluations.append(1.6 * truth.start)
    remaining = Remaining(len(truths) - len(evaluations), tuple(evaluations))
    left = forecast_study(known, remaining)
    return np.inf if left is None else abs(now + left - total) / total


@pytest.mark.parametrize(("fraction", "largest"), [(0.25, 0.40), (0.5, 0.25)])
def test_the_forecast_of_simulated_studies_is_near_their_time(fraction, largest):
    errors = np.array([error_at(simulate(seed), fraction) for seed in range(100)])
    assert np.median(errors) < largest / 3
    assert (errors <= largest).mean() > 0.95
