"""Intervals and tests: comparison with statsmodels and scipy, and cases computed by hand."""

import numpy as np
import pytest
from scipy.stats import binom, spearmanr
from statsmodels.stats.contingency_tables import mcnemar

from canigatti.report.intervals import mean, mid_p, rank_correlation

STUDIES = 500


def test_interval_of_a_mean_is_that_of_student():
    interval = mean(np.array([1.0, 2.0, 3.0]))
    # 2 ± t(0.975; 2) · s/√3 = 2 ± 4.302653 · 1/1.732051
    assert (interval.low, interval.high) == pytest.approx((2 - 2.484138, 2 + 2.484138), abs=1e-6)
    assert mean(np.array([1.0])) is None


def test_rank_correlation_of_few_values_is_tested_with_all_permutations():
    # Two adjacent ranks of five are swapped: 1 - 6·2/(5·24) = 0.9; 10 of the 120 orders are as extreme.
    found = rank_correlation(np.array([1.0, 2, 3, 4, 50]), np.array([10.0, 20, 40, 30, 50]))
    assert found.estimate == pytest.approx(0.9)
    assert found.p == pytest.approx(10 / 120)
    assert found.interval is None
    assert rank_correlation(np.arange(5.0), np.arange(5.0)).p == pytest.approx(2 / 120)


def test_rank_correlation_of_ten_values_has_fishers_interval():
    first, second = np.random.default_rng(1).normal(size=(2, 12))
    found = rank_correlation(first, second)
    assert found.estimate == pytest.approx(spearmanr(first, second).statistic)
    # tanh(atanh(r) ± 1.96/√(12 - 3))
    limits = np.tanh(np.arctanh(found.estimate) + np.array([-1, 1]) * 1.959964 / 3)
    assert (found.interval.low, found.interval.high) == pytest.approx(tuple(limits), abs=1e-6)


@pytest.mark.parametrize("values", [[1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 1.0, 1.0, 1.0]])
def test_no_rank_correlation_of_too_few_or_constant_values(values):
    assert rank_correlation(np.array(values), np.arange(float(len(values)))) is None


@pytest.mark.parametrize(("only_first", "only_second"), [(3, 0), (7, 2), (40, 21), (2, 9)])
def test_the_mid_p_value_of_single_photos_is_mcnemars(only_first, only_second):
    differences = np.array([1] * only_first + [-1] * only_second + [0] * 10)
    exact = mcnemar([[0, only_first], [only_second, 0]], exact=True).pvalue
    expected = exact - binom.pmf(min(only_first, only_second), only_first + only_second, 0.5)
    assert mid_p(differences, np.arange(len(differences))) == pytest.approx(expected)


@pytest.mark.parametrize("each", [0, 12])
def test_as_many_photos_for_each_network_are_no_evidence(each):
    differences = np.array([1] * each + [-1] * each + [0] * 10)
    assert mid_p(differences, np.arange(len(differences))) == 1


@pytest.mark.parametrize("sizes", [[1] * 150, [5] * 30, [20] * 8, [2] * 20 + [1] * 100], ids=["1", "5", "20", "pairs"])
def test_equal_networks_are_called_different_in_about_five_percent(sizes):
    generator, rejected, naive = np.random.default_rng(2), 0, 0
    groups = np.repeat(np.arange(len(sizes)), sizes)
    for _ in range(STUDIES):
        # Photos of a group are more difficult for one of the networks.
        easier = generator.normal(0, 0.2, len(sizes))[groups]
        first, second = generator.random((2, len(groups))) < np.clip([0.7 + easier, 0.7 - easier], 0, 1)
        differences = first.astype(int) - second.astype(int)
        rejected += mid_p(differences, groups) < 0.05
        naive += mid_p(differences, np.arange(len(groups))) < 0.05
    assert rejected / STUDIES <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / STUDIES)
    if max(sizes) > 5:
        assert naive / STUDIES > 0.08  # every photo of a group is taken for evidence of its own
