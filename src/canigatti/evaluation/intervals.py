"""Confidence interval of the accuracy on a test set, also for photos that are not independent."""

import numpy as np


def accuracy_interval(correct: np.ndarray, groups: np.ndarray) -> tuple[float, float]:
    """Return the 95% confidence interval of the accuracy, 0 to 1.

    Photos of the same group tend to be classified correctly or incorrectly together, so n photos contain the
    information of fewer independent ones. The interval is that of Wilson (1927) for the effective number of photos:
    with accuracy p and its variance V between groups (Cochran, Sampling Techniques, 1977, section 11.8), p(1 - p)/V,
    but at least the number if all photos of a group had the same result, n²/Σm² for groups of m photos, and at most n.
    This estimate is reduced by the squared ratio of the quantiles of the normal and of Student's t distribution,
    because V is based on few groups, with (Σm²)²/Σm⁴ - 1 degrees of freedom (Satterthwaite 1946). If every photo is
    its own group, the result is Wilson's interval for n photos.

    In simulations (`tests/evaluation/test_intervals.py`), it contains the true accuracy in at least 92% of the test
    sets with thirty or more groups of similar size, and in at least 85% of those with few or very unequal groups.

    Args:
        correct: (n,), whether each photo is classified correctly.
        groups: (n,), equal values belong together.
    """
    from statsmodels.stats.proportion import proportion_confint

    effective, n = _effective_number(correct, groups), len(correct)
    low, high = proportion_confint(effective * correct.sum() / n, effective, alpha=0.05, method="wilson")
    return float(low), float(high)


def _effective_number(correct: np.ndarray, groups: np.ndarray) -> float:
    from scipy.stats import norm, t

    n = len(correct)
    _, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if len(sizes) == n:
        return n
    accuracy, number = correct.mean(), len(sizes)
    lowest = n**2 / (sizes**2).sum()
    degrees = (sizes**2).sum() ** 2 / (sizes**4.0).sum() - 1
    if degrees <= 0 or accuracy in (0, 1):
        return lowest
    residuals = np.bincount(group, weights=correct - accuracy)
    variance = number / (number - 1) * (residuals**2).sum() / n**2
    estimate = min(n, accuracy * (1 - accuracy) / variance) if variance else n
    return max(lowest, estimate * (norm.ppf(0.975) / t.ppf(0.975, degrees)) ** 2)
