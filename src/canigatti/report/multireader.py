"""Accuracies and differences of networks, with the variation due to the test photos and that due to the training seed.

A network is an approach trained once per seed, and every training run is tested on the same photos. In medical imaging,
readers take the place of the seeds: "multi-reader multi-case" studies. The variance is that of Obuchowski and Rockette
(1995), the degrees of freedom are those of Hillis (2007). Groups of near duplicates are the units, not photos.

`make coverage` simulates all intervals of this module: they contain the truth at the rate that they promise.
"""

from dataclasses import dataclass

import numpy as np

from canigatti.report.intervals import Interval, find_limit

_MIN_DEGREES = 0.5  # of freedom; with fewer, the quantile of Student's t exceeds 50
_SEVERAL = 0.5  # weight of the units that are added, with several seeds
_FEW = 8  # units with errors; the variance of fewer is not reliable


@dataclass(frozen=True)
class Difference:
    """The difference of two means.

    Attributes:
        interval: the difference and its 95% interval.
        p: two-sided p-value of the hypothesis that there is no difference.
        photo_variance: the part of the variance that more test photos would lower.
        seed_variance: the part that more seeds would lower; 0 if each network has one seed.
        degrees: of freedom.
    """

    interval: Interval
    p: float
    photo_variance: float
    seed_variance: float
    degrees: float


def difference(first: np.ndarray, second: np.ndarray, groups: np.ndarray, level: float = 0.95) -> Difference:
    """Return the mean of the first network minus that of the second, over photos and seeds.

    The variance is V = P + max(Q - R, 0). P is the variance of the mean difference between photos; Q is the variance of
    the networks' means between seeds, divided by the number of seeds and summed over both networks; R is the part of Q
    that is due to photos. Student's t has V²/(ΣQ²/(S - 1) + P²/(n - 1)) degrees of freedom for S seeds and n units, but
    at least S - 1: of networks that guess, Q may exceed V.

    Two units with opposite differences are added, because few discordant units give variances that are too small. With
    one seed per network, their size is the root mean square of the differences that are not 0, or 1 if all are: this is
    the interval of Bonett and Price (2012), which is based on the normal distribution and describes these two trained
    networks. With several seeds, their squares are half as large.

    Args:
        first: (photos, seeds), per photo and seed whether it is classified correctly, or a loss.
        second: (photos, seeds), the same for the other network; it may have another number of seeds.
        groups: (photos,), equal values belong together.
        level: of the interval, 0 to 1.
    """
    first, second, units = first.astype(float), second.astype(float), _Units.of(groups)
    differences = first.mean(axis=1) - second.mean(axis=1)
    weight = 1.0 if first.shape[1] == second.shape[1] == 1 else _SEVERAL
    estimate, photo_variance = _padded_mean(differences, units, weight)
    between = [_seed_components(network, units) for network in (first, second)]
    seed_variance = max(sum(variance - due_to_photos for variance, due_to_photos, _ in between), 0.0)
    variance = photo_variance + seed_variance
    spread = photo_variance**2 / _photo_degrees(units, first, second)
    spread += sum(variance**2 / degrees for variance, _, degrees in between if degrees)
    fewest = min((count for _, _, count in between if count), default=0)
    degrees = max(variance**2 / spread, fewest) if spread else np.inf
    low, high, p = _student(estimate, variance, degrees, level)
    return Difference(Interval(float(differences.mean()), low, high), p, photo_variance, seed_variance, degrees)


def mean_over_pairs(differences: np.ndarray, groups: np.ndarray, level: float = 0.95) -> Interval:
    """Return the mean difference over several pairs of networks, with its interval.

    Pairs take the place of the seeds: a conclusion about a setting generalizes to other networks only if it differs
    little between the pairs. The variance and the degrees of freedom are those of :func:`difference`; so is the
    interval of a single pair.

    Args:
        differences: (photos, pairs); NaN if a pair was not tested on a photo.
        groups: (photos,), equal values belong together.
        level: of the interval, 0 to 1.
    """
    if differences.shape[1] == 1:
        return difference(differences, np.zeros_like(differences), groups, level).interval
    units = _Units.of(groups)
    variance, due_to_photos, pair_degrees = _seed_components(differences, units)
    estimate = center = float(np.nanmean(differences, axis=0).mean())
    if np.isnan(differences).any():
        photo_variance = float(_photo_covariance(differences, units).mean())
    else:
        center, photo_variance = _padded_mean(differences.mean(axis=1), units, _SEVERAL)
    total = photo_variance + max(variance - due_to_photos, 0.0)
    spread = variance**2 / pair_degrees + photo_variance**2 / max(units.degrees, _MIN_DEGREES)
    low, high, _ = _student(center, total, max(total**2 / spread, pair_degrees) if spread else pair_degrees, level)
    return Interval(estimate, low, high)


def accuracy(correct: np.ndarray, groups: np.ndarray, level: float = 0.95) -> Interval:
    """Return the accuracy of a network trained with several seeds, with its interval for a new seed and new photos.

    The interval has all accuracies x whose difference from the observed accuracy p is at most the root of
    t²(n - 1) P w + t²(S - 1) max(Q - R, 0) w² with w = x(1 - x)/(p(1 - p)), and P, Q and R as in :func:`difference`.
    So it is that of Wilson (1927) with p(1 - p)/P effective photos if the seeds agree. The variance between seeds falls
    faster toward 0 and 1 than that between photos, about as the square. Wilson's interval with p(1 - p)/V photos and
    the degrees of freedom of Hillis contained the true accuracy in as few as 90% of simulated studies, this one in 93%
    or more.

    Args:
        correct: (photos, seeds), whether each photo is classified correctly; at least two seeds.
        groups: (photos,), equal values belong together.
        level: of the interval, 0 to 1.
    """
    from scipy.stats import t

    units, seeds, p = _Units.of(groups), correct.shape[1], float(correct.mean())
    variance, due_to_photos, _ = _seed_components(correct.astype(float), units)
    covariance = _photo_covariance(correct.astype(float), units)
    # Seeds that fail on opposite photos must not cancel: at least the variance of photos that are independent of seeds.
    photo_variance = max(float(covariance.mean()), float(np.trace(covariance)) / seeds**2)
    with_errors = np.unique(units.number[~correct.all(axis=1)])
    with_successes = np.unique(units.number[correct.any(axis=1)])
    if min(len(with_errors), len(with_successes)) < _FEW:
        photo_variance = max(photo_variance, p * (1 - p) / units.effective)
    quantile = float(t.ppf((1 + level) / 2, max(units.degrees, _MIN_DEGREES)))
    if p in (0, 1):
        limit = quantile**2 / (units.effective + quantile**2)
        return Interval(p, 1 - limit, 1.0) if p else Interval(p, 0.0, limit)
    of_photos = quantile**2 * photo_variance
    of_seeds = float(t.ppf((1 + level) / 2, seeds - 1)) ** 2 * max(variance - due_to_photos, 0.0)
    return Interval(p, *(_solve(p, end, of_photos, of_seeds) for end in (0.0, 1.0)))


@dataclass(frozen=True)
class _Units:
    """The independent units of a test set: groups of photos, or the photos themselves.

    Attributes:
        number: (photos,), number of each photo's unit.
        count: of units.
        degrees: of freedom of a variance between them: (Σm²)²/Σm⁴ - 1 for units of m photos (Satterthwaite 1946).
        effective: n²/Σm², the number of independent photos if all photos of a unit have the same result.
    """

    number: np.ndarray
    count: int
    degrees: float
    effective: float

    @classmethod
    def of(cls, groups: np.ndarray) -> "_Units":
        _, number, sizes = np.unique(groups, return_inverse=True, return_counts=True)
        squares = float((sizes.astype(float) ** 2).sum())
        degrees = squares**2 / float((sizes.astype(float) ** 4).sum()) - 1
        return cls(number, len(sizes), degrees, len(groups) ** 2 / squares)

    @property
    def are_photos(self) -> bool:
        return self.count == len(self.number)

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Return the sum over the photos of each unit, (units, …)."""
        if self.are_photos:
            return values
        totals = np.zeros((self.count, *values.shape[1:]))
        np.add.at(totals, self.number, values)
        return totals


def _padded_mean(differences: np.ndarray, units: _Units, weight: float) -> tuple[float, float]:
    """Return the mean and its variance between units, with two opposite units added, see :func:`difference`."""
    sums, sizes = units.sums(differences), units.sums(np.ones(len(differences)))
    discordant = sums[np.abs(sums) > 1e-12]
    size = float(np.sqrt(weight * (discordant**2).mean())) if len(discordant) else 1.0
    sums, sizes = np.append(sums, [size, -size]), np.append(sizes, [sizes.mean()] * 2)
    mean = float(sums.sum() / sizes.sum())
    correction = 1.0 if units.are_photos or units.count == 1 else units.count / (units.count - 1)
    return mean, float(correction * ((sums - sizes * mean) ** 2).sum() / sizes.sum() ** 2)


def _photo_covariance(values: np.ndarray, units: _Units) -> np.ndarray:
    """Return the covariance of the columns' means that is due to the choice of photos, (columns, columns)."""
    tested = ~np.isnan(values)
    contributions = np.where(tested, values - np.nanmean(values, axis=0), 0) / tested.sum(axis=0)
    sums = units.sums(contributions)
    return units.count / max(units.count - 1, 1) * sums.T @ sums


def _seed_components(values: np.ndarray, units: _Units) -> tuple[float, float, int]:
    """Return the variance of the mean over seeds, the part of it that is due to photos, and its degrees of freedom.

    With independent photos, the part is the residual mean square of photos × seeds, divided by their numbers.
    """
    seeds = values.shape[1]
    if seeds == 1:
        return 0.0, 0.0, 0
    covariance = _photo_covariance(values, units)
    of_each = float(np.trace(covariance)) / seeds
    shared = (float(covariance.sum()) - seeds * of_each) / (seeds * (seeds - 1))
    return float(np.nanmean(values, axis=0).var(ddof=1)) / seeds, max(of_each - shared, 0.0) / seeds, seeds - 1


def _photo_degrees(units: _Units, first: np.ndarray, second: np.ndarray) -> float:
    single = first.shape[1] == second.shape[1] == 1
    return np.inf if single and units.are_photos else max(units.degrees, _MIN_DEGREES)


def _student(estimate: float, variance: float, degrees: float, level: float) -> tuple[float, float, float]:
    from scipy.stats import norm, t

    distribution = norm if np.isinf(degrees) else t(max(degrees, _MIN_DEGREES))
    error = float(np.sqrt(variance))
    half = float(distribution.ppf((1 + level) / 2)) * error
    p = 2 * float(distribution.sf(abs(estimate) / error)) if error else float(estimate == 0)
    return estimate - half, estimate + half, p


def _solve(p: float, end: float, of_photos: float, of_seeds: float) -> float:
    def excess(x: float) -> float:
        weight = x * (1 - x) / (p * (1 - p))
        return (x - p) ** 2 - of_photos * weight - of_seeds * weight**2

    return find_limit(excess, p, end)
