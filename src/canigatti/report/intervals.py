"""Estimates with their 95% confidence intervals."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations

import numpy as np

_EXACT_BELOW = 10  # pairs of values; 9! permutations take a second
_MIN_RANKED = 5  # 2/4! is above 0.05


@dataclass(frozen=True)
class Interval:
    """An estimate and the limits of its 95% confidence interval."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class Correlation:
    """A rank correlation, -1 to 1, its p-value, and its interval, if there are enough values for one."""

    estimate: float
    p: float
    interval: Interval | None


def mid_p(differences: np.ndarray, groups: np.ndarray) -> float:
    """Return the two-sided mid-p-value of the sign-flip test of two trained networks, exchanged group by group.

    If the networks are equally good, exchanging their results in all photos of a group changes nothing, so every sign
    of a group's sum of differences is equally probable (Fisher 1935). Results as extreme as the observed one count half
    (Lancaster 1961). If every photo is its own group, this is McNemar's mid-p test (Fagerland, Lydersen and Laake, BMC
    Medical Research Methodology 13, 2013), whose rate of false alarms is close to the level; that of the exact test is
    much lower.

    Args:
        differences: (photos,), integers: 1 if only the first network is correct, -1 if only the second is, 0 otherwise.
        groups: (photos,), equal values belong together.
    """
    from scipy.stats import binom

    _, group = np.unique(groups, return_inverse=True)
    sums = np.rint(np.bincount(group, weights=differences)).astype(int)
    sizes, observed = np.abs(sums[sums != 0]), abs(int(sums.sum()))
    if observed == 0:
        return 1.0
    total = int(sizes.sum())
    if sizes.max() == 1:
        wins = (total + observed) // 2
        return float(2 * binom.sf(wins, total, 0.5) + binom.pmf(wins, total, 0.5))
    probabilities = np.zeros(2 * total + 1)  # of each possible sum of all groups, from -total to total
    probabilities[total] = 1
    for size in sizes.tolist():
        probabilities = (np.roll(probabilities, size) + np.roll(probabilities, -size)) / 2
    sizes_of_sums = np.abs(np.arange(-total, total + 1))
    return float(probabilities[sizes_of_sums > observed].sum() + probabilities[sizes_of_sums == observed].sum() / 2)


def mean(values: np.ndarray) -> Interval | None:
    """Return the mean with its Student's t interval, or None for fewer than two values."""
    from statsmodels.stats.weightstats import DescrStatsW

    if len(values) < 2:
        return None
    low, high = DescrStatsW(values).tconfint_mean(alpha=0.05)
    return Interval(float(np.mean(values)), float(low), float(high))


def rank_correlation(first: np.ndarray, second: np.ndarray) -> Correlation | None:
    """Return Spearman's rank correlation with its two-sided p-value.

    Below ten pairs of values, the test is exact: all permutations (Hotelling and Pabst 1936). Fisher's interval, and
    the test that belongs to it, are for ten or more.

    Returns:
        None if one of the arrays is constant, or if no order of so few values could have a p-value below 0.05, which
        needs five.
    """
    from scipy.stats import pearsonr, rankdata

    if len(first) < _MIN_RANKED or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    ranks, others = rankdata(first), rankdata(second)
    correlation = pearsonr(ranks, others)
    estimate = float(correlation.statistic)
    if len(first) < _EXACT_BELOW:
        orders = np.array(list(permutations(ranks)))
        centered = (orders - ranks.mean()) @ (others - others.mean())
        observed = (ranks - ranks.mean()) @ (others - others.mean())
        return Correlation(estimate, float((np.abs(centered) >= abs(observed) - 1e-9).mean()), None)
    low, high = correlation.confidence_interval(0.95)
    return Correlation(estimate, float(correlation.pvalue), Interval(estimate, float(low), float(high)))


def superiority(first: np.ndarray, second: np.ndarray) -> Interval | None:
    """Return the probability that a new training run of the first network is more accurate than one of the second.

    Both are tested on these test photos; equal accuracies count half. The interval is method 5 of Newcombe, Statistics
    in Medicine 25 (2006), 559-573, for the Mann-Whitney statistic.

    Args:
        first: (seeds,), accuracy of each training run.
        second: (seeds,), the same for the other network.

    Returns:
        None for fewer than five seeds of a network.
    """
    from scipy.stats import norm

    if min(len(first), len(second)) < 5:
        return None
    estimate = float((np.sign(first[:, None] - second[None, :]) / 2 + 0.5).mean())
    quantile, pairs = float(norm.ppf(0.975)), len(first) * len(second)
    larger = (len(first) + len(second)) / 2 - 1

    def excess(theta: float) -> float:
        inner = 1 + larger * ((1 - theta) / (2 - theta) + theta / (1 + theta))
        return abs(theta - estimate) - quantile * np.sqrt(theta * (1 - theta) * inner / pairs)

    inside = min(max(estimate, 1e-9), 1 - 1e-9)  # at 0 and 1, the interval's limit is 0 or 1 on both sides
    return Interval(estimate, *(find_limit(excess, inside, end) for end in (0.0, 1.0)))


def find_limit(excess: Callable[[float], float], inside: float, outside: float) -> float:
    """Return the limit of an interval, where the excess changes its sign.

    Args:
        excess: negative inside the interval, positive outside.
        inside: a point in the interval.
        outside: a point beyond the limit, or the limit itself if the interval reaches it.
    """
    from scipy.optimize import brentq

    return outside if excess(outside) <= 0 else float(brentq(excess, inside, outside))
