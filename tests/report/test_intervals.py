"""Intervals: comparison with scipy, and cases computed by hand."""

import numpy as np
import pytest
from scipy.stats import bootstrap

from canigatti.report.intervals import mean, mean_difference, rank_correlation


def test_bootstrap_of_one_pair_agrees_with_scipy():
    differences = np.random.default_rng(1).choice([-1.0, 0.0, 1.0], size=2500, p=[0.06, 0.84, 0.1])
    interval = mean_difference(differences[:, None])
    expected = bootstrap((differences,), np.mean, method="percentile", n_resamples=10_000, batch=500, random_state=2)
    assert interval.estimate == pytest.approx(differences.mean())
    # Two simulations with 10,000 resamples differ by about 2% of half the interval's width.
    assert interval.low == pytest.approx(expected.confidence_interval.low, abs=0.0008)
    assert interval.high == pytest.approx(expected.confidence_interval.high, abs=0.0008)


def test_interval_is_deterministic():
    differences = np.random.default_rng(1).choice([-1.0, 0.0, 1.0], size=(300, 2))
    assert mean_difference(differences) == mean_difference(differences)


def test_equal_differences_give_an_interval_of_zero_width():
    interval = mean_difference(np.ones((50, 1)))
    assert (interval.estimate, interval.low, interval.high) == (1, 1, 1)


def test_repeated_pair_does_not_narrow_the_interval():
    differences = np.random.default_rng(3).choice([-1.0, 0.0, 1.0], size=(400, 1))
    assert mean_difference(np.repeat(differences, 2, axis=1)) == mean_difference(differences)


def test_pairs_have_equal_weight_whatever_their_number_of_photos():
    differences = np.full((100, 2), np.nan)
    differences[:, 0] = 1  # on 100 photos
    differences[:10, 1] = 0  # on 10 of these
    assert mean_difference(differences).estimate == 0.5


def test_interval_of_a_mean_is_that_of_student():
    interval = mean(np.array([1.0, 2.0, 3.0]))
    # 2 ± t(0.975; 2) · s/√3 = 2 ± 4.302653 · 1/1.732051
    assert (interval.low, interval.high) == pytest.approx((2 - 2.484138, 2 + 2.484138), abs=1e-6)
    assert mean(np.array([1.0])) is None


def test_rank_correlation_and_its_interval():
    # Two adjacent ranks of five are swapped: 1 - 6·2/(5·24) = 0.9; Fisher: tanh(1.47222 ± 1.38590)
    interval = rank_correlation(np.array([1.0, 2, 3, 4, 50]), np.array([10.0, 20, 40, 30, 50]))
    assert interval.estimate == pytest.approx(0.9)
    assert (interval.low, interval.high) == pytest.approx((0.0861, 0.9934), abs=1e-4)


@pytest.mark.parametrize("values", [[1.0, 2.0, 3.0], [1.0, 1.0, 1.0, 1.0]])
def test_no_rank_correlation_of_too_few_or_constant_values(values):
    assert rank_correlation(np.array(values), np.arange(float(len(values)))) is None
