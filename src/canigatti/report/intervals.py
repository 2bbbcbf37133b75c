"""Estimates with their 95% intervals."""

from dataclasses import dataclass

import numpy as np

RESAMPLES = 10_000
_AT_ONCE = 2_000_000  # numbers drawn, to bound the memory
_SEED = 42
_UNTESTED = 9.0  # no difference


@dataclass(frozen=True)
class Interval:
    """An estimate and the ends of its 95% interval."""

    estimate: float
    low: float
    high: float


def mean_difference(differences: np.ndarray) -> Interval:
    """The mean over pairs of networks of each pair's mean difference, with its paired-bootstrap 95% interval.

    Photos are drawn with replacement (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter
    13: percentile intervals). A photo brings its differences in all pairs along, so that photos which are hard for
    every network count once and not as often as there are pairs. Photos with the same differences are alike, so it is
    enough to draw how many of each kind come: for one pair and one seed there are three kinds. The interval tells what
    other photos of this kind would change; what another seed of the training would change it does not tell.

    Args:
        differences: (photos, pairs), in one network's favour from -1 to 1; NaN where a pair was not tested on a photo.
            Every pair has a photo.
    """
    marked = np.nan_to_num(differences, nan=_UNTESTED)  # np.unique takes no two rows with NaN for equal
    kinds, counts = np.unique(marked, axis=0, return_counts=True)
    tested = kinds != _UNTESTED
    values = np.where(tested, kinds, 0)
    generator, step = np.random.default_rng(_SEED), _AT_ONCE // len(kinds) + 1
    means = np.concatenate(
        [
            _means(generator.multinomial(counts.sum(), counts / counts.sum(), size), values, tested)
            for size in (min(step, RESAMPLES - done) for done in range(0, RESAMPLES, step))
        ]
    )
    low, high = np.nanquantile(means, [0.025, 0.975])
    return Interval(float(_means(counts[None], values, tested)[0]), float(low), float(high))


def mean(values: np.ndarray) -> Interval | None:
    """The mean and its interval by Student's t; None for fewer than two values, which have no interval."""
    from statsmodels.stats.weightstats import DescrStatsW

    if len(values) < 2:
        return None
    low, high = DescrStatsW(values).tconfint_mean(alpha=0.05)
    return Interval(float(np.mean(values)), float(low), float(high))


def rank_correlation(first: np.ndarray, second: np.ndarray) -> Interval | None:
    """Spearman's rank correlation, -1 to 1, with Fisher's interval.

    None where it has no interval: for fewer than four pairs of values, or when all values of one kind are equal.
    """
    from scipy.stats import pearsonr, rankdata

    if len(first) < 4 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    correlation = pearsonr(rankdata(first), rankdata(second))
    low, high = correlation.confidence_interval(0.95)
    return Interval(float(correlation.statistic), float(low), float(high))


def _means(drawn: np.ndarray, values: np.ndarray, tested: np.ndarray) -> np.ndarray:
    """For each row of `drawn`, (resamples, kinds) counts of photos, the mean over pairs of the mean difference."""
    with np.errstate(invalid="ignore"):  # a pair may go without photos in a resample
        return np.nanmean((drawn @ values) / (drawn @ tested), axis=1)
