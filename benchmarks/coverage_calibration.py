"""Simulations with a known truth: temperatures, calibration errors and promised errors hold at the rates they name."""

from collections.abc import Iterator

import numpy as np
from measure import Row
from scipy.special import expit

from canigatti.evaluation.abstention import candidates, choose
from canigatti.evaluation.calibration import calibration_error, equal_mass_bins
from canigatti.evaluation.predictions import Predictions, as_logits, softmax
from canigatti.evaluation.records import Temperature
from canigatti.evaluation.temperature import NoSlopeError, fit_temperature

RUNS = 1000
_TRUE, _PHOTOS, _COPIES = 2.0, 400, 4


def rows(runs: int = RUNS) -> list[Row]:
    """Return the measured rows of all simulations.

    Args:
        runs: of each simulation.
    """
    return [*temperatures(runs), *errors(runs), *promises(runs)]


def temperatures(runs: int) -> Iterator[Row]:
    """Networks that are twice as certain as they are right; also with photos in groups of four copies."""
    cases = {"two classes": (2, 1), "five classes": (5, 1), "two classes, groups of 4": (2, _COPIES)}
    for name, (classes, copies) in cases.items():
        fitted = [_fit(classes, copies, np.random.default_rng([seed, 1])) for seed in range(runs)]
        median = float(np.median([one.value for one in fitted]))
        covered = np.mean([one.low <= _TRUE <= (np.inf if one.high is None else one.high) for one in fitted])
        yield _between(f"temperature, true 2, {name}: median", median, (1.94, 2.06))
        yield _between(f"temperature, true 2, {name}: interval covers", 100 * float(covered), (93, 97), "%")


def _fit(classes: int, copies: int, generator: np.random.Generator) -> Temperature:
    while True:
        logits = as_logits(generator.normal(0, 3, (_PHOTOS, 1 if classes == 2 else classes)))
        labels = _labels(softmax(logits / _TRUE), generator)
        try:
            return fit_temperature(
                *(np.repeat(values, copies, axis=0) for values in (logits, labels, np.arange(_PHOTOS)))
            )
        except NoSlopeError:  # a sample without errors has no temperature
            continue


def _labels(probabilities: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    above = generator.uniform(size=(len(probabilities), 1)) > probabilities.cumsum(axis=1)
    return above.sum(axis=1).clip(max=probabilities.shape[1] - 1)


def errors(runs: int) -> Iterator[Row]:
    """Calibrated probabilities of 80 and of 1,000 photos."""
    for photos in (80, 1000):
        found, plain, within = [], [], 0
        for seed in range(runs):
            generator = np.random.default_rng([seed, 2])
            stated = expit(generator.normal(0, 2, photos))
            true = generator.uniform(size=photos) < stated
            error = calibration_error(stated, true, np.arange(photos))
            found.append(error.squared)
            within += abs(error.squared) <= 2 * error.standard_error
            plain.append(_plain_error(stated, true))
        deviations = abs(float(np.mean(found))) / (float(np.std(found)) / np.sqrt(runs))
        detail = f"root mean square of the plain error {100 * np.mean(plain) ** 0.5:.1f} points"
        name = f"calibration error of calibrated probabilities, {photos:,} photos"
        yield _between(f"{name}: standard errors of the mean from 0", deviations, (0, 2), detail=detail)
        yield _between(f"{name}: 0 within two standard errors", 100 * within / runs, (93, 100), "%")


def _plain_error(stated: np.ndarray, true: np.ndarray) -> float:
    bins = equal_mass_bins(stated)
    sums = np.bincount(bins, weights=stated - true)
    return float((sums**2 / np.bincount(bins)).sum() / len(stated))


def promises(runs: int) -> Iterator[Row]:
    """Networks whose true error is known for each threshold; photos of a group have the same result."""
    for name, copies in (("single photos", 1), ("groups of 3", 3), ("groups of 1 to 20", 0)):
        for max_error in (0.05, 0.01):
            broken, naive, made = _broken_promises(runs, copies, max_error)
            title = f"promised error {100 * max_error:.0f}%, {name}"
            detail = f"promise made in {100 * made:.0f}% of runs; naive choice above in {100 * naive:.1f}%"
            yield _between(f"{title}: true error above", 100 * broken, (0, 5), "%", detail)


def _broken_promises(runs: int, copies: int, max_error: float) -> tuple[float, float, float]:
    """Return the fractions of runs with a true error above the promised one, of those by the naive choice, and made."""
    certain = np.sort(np.abs(np.random.default_rng(3).normal(0, 5, 1_000_000)))
    above = np.cumsum(expit(-certain)[::-1])[::-1] / np.arange(len(certain), 0, -1)
    broken = naive = made = 0
    for seed in range(runs):
        generator = np.random.default_rng([seed, 3])
        sizes = np.full(1000, copies) if copies else np.minimum(20, generator.geometric(0.4, 1000))
        logit = generator.normal(0, 5, 1000)
        values = logit, (generator.uniform(size=1000) < expit(logit)).astype(int), np.arange(1000)
        logit, labels, groups = (np.repeat(value, sizes) for value in values)
        logits = as_logits(logit[:, None])
        found = candidates(Predictions(groups, labels, softmax(logits), logits), groups)
        if chosen := choose(found, max_error):
            made += 1
            broken += above[np.searchsorted(certain, chosen.threshold)] > max_error
        allowed = [one.threshold for one in found if one.errors <= max_error * one.answered]
        naive += bool(allowed) and above[np.searchsorted(certain, allowed[-1])] > max_error
    return broken / runs, naive / runs, made / runs


def _between(name: str, value: float, limits: tuple[float, float], unit: str = "", detail: str = "") -> Row:
    low, high = limits
    met = bool(low <= value <= high)
    return Row(name, f"{value:.3g} {unit}".strip(), f"{low:g} to {high:g} {unit}".strip(), met, detail)


if __name__ == "__main__":
    for row in rows():
        print(row, flush=True)
