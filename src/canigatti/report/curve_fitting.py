"""Fits of a learning curve, and what they say about more photos.

The error of a network falls with the number of training photos n like b·n^-c, or like a + b·n^-c with an error a that
more photos do not remove (Hestness et al., "Deep learning scaling is predictable, empirically", 2017). Both are fitted,
because a few points seldom tell which one holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

TWICE = 2.0  # times the largest number of photos, for which the range is given
_EXPONENTS = np.geomspace(0.02, 4, 80)
_RESAMPLES = 1_000
_RECENT = 3  # points at the end of the curve, to which the curves are fitted once more
_SEED = 42


@dataclass(frozen=True)
class Envelope:
    """The range of the error, 0 to 1, that the fitted curves give for several numbers of photos.

    Attributes:
        photos: numbers of photos, (m,), as multiples of the largest one measured.
        low: lower limits, (m,).
        high: upper limits, (m,).
        fits: whether one of the two curves agrees with the measurements.
        falls: whether the error is shown to fall from the smallest to the largest number of photos.
    """

    photos: np.ndarray
    low: np.ndarray
    high: np.ndarray
    fits: bool
    falls: bool


def fit_curves(photos: np.ndarray, errors: np.ndarray, weights: np.ndarray, has_floor: bool) -> np.ndarray:
    """Fit a + b·n^-c by weighted least squares, with a and b at least 0.

    For each exponent of a grid, a and b have a closed form.

    Args:
        photos: (k,), numbers of photos n, ascending.
        errors: (m, k), m curves.
        weights: (k,), of the squared residuals.
        has_floor: whether a is fitted; otherwise it is 0.

    Returns:
        (m, 3): a, b and c of each curve.
    """
    bases = photos ** -_EXPONENTS[:, None]  # (exponents, k)
    squares, products = (weights * bases**2).sum(axis=1), (errors * weights) @ bases.T  # (exponents,), (m, exponents)
    total, sums = weights.sum(), (weights * bases).sum(axis=1)
    slopes, floors = products / squares, np.zeros_like(products)
    if has_floor:
        means, center = sums / total, (errors @ weights / total)[:, None]
        spread = squares - total * means**2
        free = np.maximum((products - total * center * means) / np.maximum(spread, 1e-300), 0)
        heights = center - free * means
        floors = np.where(heights > 0, heights, 0)
        slopes = np.where(heights > 0, free, slopes)
    # The sum of the squared residuals, without that of the errors, which all exponents have in common.
    cost = slopes * (slopes * squares + 2 * floors * sums - 2 * products)
    cost += floors * (floors * total - 2 * (errors @ weights)[:, None])
    best = cost.argmin(axis=1)
    rows = np.arange(len(errors))
    return np.column_stack([floors[rows, best], slopes[rows, best], _EXPONENTS[best]])


def predict_errors(curves: np.ndarray, photos: np.ndarray) -> np.ndarray:
    """Return the error of each curve, (m, 3), at each number of photos, (k,): (m, k)."""
    floors, slopes, exponents = curves.T[:, :, None]
    return floors + slopes * photos**-exponents


def resample(wrong: Sequence[np.ndarray], groups: np.ndarray, count: int = _RESAMPLES) -> np.ndarray:
    """Return resampled errors, (count, k): photos and seeds are drawn with replacement.

    Groups of photos are drawn as a whole, the same ones for all points, because all are measured on the same test set;
    the seeds of each point are drawn on their own. The deviation of the drawn seeds is scaled by √(S/(S-1)): that of S
    drawn ones is too small by this factor.

    Args:
        wrong: for each of k points (photos, seeds), whether each test photo is misclassified.
        groups: (photos,), equal values belong together.
        count: number of resamples.
    """
    generator = np.random.default_rng(_SEED)
    _, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    drawn = generator.multinomial(len(sizes), np.full(len(sizes), 1 / len(sizes)), count).astype(float)
    photos, columns = drawn @ sizes, []
    for point in wrong:
        seeds = point.shape[1]
        sums = np.zeros((len(sizes), seeds))
        np.add.at(sums, group, point.astype(float))
        by_seed = drawn @ sums / photos[:, None]  # (count, seeds)
        chosen = generator.multinomial(seeds, np.full(seeds, 1 / seeds), count) / seeds
        mean, scale = by_seed.mean(axis=1), np.sqrt(seeds / max(1, seeds - 1))
        columns.append(mean + scale * ((chosen * by_seed).sum(axis=1) - mean))
    return np.clip(np.column_stack(columns), 0, 1)


def envelope(photos: np.ndarray, wrong: Sequence[np.ndarray], groups: np.ndarray, ahead: np.ndarray) -> Envelope:
    """Return the range of the error for other numbers of photos.

    Both curves are fitted to each resample, to all points and to the last three, which follow a curve that bends. The
    range is that of the central 95% of each of these fits, all taken together.

    Args:
        photos: (k,), numbers of photos of the points, ascending.
        wrong: see :func:`resample`.
        groups: (photos,), equal values belong together.
        ahead: (m,), numbers of photos, as multiples of the largest one of the points.
    """
    from scipy.stats import chi2

    errors, n = resample(wrong, groups), np.asarray(photos, float) / photos[-1]
    measured = np.array([[point.mean() for point in wrong]])
    weights = 1 / np.maximum(errors.var(axis=0), (0.5 / len(groups)) ** 2)
    parts = (slice(None), slice(-_RECENT, None))
    low, high, fits = np.full(len(ahead), np.inf), np.full(len(ahead), -np.inf), False
    for has_floor in (False, True):
        residuals = measured - predict_errors(fit_curves(n, measured, weights, has_floor), n)
        degrees = len(n) - 2 - has_floor
        fits |= bool((weights * residuals**2).sum() <= chi2.ppf(0.99, max(1, degrees)))
        for part in parts:
            curves = fit_curves(n[part], errors[:, part], weights[part], has_floor)
            limits = np.quantile(predict_errors(curves, ahead), [0.025, 0.975], axis=0)
            low, high = np.minimum(low, limits[0]), np.maximum(high, limits[1])
    falls = bool(np.quantile(errors[:, 0] - errors[:, -1], 0.025) > 0)
    return Envelope(ahead, np.clip(low, 0, 1), np.clip(high, 0, 1), fits, falls)
