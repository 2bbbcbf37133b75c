"""Estimates with their 95% confidence intervals."""

from dataclasses import dataclass

import numpy as np

RESAMPLES = 10_000
_BATCH_SIZE = 2_000_000  # random counts per batch, which bounds the memory
_SEED = 42
_UNTESTED = 9.0  # outside the range of differences
_MIN_DEGREES = 0.5  # of freedom; with fewer, the quantile of Student's t exceeds 50


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


def grouped_mean_difference(differences: np.ndarray, groups: np.ndarray) -> Interval:
    """Return what :func:`mean_difference` does, for photos that are not independent within groups.

    The variance is that between groups of each group's contribution to the mean (linearization; Cochran, Sampling
    Techniques, 1977, section 11.8). The interval is Student's t with (Σm²)²/Σm⁴ - 1 degrees of freedom for groups of m
    photos (Satterthwaite 1946), within -1 to 1; these limits are the interval if one group has almost all photos.

    Args:
        differences: (photos, pairs), see :func:`mean_difference`.
        groups: (photos,), equal values belong together.
    """
    from scipy.stats import t

    tested = ~np.isnan(differences)
    counts, pair_means = tested.sum(axis=0), np.nanmean(differences, axis=0)
    _, group = np.unique(groups, return_inverse=True)
    number, pairs = int(group.max()) + 1, differences.shape[1]
    estimate = float(pair_means.mean())
    # The contribution of a photo to the mean over pairs, and its weight in it.
    contributions = (np.where(tested, differences - pair_means, 0) / counts).sum(axis=1) / pairs
    shares = np.bincount(group, weights=(tested / counts).sum(axis=1))
    degrees = (shares**2).sum() ** 2 / (shares**4).sum() - 1
    if degrees < _MIN_DEGREES:
        return Interval(estimate, -1.0, 1.0)
    variance = number / (number - 1) * (np.bincount(group, weights=contributions) ** 2).sum()
    half = float(t.ppf(0.975, degrees) * np.sqrt(variance))
    return Interval(estimate, max(-1.0, estimate - half), min(1.0, estimate + half))


def sign_flip_test(differences: np.ndarray, groups: np.ndarray) -> float:
    """Return the two-sided p-value of the exact sign-flip test of two networks, which exchanges them group by group.

    If the networks are equally good, exchanging their results in all photos of a group changes nothing, so every sign
    of a group's sum of differences is equally probable (Fisher 1935). If every photo is its own group, this is
    McNemar's exact test.

    Args:
        differences: (photos,), integers: 1 if only the first network is correct, -1 if only the second is, 0 otherwise.
        groups: (photos,), equal values belong together.
    """
    _, group = np.unique(groups, return_inverse=True)
    sums = np.rint(np.bincount(group, weights=differences)).astype(int)
    sizes = np.abs(sums[sums != 0])
    total = int(sizes.sum())
    probabilities = np.zeros(2 * total + 1)  # of each possible sum of all groups, from -total to total
    probabilities[total] = 1
    for size in sizes.tolist():
        probabilities = (np.roll(probabilities, size) + np.roll(probabilities, -size)) / 2
    return float(min(1.0, probabilities[np.abs(np.arange(-total, total + 1)) >= abs(sums.sum())].sum()))


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
