"""Estimates with their 95% confidence intervals."""

from dataclasses import dataclass

import numpy as np

RESAMPLES = 10_000
_BATCH_SIZE = 2_000_000  # random counts per batch, which bounds the memory
_SEED = 42
_UNTESTED = 9.0  # outside the range of differences


@dataclass(frozen=True)
class Interval:
    """An estimate and the limits of its 95% confidence interval."""

    estimate: float
    low: float
    high: float


def mean_difference(differences: np.ndarray) -> Interval:
    """Return the mean over pairs of networks of each pair's mean difference, with its paired-bootstrap 95% interval.

    Photos are resampled with replacement; the interval is a percentile interval (Efron and Tibshirani, An Introduction
    to the Bootstrap, 1993, chapter 13). A resampled photo contributes its differences in all pairs, so photos that are
    difficult for every network count once, not once per pair. Photos with equal differences are interchangeable, so
    only the number of photos of each kind is resampled: one pair with one seed has three kinds. The interval describes
    the variation due to the choice of test photos. It does not include the variation due to the training seed.

    Args:
        differences: (photos, pairs), from -1 to 1, positive in favor of the second network of a pair; NaN if a pair
            was not tested on a photo. Each pair has at least one photo.
    """
    filled = np.nan_to_num(differences, nan=_UNTESTED)  # np.unique treats rows with NaN as different
    kinds, counts = np.unique(filled, axis=0, return_counts=True)
    tested = kinds != _UNTESTED
    values = np.where(tested, kinds, 0)
    generator, step = np.random.default_rng(_SEED), _BATCH_SIZE // len(kinds) + 1
    means = np.concatenate(
        [
            _means(generator.multinomial(counts.sum(), counts / counts.sum(), size), values, tested)
            for size in (min(step, RESAMPLES - done) for done in range(0, RESAMPLES, step))
        ]
    )
    low, high = np.nanquantile(means, [0.025, 0.975])
    return Interval(float(_means(counts[None], values, tested)[0]), float(low), float(high))


def mean(values: np.ndarray) -> Interval | None:
    """Return the mean with its Student's t interval, or None for fewer than two values."""
    from statsmodels.stats.weightstats import DescrStatsW

    if len(values) < 2:
        return None
    low, high = DescrStatsW(values).tconfint_mean(alpha=0.05)
    return Interval(float(np.mean(values)), float(low), float(high))


def rank_correlation(first: np.ndarray, second: np.ndarray) -> Interval | None:
    """Return Spearman's rank correlation, -1 to 1, with Fisher's interval.

    Return None if the interval is undefined: for fewer than four pairs of values, or if one of the arrays is constant.
    """
    from scipy.stats import pearsonr, rankdata

    if len(first) < 4 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    correlation = pearsonr(rankdata(first), rankdata(second))
    low, high = correlation.confidence_interval(0.95)
    return Interval(float(correlation.statistic), float(low), float(high))


def _means(resampled: np.ndarray, values: np.ndarray, tested: np.ndarray) -> np.ndarray:
    """Return the mean over pairs of the mean difference for each row of `resampled`, (resamples, kinds) counts."""
    with np.errstate(invalid="ignore"):  # a resample may contain no photo of a pair
        return np.nanmean((resampled @ values) / (resampled @ tested), axis=1)
