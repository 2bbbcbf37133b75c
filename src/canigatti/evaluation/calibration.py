"""Calibration: whether probabilities are as certain as they are right, before and after temperature scaling."""

from dataclasses import dataclass

import numpy as np

from canigatti.evaluation.abstention import MAX_ERRORS, candidates, operating_point, risk_coverage
from canigatti.evaluation.predictions import Predictions, softmax
from canigatti.evaluation.records import Calibration, CalibrationError, Estimate, ProbabilityMetrics, Temperature
from canigatti.evaluation.temperature import NoSlopeError, fit_slope, fit_temperature

_MAX_BINS, _PHOTOS_PER_BIN = 15, 20


@dataclass(frozen=True)
class Sample:
    """Photos with their predictions and groups.

    Attributes:
        predictions: of n photos, at least one.
        groups: (n,), equal values belong together: the groups are the independent units, not the photos.
    """

    predictions: Predictions
    groups: np.ndarray

    @property
    def is_finite(self) -> bool:
        """Whether all logits are finite numbers."""
        return bool(np.isfinite(self.predictions.logits).all())


def calibrate(validation: Sample, test: Sample, model_sha256: str, diverged: bool) -> Calibration:
    """Fit temperature and thresholds on the validation set, and measure on the test set what they achieve.

    Args:
        validation: the validation set.
        test: the test set.
        model_sha256: of the model file.
        diverged: whether its training diverged; it gets no temperature then.
    """
    is_finite = validation.is_finite and test.is_finite
    fitted = _temperature_of(validation, is_finite, diverged)
    temperature = fitted if isinstance(fitted, Temperature) else None
    found = candidates(validation.predictions, validation.groups) if is_finite else ()
    return Calibration(
        model_sha256=model_sha256,
        validation_photos=len(validation.predictions),
        validation_groups=len(np.unique(validation.groups)),
        test_photos=len(test.predictions),
        temperature=temperature,
        reason=None if isinstance(fitted, Temperature) else fitted,
        before=measure(test) if is_finite else None,
        after=measure(test, temperature.value) if temperature else None,
        gain=_gain(test, temperature.value) if temperature else None,
        area=float(risk_coverage(test.predictions)[1].mean()) if is_finite else None,
        candidates=found,
        points=tuple(operating_point(found, test.predictions, error) for error in MAX_ERRORS) if is_finite else (),
    )


def _temperature_of(validation: Sample, is_finite: bool, diverged: bool) -> Temperature | str:
    """Return the temperature, or why there is none."""
    if diverged:
        return "its training diverged"
    if not is_finite:
        return "its logits are infinite"
    try:
        return fit_temperature(validation.predictions.logits, validation.predictions.labels, validation.groups)
    except NoSlopeError as error:
        return str(error)


def _gain(test: Sample, temperature: float) -> Estimate | None:
    return mean_over_groups(losses(test.predictions) - losses(test.predictions, temperature), test.groups)


def measure(sample: Sample, temperature: float = 1.0) -> ProbabilityMetrics:
    """Measure how good the probabilities of a sample are.

    Args:
        sample: the photos, with finite logits.
        temperature: by which the logits are divided.
    """
    predictions = sample.predictions
    probabilities = softmax(predictions.logits / temperature)
    squares = (probabilities - np.eye(probabilities.shape[1])[predictions.labels]) ** 2
    try:
        slope = fit_slope(predictions.logits / temperature, predictions.labels, sample.groups)
    except NoSlopeError:
        slope = None
    return ProbabilityMetrics(
        log_loss=float(losses(predictions, temperature).mean()),
        brier=float(squares.sum(axis=1).mean()) / (2 if probabilities.shape[1] == 2 else 1),
        slope=slope,
        error=calibration_error(*stated_and_true(predictions, temperature), sample.groups),
    )


def losses(predictions: Predictions, temperature: float = 1.0) -> np.ndarray:
    """Return the cross-entropy of each photo in nats, (n,), from its logits divided by the temperature."""
    from scipy.special import logsumexp

    scaled = predictions.logits / temperature
    return logsumexp(scaled, axis=1) - np.take_along_axis(scaled, predictions.labels[:, None], axis=1)[:, 0]


def stated_and_true(predictions: Predictions, temperature: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Return a probability of each photo, and whether it came true: two arrays (n,), float64 and bool.

    Of two classes: the probability of class 1, and whether the photo belongs to it. Of more: that of the most probable
    class, and whether the photo belongs to it (top-label calibration; Kumar et al. 2019).
    """
    probabilities = softmax(predictions.logits / temperature)
    if probabilities.shape[1] == 2:
        return probabilities[:, 1], predictions.labels == 1
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == predictions.labels


def equal_mass_bins(stated: np.ndarray) -> np.ndarray:
    """Divide photos by their probability into bins with about the same number of photos, at most fifteen.

    Photos of the same probability are in the same bin: their order may depend on their class.

    Args:
        stated: (n,), probabilities.

    Returns:
        The bin of each photo, (n,), from 0; every bin has a photo.
    """
    count = int(np.clip(len(stated) // _PHOTOS_PER_BIN, 1, _MAX_BINS))
    edges = np.quantile(stated, np.arange(1, count) / count)
    return np.unique(np.searchsorted(edges, stated, side="left"), return_inverse=True)[1]


def calibration_error(stated: np.ndarray, true: np.ndarray, groups: np.ndarray) -> CalibrationError:
    """Estimate the mean squared difference of probabilities and the fractions that they predict, without bias.

    The usual calibration error is above 0 for calibrated probabilities too, because the fraction in a bin of few photos
    is random. The estimate of Kumar et al. (2019, section 5) subtracts the variance of the mean difference from its
    square in each equal-mass bin. The variance is that between groups of photos here; if each photo is its own group,
    it is the sample variance of the differences divided by their number. The standard error is that of a sum of squares
    of normal means. A bin with one group, which tells nothing about chance, contributes 0.

    Args:
        stated: (n,), probabilities.
        true: (n,), whether what they state is true.
        groups: (n,), equal values belong together.
    """
    bins, differences = equal_mass_bins(stated), stated - true
    inside = [bins == number for number in range(int(bins.max()) + 1)]
    means, variances = np.transpose([_mean_and_variance(differences[mask], groups[mask]) for mask in inside])
    weights, squares = np.bincount(bins) / len(bins), means**2 - variances
    by_chance = float((weights**2 * 2 * variances**2).sum())
    variance = by_chance + max(0.0, float((weights**2 * 4 * squares * variances).sum()))
    return CalibrationError(
        squared=float((weights * squares).sum()), standard_error=float(np.sqrt(variance)), bins=len(weights)
    )


def mean_over_groups(values: np.ndarray, groups: np.ndarray) -> Estimate | None:
    """Return the mean of a value of each photo with its 95% interval, Student's t over groups; None for one group.

    Args:
        values: (n,).
        groups: (n,), equal values belong together.
    """
    from scipy.stats import t

    number = len(np.unique(groups))
    if number == 1:
        return None
    mean, variance = _mean_and_variance(values, groups)
    half = float(t.ppf(0.975, number - 1) * np.sqrt(variance))
    return Estimate(estimate=mean, low=mean - half, high=mean + half)


def _mean_and_variance(values: np.ndarray, groups: np.ndarray) -> tuple[float, float]:
    """Return a mean and its variance between groups, by linearization; for one group, its square is the variance."""
    mean = float(values.mean())
    _, group = np.unique(groups, return_inverse=True)
    number = int(group.max()) + 1
    if number == 1:
        return mean, mean**2
    sums = np.bincount(group, weights=values - mean)
    return mean, float(number / (number - 1) * (sums**2).sum()) / len(values) ** 2
