"""Differences between networks on photos in groups: intervals and tests hold at the rate that they name."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.contingency_tables import mcnemar

from canigatti.report.comparison import compare
from canigatti.report.evidence import mean_gain
from canigatti.report.intervals import grouped_mean_difference, mean_difference, sign_flip_test

STUDIES = 500


def simulate(generator, sizes, gain):
    """Return differences of two networks by photo, with a difference of its own in each group, and the groups."""
    groups = np.repeat(np.arange(len(sizes)), sizes)
    base = generator.beta(4, 1, len(sizes))
    shift = generator.normal(0, 0.2, len(sizes)) + gain
    first = generator.random(len(groups)) < np.clip(base, 0.2, 0.8)[groups]
    second = generator.random(len(groups)) < (np.clip(base, 0.2, 0.8) + np.clip(shift, -0.2, 0.2))[groups]
    return second.astype(int) - first.astype(int), groups


def true_gain(gain):
    return float(np.clip(np.random.default_rng(9).normal(0, 0.2, 1_000_000) + gain, -0.2, 0.2).mean())


@pytest.mark.parametrize(
    "sizes", [[5] * 30, [20] * 6, [2] * 20 + [1] * 100, [30] * 3 + [1] * 100], ids=["5×30", "20×6", "pairs", "large"]
)
@pytest.mark.parametrize("gain", [0, 0.1])
def test_the_interval_contains_the_true_difference(sizes, gain):
    generator, expected, hits = np.random.default_rng(1), true_gain(gain), 0
    for _ in range(STUDIES):
        differences, groups = simulate(generator, sizes, gain)
        interval = grouped_mean_difference(differences[:, None].astype(float), groups)
        hits += interval.low <= expected <= interval.high
    assert hits / STUDIES >= 0.92


@pytest.mark.parametrize("sizes", [[5] * 30, [20] * 6, [2] * 20 + [1] * 100], ids=["5×30", "20×6", "pairs"])
def test_equal_networks_are_called_different_in_at_most_five_percent(sizes):
    generator, rejected, naive = np.random.default_rng(2), 0, 0
    for _ in range(STUDIES):
        differences, groups = simulate(generator, sizes, 0)
        rejected += sign_flip_test(differences, groups) < 0.05
        counts = [[0, (differences == 1).sum()], [(differences == -1).sum(), 0]]
        naive += mcnemar(counts, exact=True).pvalue < 0.05
    assert rejected / STUDIES <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / STUDIES)
    if max(sizes) > 5:
        assert naive / STUDIES > 0.08  # McNemar's test takes every photo of a group for evidence of its own


@pytest.mark.parametrize(("only_first", "only_second"), [(0, 0), (3, 0), (7, 2), (12, 12), (40, 21)])
def test_the_sign_flip_test_of_single_photos_is_mcnemars(only_first, only_second):
    differences = np.array([1] * only_first + [-1] * only_second + [0] * 10)
    expected = mcnemar([[0, only_first], [only_second, 0]], exact=True).pvalue
    assert sign_flip_test(differences, np.arange(len(differences))) == pytest.approx(expected)


def test_groups_of_one_photo_have_nearly_the_bootstrap_interval():
    differences = np.random.default_rng(3).choice([-1.0, 0.0, 1.0], (400, 2), p=[0.1, 0.7, 0.2])
    differences[:50, 1] = np.nan
    grouped = grouped_mean_difference(differences, np.arange(400))
    bootstrap = mean_difference(differences)
    assert grouped.estimate == pytest.approx(bootstrap.estimate)
    assert (grouped.low, grouped.high) == pytest.approx((bootstrap.low, bootstrap.high), abs=0.005)


def test_one_group_has_the_widest_interval():
    interval = grouped_mean_difference(np.array([[1.0], [0.0], [1.0]]), np.zeros(3))
    assert (interval.low, interval.high) == (-1, 1)


def test_a_comparison_uses_groups_where_test_photos_share_one(network):
    worse, better = network("worse", wrong=range(10)), network("better", wrong=())
    (single,) = compare([worse, better]).to_dict("records")
    grouped = pd.Series(["clip"] * 10 + [f"photo {n}" for n in range(90)], index=worse.correct.index)
    (together,) = compare(
        [network("worse", wrong=range(10), groups=grouped), network("better", groups=grouped)]
    ).to_dict("records")
    assert single["p"] == pytest.approx(2 * 0.5**10)
    assert together["p"] == 1  # ten photos of one clip are one observation
    assert together["difference"] == single["difference"]
    widths = [row["difference_high"] - row["difference_low"] for row in (single, together)]
    assert widths[0] < widths[1]
    assert mean_gain([(worse, better)]).estimate == pytest.approx(0.1)
