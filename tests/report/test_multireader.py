"""Differences and accuracies over photos and seeds: formulas computed by hand, and the rates at which intervals hold.

`make coverage` simulates them with more runs and more kinds of studies.
"""

import numpy as np
import pytest
from scipy.stats import norm, t
from statsmodels.stats.proportion import proportion_confint

from canigatti.evaluation.intervals import accuracy_interval
from canigatti.report.intervals import superiority
from canigatti.report.multireader import accuracy, difference, mean_over_pairs

STUDIES = 300
ALONE = np.arange(200)


def draw(generator, accuracies, photos=200, seeds=3, seed_effect=0.0, group=1):
    """Return whether photos are classified correctly, (networks, photos, seeds): a probit with crossed effects."""

    def effect(*shape):
        return np.repeat(generator.standard_normal((shape[0], shape[1] // group, shape[2])), group, axis=1)

    count, total = len(accuracies), np.sqrt(1 + 0.25 + 0.36 + seed_effect**2)
    of_photos = effect(1, photos, 1) + 0.5 * effect(count, photos, 1)
    of_seeds = seed_effect * generator.standard_normal((count, 1, seeds))
    chance = 0.6 * effect(count, photos, seeds)
    return total * norm.ppf(accuracies)[:, None, None] + of_photos + of_seeds + chance > 0


def test_one_seed_gives_the_interval_of_bonett_and_price():
    # Bonett and Price (2012): with counts 10 and 4 of 60, d = 6/62 and its variance (16/62 - d²)/62.
    first = np.repeat([1, 0, 1], [10, 4, 46])[:, None]
    second = np.repeat([0, 1, 1], [10, 4, 46])[:, None]
    found = difference(first, second, np.arange(60))
    error = np.sqrt((16 / 62 - (6 / 62) ** 2) / 62)
    assert found.interval.estimate == pytest.approx(6 / 60)
    assert (found.interval.low, found.interval.high) == pytest.approx(
        (6 / 62 - norm.ppf(0.975) * error, 6 / 62 + norm.ppf(0.975) * error)
    )
    assert found.seed_variance == 0


def test_the_variance_is_that_of_obuchowski_and_rockette():
    generator = np.random.default_rng(1)
    first, second = draw(generator, np.array([0.8, 0.7]), seed_effect=0.4)
    n, seeds = first.shape
    between, residual = [], []
    for one in (first, second):
        between.append(one.mean(axis=0).var(ddof=1) / seeds)
        rest = one - one.mean(axis=1, keepdims=True) - one.mean(axis=0) + one.mean()
        residual.append((rest**2).sum() / ((n - 1) * (seeds - 1)) / (n * seeds))
    found = difference(first, second, ALONE)
    assert found.seed_variance == pytest.approx(max(0, sum(between) - sum(residual)))
    differences = first.mean(axis=1) - second.mean(axis=1)
    assert found.photo_variance == pytest.approx(differences.var(ddof=1) / n, rel=0.02)  # two units are added
    spread = sum(one**2 for one in between) / (seeds - 1) + found.photo_variance**2 / (n - 1)
    variance = found.photo_variance + found.seed_variance
    assert found.degrees == pytest.approx(variance**2 / spread)
    half = t.ppf(0.975, found.degrees) * np.sqrt(variance)
    assert found.interval.high - found.interval.low == pytest.approx(2 * half)


def test_groups_of_identical_photos_count_once():
    first, second = draw(np.random.default_rng(2), np.array([0.8, 0.7]), seed_effect=0.3)
    once = difference(first, second, ALONE)
    thrice = difference(np.repeat(first, 3, axis=0), np.repeat(second, 3, axis=0), np.repeat(ALONE, 3))
    assert thrice.interval.estimate == pytest.approx(once.interval.estimate)
    assert thrice.photo_variance == pytest.approx(once.photo_variance, rel=0.02)
    assert thrice.seed_variance == pytest.approx(once.seed_variance)
    naive = difference(np.repeat(first, 3, axis=0), np.repeat(second, 3, axis=0), np.arange(600))
    assert naive.photo_variance < 0.5 * once.photo_variance


def test_equal_networks_have_an_interval_around_zero_and_no_significance():
    same = draw(np.random.default_rng(3), np.array([0.8]))[0]
    found = difference(same, same, ALONE)
    assert found.interval.estimate == 0
    assert found.interval.low < 0 < found.interval.high
    assert found.p == 1


def test_networks_that_guess_have_no_absurd_interval():
    """Each seed calls every photo the same class, so photos differ between seeds much more than accuracies do."""
    labels = ALONE % 2 == 0
    first = np.column_stack([labels, ~labels, labels])
    second = np.column_stack([~labels, labels, np.where(ALONE < 4, ~labels, labels)])
    found = difference(first, second, ALONE)
    assert found.degrees >= 2
    assert found.interval.high - found.interval.low < 0.5


def test_one_group_of_photos_decides_nothing():
    first, second = np.ones((5, 2)), np.array([[0, 1], [0, 0], [1, 0], [0, 0], [0, 1]])
    found = difference(first, second, np.zeros(5))
    assert found.interval.low < 0
    assert found.interval.high > 1


@pytest.mark.parametrize(
    ("seeds", "seed_effect", "group"), [(3, 0.0, 1), (3, 0.4, 1), (5, 0.2, 1), (3, 0.2, 4)], ids=str
)
def test_intervals_contain_the_truth_and_equal_networks_are_rarely_different(seeds, seed_effect, group):
    generator, groups = np.random.default_rng(4), ALONE // group
    of_difference, of_accuracy, alarms = [], [], []
    for _ in range(STUDIES):
        better, worse, equal = draw(
            generator, np.array([0.9, 0.85, 0.9]), seeds=seeds, seed_effect=seed_effect, group=group
        )
        interval, alone = difference(better, worse, groups).interval, accuracy(better, groups)
        of_difference.append(interval.low <= 0.05 <= interval.high)
        of_accuracy.append(alone.low <= 0.9 <= alone.high)
        alarms.append(difference(better, equal, groups).p < 0.05)
    error = np.sqrt(0.05 * 0.95 / STUDIES)
    assert np.mean(of_difference) >= 0.95 - 2.5 * error
    assert np.mean(of_accuracy) >= 0.95 - 2.5 * error
    assert np.mean(alarms) <= 0.05 + 2.5 * error


def test_the_test_of_one_seed_calls_equal_approaches_different_too_often():
    """What several seeds are for: the page says that a comparison of one seed is about trained networks."""
    generator, alarms, averaged = np.random.default_rng(5), 0, 0
    for _ in range(STUDIES):
        first, second = draw(generator, np.array([0.9, 0.9]), photos=200, seed_effect=0.6)
        alarms += difference(first[:, :1], second[:, :1], ALONE).p < 0.05
        averaged += difference(first, second, ALONE).p < 0.05
    assert alarms / STUDIES > 0.15
    assert averaged / STUDIES < 0.08


def test_the_accuracy_of_seeds_that_agree_has_wilsons_interval():
    correct = np.repeat([[True, True], [False, False]], [150, 50], axis=0)
    low, high = proportion_confint(150, 200, method="wilson")
    found = accuracy(correct, ALONE)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.003)  # Student's t, n - 1 in the variance


@pytest.mark.parametrize("cut", [190, 191, 192])
def test_seeds_that_fail_on_opposite_photos_have_an_interval(cut):
    """Every photo is right with exactly one of two seeds, so means over seeds do not differ between photos."""
    first = np.arange(383) < cut
    found = accuracy(np.column_stack([first, ~first]), np.arange(383))
    assert found.estimate == 0.5
    assert found.low < 0.47 < 0.53 < found.high


@pytest.mark.parametrize("right", [True, False])
def test_photos_without_errors_have_wilsons_interval(right):
    found = accuracy(np.full((50, 3), right), np.arange(50))
    assert (found.low, found.high) == pytest.approx(accuracy_interval(np.full(50, right), np.arange(50)), abs=0.005)


def test_pairs_are_the_units_of_a_mean_over_pairs():
    """The gains of a demonstration, −0.6, 11.1, 5.0 and 17.5 points, do not decide whether there is a gain."""
    gains = np.array([-0.006, 0.111, 0.050, 0.175])
    differences = np.where(ALONE[:, None] < np.abs(gains) * 200, np.sign(gains), 0.0)
    interval = mean_over_pairs(differences, ALONE)
    assert interval.estimate == pytest.approx(differences.mean())
    assert interval.low < 0 < interval.high
    half = t.ppf(0.975, 3) * differences.mean(axis=0).std(ddof=1) / 2
    assert interval.high - interval.low == pytest.approx(2 * half, rel=0.15)


def test_pairs_have_equal_weight_whatever_their_number_of_photos():
    differences = np.full((100, 2), np.nan)
    differences[:, 0] = 1  # on 100 photos
    differences[:10, 1] = 0  # on 10 of these
    assert mean_over_pairs(differences, np.arange(100)).estimate == 0.5


def test_pairs_that_agree_have_the_interval_of_their_photos():
    differences = np.random.default_rng(6).choice([-1.0, 0.0, 1.0], (400, 1), p=[0.1, 0.7, 0.2])
    interval = mean_over_pairs(np.repeat(differences, 4, axis=1), np.arange(400))
    half = norm.ppf(0.975) * differences.std(ddof=1) / 20
    assert interval.high - interval.low == pytest.approx(2 * half, rel=0.02)


def test_the_probability_of_being_better_in_a_new_run_needs_five_seeds():
    assert superiority(np.arange(4.0), np.arange(5.0)) is None
    equal = superiority(np.arange(5.0), np.arange(5.0))
    assert equal.estimate == 0.5
    assert equal.low + equal.high == pytest.approx(1)
    # Newcombe (2006), method 5, has no limit beyond 0 and 1, and none of zero width.
    better = superiority(np.arange(10.0, 15), np.arange(5.0))
    assert (better.estimate, better.high) == (1, 1)
    assert 0.5 < better.low < 0.8
