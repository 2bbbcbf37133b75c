"""Temperature scaling: one number by which logits are divided, so that probabilities are as certain as they are right.

The temperature is that of Guo et al. (2017), fitted by maximum likelihood. Its reciprocal is the slope of the label on
the logits without a constant, a logistic regression for two classes and a multinomial one with one coefficient for
more; a slope below 1 means that the network is too certain.
"""

from collections.abc import Callable

import numpy as np

from canigatti.evaluation.records import Estimate, Temperature


class NoSlopeError(Exception):
    """There is no finite slope; the message is the reason, as the end of a sentence."""


def fit_temperature(logits: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> Temperature:
    """Return the temperature that makes the labels most probable, with its 95% interval.

    Args:
        logits: (n, classes), finite.
        labels: (n,), 0 to classes - 1.
        groups: (n,), equal values belong together, see :func:`fit_slope`.

    Raises:
        NoSlopeError: there is no positive finite slope.
    """
    slope = fit_slope(logits, labels, groups)
    if slope.estimate <= 0:
        raise NoSlopeError("its probabilities are not higher for the true classes than for others")
    return Temperature(
        value=1 / slope.estimate, low=1 / slope.high, high=1 / slope.low if slope.low > 0 else None, slope=slope
    )


def fit_slope(logits: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> Estimate:
    """Return the slope of the labels on the logits, with its 95% interval; 1 for calibrated probabilities.

    The interval holds the slopes whose likelihood is not significantly lower (profile likelihood), which suits slopes
    that few errors determine. Photos of a group are not independent: if groups repeat, the likelihood ratio is divided
    by the ratio of the variance between groups (sandwich estimator; Liang and Zeger 1986) to that of independent photos
    (Rotnitzky and Jewell 1990), at least 1, and compared with Student's t for the number of groups.

    Args:
        logits: (n, classes), finite.
        labels: (n,), 0 to classes - 1.
        groups: (n,), equal values belong together.

    Raises:
        NoSlopeError: there is no finite slope.
    """
    likelihood = _Likelihood(logits, labels)
    likelihood.require_maximum()
    slope = _root(likelihood.derivative, 0.0, likelihood.scale, -likelihood.scale)
    allowed = likelihood.excess_variance(slope, groups) * _quantile(groups) ** 2
    highest = likelihood.value(slope)

    def is_too_unlikely(other: float) -> float:
        return 2 * (highest - likelihood.value(other)) - allowed

    step = float(np.sqrt(allowed / likelihood.information(slope)))
    low, high = (_root(is_too_unlikely, slope, direction * step) for direction in (-1, 1))
    return Estimate(estimate=slope, low=low, high=high)


class _Likelihood:
    """The log-likelihood of a slope: a concave function of it.

    Attributes:
        scale: a slope at which probabilities change, for a first step.
    """

    def __init__(self, logits: np.ndarray, labels: np.ndarray) -> None:
        self._margins = logits - np.take_along_axis(logits, labels[:, None], axis=1)  # 0 for the true class
        spread = float(np.abs(self._margins).mean())
        self.scale = 1 / spread if spread else 1.0

    def require_maximum(self) -> None:
        """Check that a finite slope has the highest likelihood: not all photos are right, and not all are wrong.

        Raises:
            NoSlopeError: there is none.
        """
        if not self._margins.any():
            raise NoSlopeError("it has the same probability for all classes")
        if (self._margins <= 0).all():
            raise NoSlopeError("every photo is classified correctly, so no temperature is the most probable one")
        if (self._margins >= 0).all():
            raise NoSlopeError("the true class of every photo has the lowest probability")

    def value(self, slope: float) -> float:
        from scipy.special import logsumexp

        return float(-logsumexp(slope * self._margins, axis=1).sum())

    def _scores(self, slope: float) -> np.ndarray:
        from scipy.special import softmax

        return -(softmax(slope * self._margins, axis=1) * self._margins).sum(axis=1)

    def derivative(self, slope: float) -> float:
        return float(self._scores(slope).sum())

    def information(self, slope: float) -> float:
        from scipy.special import softmax

        squares = (softmax(slope * self._margins, axis=1) * self._margins**2).sum(axis=1)
        return float((squares - self._scores(slope) ** 2).sum())

    def excess_variance(self, slope: float, groups: np.ndarray) -> float:
        """Return the variance between groups as a multiple of that of independent photos, at least 1."""
        _, group = np.unique(groups, return_inverse=True)
        number = int(group.max()) + 1
        if number == len(groups):
            return 1.0
        if number == 1:
            raise NoSlopeError("all photos belong to one group")
        sums = np.bincount(group, weights=self._scores(slope))
        return max(1.0, float(number / (number - 1) * (sums**2).sum()) / self.information(slope))


def _quantile(groups: np.ndarray) -> float:
    """Return the quantile of a 95% interval: of the normal distribution, or of Student's t if groups repeat."""
    from scipy.stats import norm, t

    number = len(np.unique(groups))
    return float(norm.ppf(0.975) if number == len(groups) else t.ppf(0.975, number - 1))


def _root(function: Callable[[float], float], start: float, *steps: float) -> float:
    """Return where a function is 0; from `start` in steps that double, its sign changes in one of the directions."""
    from scipy.optimize import brentq

    distance = 1.0
    while True:
        for step in steps:
            end = start + distance * step
            if function(start) * function(end) <= 0:
                return float(brentq(function, start, end, xtol=1e-12, rtol=1e-12))
        distance *= 2
