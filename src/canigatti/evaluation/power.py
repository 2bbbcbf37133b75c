"""Statistical power: the smallest difference between two networks that a study can show, and what a smaller one needs.

The test is the one of the report. With several seeds, it compares the mean accuracies over photos and seeds: their
difference has the variance V = P + max(Q - R, 0) with P = var(d)/n for the difference d of each photo's mean over
seeds, Q the sum over both networks of the variance of their accuracies over seeds divided by the number of seeds S, and
R the sum of their residual mean squares divided by nS; Student's t has V²/(Σ Q_k²/(S-1) + P²/(n-1)) degrees of freedom
(Obuchowski and Rockette 1995; Hillis 2007). With one seed, it is McNemar's mid-p test of two trained networks.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

ALPHA = 0.05  # two-sided
POWER = 0.8
_SKEW = 0.75  # of the third moment that :class:`_Differing` estimates, in simulations
_MAX_SLOPE = 0.5  # of the critical value against the observed difference
_NODES = 32  # quantiles of each random quantity that the power is averaged over
_MAX_PHOTOS, _MAX_SEEDS = 10_000_000, 100


@dataclass(frozen=True)
class Assumptions:
    """What the power depends on besides the numbers of photos and seeds.

    Attributes:
        accuracy: of the networks, 0 to 1.
        disagreement: fraction of the photos that exactly one of two trained networks of different, but equally
            accurate experiments classifies correctly.
        seed_disagreement: the same for two seeds of one experiment; at most `disagreement`.
        seed_std: standard deviation over seeds of the accuracy on infinitely many photos.
        is_measured: whether these are values of the study's own networks.
    """

    accuracy: float
    disagreement: float
    seed_disagreement: float
    seed_std: float
    is_measured: bool = False

    @property
    def residual(self) -> float:
        """Variance of the result of a photo over the seeds of one experiment, mean over photos."""
        return self.seed_disagreement / 2

    def photo_variance(self, difference: float) -> float:
        """Variance over photos of the difference of two networks' probabilities of a correct result."""
        concentration = concentration_of(difference, self.seed_disagreement)
        return max(0.0, self.disagreement - self.seed_disagreement) + (concentration - 1) * difference**2

    def disagreement_at(self, difference: float) -> float:
        """Fraction of the photos that exactly one of two trained networks classifies correctly, if one is better."""
        return min(1.0, self.photo_variance(difference) + self.seed_disagreement + difference**2)


def concentration_of(difference: float, seed_disagreement: float) -> float:
    """Return the mean square of what photos contribute to a difference of accuracies, divided by its square; 1 or more.

    A better network is better on the photos that are neither always nor never classified correctly. If a photo's
    contribution is proportional to w = p(1-p), the variance over seeds, it is E(w²)/E(w)². With w half of its maximum
    of 1/4 where it is not small, that is 1/(8 E(w)); in simulations with difficulties on the probit scale and
    accuracies from 75% to 97%, it differs by at most a quarter. Contributions are at most 1, which limits it to
    1/difference.

    Args:
        difference: of the accuracies, above 0.
        seed_disagreement: 2 E(w), see :class:`Assumptions`.
    """
    return min(1 / difference, max(1.0, 1 / (4 * max(seed_disagreement, 1e-9))))


def assume(accuracy: float) -> Assumptions:
    """Return the assumptions for a study without results.

    Two trainings of one experiment disagree about as often as each is wrong (Jiang, Nagarajan, Baek and Kolter,
    "Assessing generalization of SGD via disagreement", 2022). Those of two experiments are assumed to disagree a
    quarter more often, and the accuracy to have a standard deviation over seeds of a twentieth of the errors: half a
    point at 90%.

    Args:
        accuracy: that the networks are expected to have, 0 to 1.
    """
    error = 1 - accuracy
    return Assumptions(accuracy, 1.25 * error, error, 0.05 * error)


def power(difference: float, photos: int, seeds: int, assumptions: Assumptions) -> float:
    """Return the probability that the test shows a difference, 0 to 1.

    Args:
        difference: of the true accuracies, above 0.
        photos: number of independent test photos: of groups, if some belong together.
        seeds: of each network.
        assumptions: about the networks.
    """
    if seeds == 1:
        return _power_of_mcnemar(difference, photos, assumptions.disagreement_at(difference))
    return _power_over_seeds(difference, photos, seeds, assumptions)


@cache
def smallest_difference(photos: int, seeds: int, assumptions: Assumptions) -> float | None:
    """Return the smallest difference that is shown with a probability of 80%; None if there is none below 0.5.

    Args:
        photos: see :func:`power`.
        seeds: of each network.
        assumptions: about the networks.
    """
    low, high = 0.0, 0.5
    if power(high, photos, seeds, assumptions) < POWER:
        return None
    while high - low > 1e-5:
        middle = (low + high) / 2
        low, high = (low, middle) if power(middle, photos, seeds, assumptions) >= POWER else (middle, high)
    return high


@cache
def photos_needed(difference: float, seeds: int, assumptions: Assumptions) -> int | None:
    """Return the number of test photos that show a difference with a probability of 80%; None above ten millions.

    Args:
        difference: see :func:`power`.
        seeds: of each network; with few of them, no number of photos may suffice.
        assumptions: about the networks.
    """
    return _first(lambda photos: power(difference, photos, seeds, assumptions) >= POWER, 10, _MAX_PHOTOS)


@cache
def seeds_needed(difference: float, photos: int, assumptions: Assumptions) -> int | None:
    """Return the number of seeds that show a difference with a probability of 80%, at least 2; None above a hundred.

    Args:
        difference: see :func:`power`.
        photos: number of test photos; with few of them, no number of seeds may suffice.
        assumptions: about the networks.
    """
    return _first(lambda seeds: power(difference, photos, seeds, assumptions) >= POWER, 2, _MAX_SEEDS)


def _first(suffices: Callable[[int], bool], low: int, high: int) -> int | None:
    """Return the first number from `low` to `high` that suffices, as all above it do; None if none does."""
    if not suffices(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if suffices(middle) else (middle + 1, high)
    return low


def _power_over_seeds(difference: float, photos: int, seeds: int, assumptions: Assumptions) -> float:
    """Average the power over the distribution of the estimated variances between seeds, which are of few seeds."""
    from scipy.stats import chi2, norm, t

    residual = assumptions.residual
    of_photo = assumptions.photo_variance(difference) + 2 * residual / seeds
    differing = _Differing.of(difference, of_photo, assumptions.seed_disagreement)
    p, r = of_photo / photos, 2 * residual / (photos * seeds)
    # The better network varies less from seed to seed: in proportion to its errors.
    lead = min(1.0, difference / 2 / max(1 - assumptions.accuracy, 1e-9))
    between = [(assumptions.seed_std**2 + residual * (1 + sign * lead) / photos) / seeds for sign in (-1, 1)]
    quantiles = chi2.ppf((np.arange(_NODES) + 0.5) / _NODES, seeds - 1) / (seeds - 1)
    first, second = np.meshgrid(*(one * quantiles for one in between))
    # The test adds two photos with opposite differences.
    shrinkage, padding = photos / (photos + 2), differing.square / differing.fraction_seen(seeds) / (photos + 2) ** 2
    padded = p * shrinkage**2 + padding
    variance = padded + np.maximum(first + second - r, 0)
    degrees = variance**2 / ((first**2 + second**2) / (seeds - 1) + padded**2 / max(1, photos - 1))
    quantile, true = t.ppf(1 - ALPHA / 2, degrees), math.sqrt(p + 2 * assumptions.seed_std**2 / seeds) * shrinkage
    critical, shown = quantile * np.sqrt(variance), difference * shrinkage
    # The differences of photos are skewed, so P rises with the observed difference, and the critical value with it.
    slope = _SKEW * differing.third_moment / of_photo / photos * quantile / (2 * np.sqrt(variance)) * p / true**2
    slope = np.clip(slope, 0, _MAX_SLOPE)
    return float(np.mean(norm.sf((critical - shown) / (true * (1 - slope))) + norm.cdf(-(critical + shown) / true)))


@dataclass(frozen=True)
class _Differing:
    """The differences of the photos, if a fraction of them differ, all alike, and the others do not.

    Attributes:
        fraction: of the photos that differ.
        mean: of their differences.
        spread: variance of their differences.
    """

    fraction: float
    mean: float
    spread: float

    @classmethod
    def of(cls, difference: float, variance: float, seed_disagreement: float) -> "_Differing":
        """Return them for the mean and the variance of the differences of all photos."""
        concentration = concentration_of(difference, seed_disagreement)
        mean = concentration * difference
        return cls(1 / concentration, mean, max(1e-12, concentration * (variance + difference**2) - mean**2))

    @property
    def square(self) -> float:
        """Mean square of the differences of all photos."""
        return self.fraction * (self.spread + self.mean**2)

    @property
    def third_moment(self) -> float:
        """Third central moment of the differences of all photos."""
        mean = self.fraction * self.mean
        return self.fraction * (self.mean**3 + 3 * self.mean * self.spread) - 3 * mean * self.square + 2 * mean**3

    def fraction_seen(self, seeds: int) -> float:
        """Fraction of the photos whose observed difference is not 0; it is a multiple of 1/seeds."""
        deviation = math.sqrt(self.spread)
        density = math.exp(-((self.mean / deviation) ** 2) / 2) / (deviation * math.sqrt(2 * math.pi))
        return self.fraction * (1 - min(0.9, density / seeds))


def _power_of_mcnemar(difference: float, photos: int, disagreement: float) -> float:
    """Average the power of the mid-p test over the number of photos on which two trained networks disagree."""
    from scipy.stats import binom

    discordant = binom.ppf((np.arange(_NODES) + 0.5) / _NODES, photos, disagreement)
    better = (disagreement + difference) / (2 * disagreement)  # probability that the better one is correct
    critical = _critical_count(discordant)
    is_possible = critical <= discordant
    shown = binom.sf(critical - 1, discordant, better) + binom.cdf(discordant - critical, discordant, better)
    return float(np.mean(np.where(is_possible, shown, 0)))


def _critical_count(discordant: np.ndarray) -> np.ndarray:
    """Return the smallest count of one kind, of these numbers of discordant photos, that is significant."""
    from scipy.stats import binom

    count = binom.ppf(1 - ALPHA / 2, discordant, 0.5)
    for candidate in (count + 1, count, count - 1):
        mid_p = 2 * (binom.sf(candidate, discordant, 0.5) + binom.pmf(candidate, discordant, 0.5) / 2)
        count = np.where(mid_p < ALPHA, np.minimum(count, candidate), np.maximum(count, candidate + 1))
    return count
