"""Answers with a promised error: a network answers for photos that it is certain enough of, and is unsure of others.

The certainty of a prediction is the log-odds of the predicted class, from the logits; of two classes, the absolute
logit. It does not depend on the temperature, which is fitted on the same photos.
"""

import math

import numpy as np

from canigatti.evaluation.predictions import Predictions
from canigatti.evaluation.records import Candidate, OperatingPoint

CONFIDENCE = 0.95  # of a promise
MAX_ERRORS = (0.05, 0.02, 0.01)  # that the page promises
_STEPS = 50  # candidates from 2% to 100% of the validation photos


def certainty(logits: np.ndarray) -> np.ndarray:
    """Return the log-odds of the most probable class of each photo, (n,).

    Args:
        logits: (n, classes), finite.
    """
    from scipy.special import logsumexp

    ordered = np.sort(logits, axis=1)
    return ordered[:, -1] - logsumexp(ordered[:, :-1], axis=1)


def candidates(predictions: Predictions, groups: np.ndarray) -> tuple[Candidate, ...]:
    """Return the thresholds that a promise may use, the highest first, with their errors among validation photos.

    Thresholds are at fixed fractions of the photos, so they do not depend on which ones are classified correctly.

    The bound is that of Clopper and Pearson (1934) for the true error of the answers. Photos of a group count as if
    they had all the same result, which is the least information that they can contain: n²/Σm² independent photos for
    groups of m photos (Kish 1965), rounded down, with the observed fraction of errors, rounded up to a number of these.

    Args:
        predictions: of the validation set, with finite logits.
        groups: (n,), equal values belong together.
    """
    certain, wrong, n = certainty(predictions.logits), ~predictions.correct, len(predictions)
    order = np.argsort(-certain, kind="stable")
    descending = certain[order]
    ranks = np.unique(np.ceil(np.arange(1, _STEPS + 1) * n / _STEPS).astype(int))
    # All photos of the same certainty are answered, or none.
    answered = np.unique(np.searchsorted(-descending, -descending[ranks - 1], side="right"))
    errors, independent = np.cumsum(wrong[order]), _independent(groups[order])
    found = []
    for count in answered.tolist():
        units = math.floor(independent[count - 1])
        wrong_units = math.ceil(int(errors[count - 1]) * units / count)
        found.append(
            Candidate(
                threshold=float(descending[count - 1]),
                answered=count,
                errors=int(errors[count - 1]),
                independent=units,
                bound=upper_bound(wrong_units, units),
            )
        )
    return tuple(found)


def upper_bound(errors: int, n: int) -> float:
    """Return the one-sided 95% upper bound of Clopper and Pearson (1934) of a fraction, 0 to 1.

    Args:
        errors: among `n` independent photos.
        n: at least 1.
    """
    from scipy.stats import beta

    return 1.0 if errors >= n else float(beta.ppf(CONFIDENCE, errors + 1, n - errors))


def choose(found: tuple[Candidate, ...], max_error: float) -> Candidate | None:
    """Return the candidate that answers most photos with a promised error; None if no candidate can promise it.

    Candidates are tested in a fixed sequence from the most certain photos on, and the first one whose bound exceeds the
    promised error ends it (fixed-sequence testing, Maurer et al. 1995; for thresholds of a network, Angelopoulos et al.
    2021). So all tests together err in at most 5% of the validation sets, with no correction for their number. The
    sequence starts where enough photos are answered for a promise, if none of these answers is wrong.

    Args:
        found: see :func:`candidates`; all of one validation set.
        max_error: the largest fraction of wrong answers, above 0 and below 1.
    """
    chosen = None
    for candidate in _sequence(found, max_error):
        if candidate.bound > max_error:
            break
        chosen = candidate
    return chosen


def photos_needed(found: tuple[Candidate, ...], max_error: float) -> int | None:
    """Return the number of validation photos for a promise, if the fraction of errors stays as observed.

    Args:
        found: see :func:`candidates`.
        max_error: the largest fraction of wrong answers.

    Returns:
        The smallest number over the candidates that need more photos than there are; None if no number would be enough,
        because among the photos that the network is most certain of, the fraction of errors is larger than promised.
    """
    total = max((candidate.answered for candidate in found), default=0)
    needed = [
        math.ceil(_independent_needed(candidate.errors / candidate.answered, max_error) * total / candidate.independent)
        for candidate in found
        if candidate.errors / candidate.answered < max_error
    ]
    # A candidate that needs fewer is allowed by its own bound, but the sequence ends before it.
    return min((number for number in needed if number > total), default=None)


def operating_point(found: tuple[Candidate, ...], test: Predictions, max_error: float) -> OperatingPoint:
    """Return what a promise means for a network: how many photos it answers, and how many answers are wrong.

    Args:
        found: candidates of the validation set, see :func:`candidates`.
        test: predictions of the test set.
        max_error: the promised error.
    """
    chosen = choose(found, max_error)
    answered = certainty(test.logits) >= (chosen.threshold if chosen else math.inf)
    return OperatingPoint(
        max_error=max_error,
        chosen=chosen,
        answered=int(answered.sum()),
        errors=int((answered & ~test.correct).sum()),
        needed=None if chosen else photos_needed(found, max_error),
    )


def risk_coverage(predictions: Predictions) -> tuple[np.ndarray, np.ndarray]:
    """Return the curve of the fraction of wrong answers over the fraction of answered photos, the most certain first.

    Photos of the same certainty are answered in random order, so the curve is the mean over these orders.

    Args:
        predictions: with finite logits, of at least one photo.

    Returns:
        Coverage and risk, (n,) each, 0 to 1.
    """
    certain, n = certainty(predictions.logits), len(predictions)
    _, block, sizes = np.unique(-certain, return_inverse=True, return_counts=True)
    wrong = np.bincount(block, weights=~predictions.correct)
    numbers = np.arange(1, n + 1)
    return numbers / n, np.cumsum(np.repeat(wrong / sizes, sizes)) / numbers


def describe_refusal(found: tuple[Candidate, ...], max_error: float) -> str:
    """Return why a promise cannot be made, as a sentence without a period.

    Args:
        found: candidates for which :func:`choose` returns None.
        max_error: the promised error.
    """
    promise = f"an error of at most {100 * max_error:.3g}% cannot be promised"
    if not found:
        return f"{promise}: its logits are infinite"
    needed, total = photos_needed(found, max_error), max(one.answered for one in found)
    if not (tested := _sequence(found, max_error)):
        independent = max(one.independent for one in found)
        least = math.ceil(_independent_needed(0, max_error) * total / independent)
        return f"{promise} with so few validation photos: it needs at least {least:,}, and there are {total:,}"
    if needed is None:
        first = tested[0]
        return f"{promise}: {first.errors:,} of the {first.answered:,} most certain validation photos are wrong"
    return f"{promise} with {total:,} validation photos: with as few errors among them it needs about {needed:,}"


def _sequence(found: tuple[Candidate, ...], max_error: float) -> list[Candidate]:
    least = _independent_needed(0, max_error)
    return [candidate for candidate in found if candidate.independent >= least]


def _independent_needed(fraction: float, max_error: float) -> int:
    """Return the smallest number of independent photos with a bound of at most `max_error`, for this error fraction."""
    low, high = 0, 1
    while upper_bound(math.ceil(fraction * high), high) > max_error:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if upper_bound(math.ceil(fraction * middle), middle) <= max_error else (middle, high)
    return high


def _independent(groups: np.ndarray) -> np.ndarray:
    """Return n²/Σm² of the first n photos, for every n, (n,): the least number of independent photos in them."""
    import pandas as pd

    earlier = pd.Series(groups).groupby(groups).cumcount().to_numpy()  # photos of the same group before each photo
    return np.arange(1, len(groups) + 1) ** 2 / np.cumsum(2 * earlier + 1)
