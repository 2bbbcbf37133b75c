"""Means over photos and seeds with intervals: every photo is classified with every seed."""

from dataclasses import dataclass

import numpy as np

from canigatti.report.intervals import Interval


@dataclass(frozen=True)
class CrossedMean:
    """A mean over photos and seeds, and how sure it is.

    Attributes:
        estimate: the mean.
        variance: of the estimate.
        degrees: of freedom of the variance.
    """

    estimate: float
    variance: float
    degrees: float

    def interval(self, alpha: float = 0.05) -> Interval:
        """Return the mean with Student's t interval that misses the truth with probability `alpha`, within -1 to 1."""
        from scipy.stats import t

        half = float(t.ppf(1 - alpha / 2, self.degrees) * np.sqrt(self.variance))
        return Interval(self.estimate, max(-1.0, self.estimate - half), min(1.0, self.estimate + half))

    def wilson(self) -> Interval:
        """Return a mean of zeros and ones, the accuracy, with a 95% interval: that of Wilson (1927).

        It is for p(1-p)/V independent photos, with the quantile of Student's t instead of the normal distribution.
        """
        from scipy.stats import t

        p, quantile = self.estimate, t.ppf(0.975, self.degrees) ** 2
        information = quantile * self.variance / (p * (1 - p)) if 0 < p < 1 else quantile * self.variance
        center, half = p + information / 2, np.sqrt(information * (p * (1 - p) + information / 4))
        low, high = (center - half) / (1 + information), (center + half) / (1 + information)
        return Interval(p, float(max(0.0, low)), float(min(1.0, high)))


def crossed_mean(values: np.ndarray, groups: np.ndarray) -> CrossedMean:
    """Return the mean over photos and seeds.

    Its variance is P + max(Q - R, 0): P is the variance between photos of their means over seeds, divided by the number
    of photos; Q is that between seeds; R is the part of Q that is due to the photos, the residual mean square divided
    by the number of photos and seeds. It has V²/(Q²/(S-1) + P²/(n-1)) degrees of freedom (Obuchowski and Rockette 1995;
    Hillis 2007). The units are groups of photos: each contributes the sum of its photos' deviations from the mean, and
    (Σm²)²/Σm⁴ - 1 replaces n-1 for groups of m photos. P is at least what one photo more in favor of each side would
    add (Bonett and Price 2012), so that no interval is empty. With one seed, the mean is that of one trained network.

    Args:
        values: (photos, seeds), such as 1 for a correct result, or a difference of two results, -1 to 1.
        groups: (photos,), equal values belong together.
    """
    photos, seeds = values.shape
    _, group = np.unique(groups, return_inverse=True)
    number, sizes = int(group.max()) + 1, np.bincount(group)
    deviations = (values - values.mean(axis=0)) / photos
    sums = np.zeros((number, seeds))
    np.add.at(sums, group, deviations)
    factor = number / max(1, number - 1)
    means = sums.mean(axis=1)
    p = max(factor * float((means**2).sum()), 2 / (number + 2) ** 2)
    degrees = max(0.5, float((sizes**2).sum() ** 2 / (sizes.astype(float) ** 4).sum() - 1))
    if seeds == 1:
        return CrossedMean(float(values.mean()), p, degrees)
    q = float(values.mean(axis=0).var(ddof=1)) / seeds
    r = factor * float(((sums - means[:, None]) ** 2).sum()) / (seeds * (seeds - 1))
    variance = p + max(q - r, 0.0)
    return CrossedMean(float(values.mean()), variance, variance**2 / (q**2 / (seeds - 1) + p**2 / degrees))
