"""Intervals: against scipy, and on cases worked out by hand."""

import numpy as np
import pytest
from scipy.stats import bootstrap

from canigatti.report.intervals import mean, mean_difference, rank_correlation


def test_the_bootstrap_of_one_pair_agrees_with_scipy():
    differences = np.random.default_rng(1).choice([-1.0, 0.0, 1.0], size=2500, p=[0.06, 0.84, 0.1])
    interval = mean_difference(differences[:, None])
    theirs = bootstrap((differences,), np.mean, method="percentile", n_resamples=10_000, batch=500, random_state=2)
    assert interval.estimate == pytest.approx(differences.mean())
    # Two simulations of 10,000 differ by about 2% of the interval's half width.
    assert interval.low == pytest.approx(theirs.confidence_interval.low, abs=0.0008)
    assert interval.high == pytest.approx(theirs.confidence_interval.high, abs=0.0008)


def test_the_same_differences_give_the_same_interval():
    differences = np.random.default_rng(1).choice([-1.0, 0.0, 1.0], size=(300, 2))
    assert mean_difference(differences) == mean_difference(differences)


def test_a_difference_on_every_photo_leaves_no_doubt():
    interval = mean_difference(np.ones((50, 1)))
    assert (interval.estimate, interval.low, interval.high) == (1, 1, 1)


def test_a_pair_said_twice_is_no_more_certain():
    differences = np.random.default_rng(3).choice([-1.0, 0.0, 1.0], size=(400, 1))
    assert mean_difference(np.repeat(differences, 2, axis=1)) == mean_difference(differences)


def test_each_pair_counts_as_much_however_many_photos_tested_it():
    differences = np.full((100, 2), np.nan)
    differences[:, 0] = 1  # on 100 photos
    differences[:10, 1] = 0  # on 10 of them
    assert mean_difference(differences).estimate == 0.5


def test_the_interval_of_a_mean_is_students():
    interval = mean(np.array([1.0, 2.0, 3.0]))
    # 2 ± t(0.975; 2) · s/√3 = 2 ± 4.302653 · 1/1.732051
    assert (interval.low, interval.high) == pytest.approx((2 - 2.484138, 2 + 2.484138), abs=1e-6)
    assert mean(np.array([1.0])) is None


def test_the_rank_correlation_and_its_interval():
    # Of five ranks two neighbours are exchanged: 1 - 6·2/(5·24) = 0.9; Fisher: tanh(1.47222 ± 1.38590)
    interval = rank_correlation(np.array([1.0, 2, 3, 4, 50]), np.array([10.0, 20, 40, 30, 50]))
    assert interval.estimate == pytest.approx(0.9)
    assert (interval.low, interval.high) == pytest.approx((0.0861, 0.9934), abs=1e-4)


@pytest.mark.parametrize("values", [[1.0, 2.0, 3.0], [1.0, 1.0, 1.0, 1.0]])
def test_too_few_or_equal_values_have_no_rank_correlation(values):
    assert rank_correlation(np.array(values), np.arange(float(len(values)))) is None
