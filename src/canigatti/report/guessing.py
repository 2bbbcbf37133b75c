"""What always guessing the largest class would give, and whether an accuracy is shown to be better than that."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from canigatti.evaluation.intervals import accuracy_interval
from canigatti.evaluation.metrics import compute_metrics
from canigatti.evaluation.predictions import Predictions, logits_of
from canigatti.report.multireader import accuracy
from canigatti.report.ranking import Ranking
from canigatti.report.results import Run


@dataclass(frozen=True)
class Guess:
    """Always guessing the largest class of a test set.

    Attributes:
        split: name of the split.
        largest: name of the class with most test photos; None if several have as many.
        accuracy: fraction of the test photos in it, 0 to 1.
        value: the metric that ranks, for this guess; None if it is undefined, or a loss, which a guess without
            probabilities does not have.
    """

    split: str
    largest: str | None
    accuracy: float
    value: float | None


def guesses_of(runs: Sequence[Run], classes: Sequence[str], ranking: Ranking) -> dict[str, Guess]:
    """Return the guess for the test set of each split, by the split's name.

    Args:
        runs: of the study.
        classes: names of the classes, label 0 first.
        ranking: the metric that ranks.
    """
    firsts = {str(run.training.spec.split): run for run in reversed(runs)}
    splits = dict.fromkeys(str(run.training.spec.split) for run in runs)
    return {split: _guess(split, firsts[split].predictions, classes, ranking) for split in splits}


def _guess(split: str, predictions: Predictions, classes: Sequence[str], ranking: Ranking) -> Guess:
    counts = np.bincount(predictions.labels, minlength=len(classes))
    label, fraction = int(counts.argmax()), float(counts.max() / counts.sum())
    value = None if ranking.is_loss else fraction
    if not ranking.is_loss and not ranking.is_accuracy:
        value = getattr(compute_metrics(guess_predictions(predictions)), ranking.metric)
    return Guess(split, classes[label] if (counts == counts.max()).sum() == 1 else None, fraction, value)


def guess_subject(largest: str | None) -> str:
    """Return the subject of a sentence about a guess.

    Args:
        largest: name of the largest class; None if there are several.
    """
    return f"Always guessing {largest}, the largest class," if largest else "Always guessing the largest class"


def guess_note(guesses: Collection[Guess]) -> str:
    """Return a sentence on the accuracy of always guessing the largest class of the test set of each split."""
    accuracies = {guess.split: f"{100 * guess.accuracy:.1f}%" for guess in guesses}
    names = {guess.largest for guess in guesses}
    guess = guess_subject(names.pop() if len(names) == 1 else None)
    if len(set(accuracies.values())) == 1:
        return f"{guess} would be correct for {next(iter(accuracies.values()))} of the test photos."
    each = ", ".join(f"{accuracy} (split {split})" for split, accuracy in accuracies.items())
    return f"{guess} would be correct for {each} of the test photos."


def guess_predictions(predictions: Predictions) -> Predictions:
    """Return the predictions of always guessing the largest class of these photos; the first of equally large ones."""
    counts = np.bincount(predictions.labels, minlength=predictions.probabilities.shape[1])
    certain = np.tile(np.eye(len(counts))[counts.argmax()], (len(predictions), 1))
    return Predictions(predictions.ids, predictions.labels, certain, logits_of(certain))


def is_shown_better(correct: np.ndarray, groups: np.ndarray, guess: float) -> bool:
    """Return whether an experiment is shown to be more accurate than a guess: its 95% interval is above the guess.

    The experiment must not be chosen by these photos: the best of several on the test set is better than most guesses,
    also if all guess. In simulations (`tests/report/test_guessing.py`), experiments without any skill are called better
    in at most 5% of studies.

    Args:
        correct: (photos, seeds), whether each test photo is classified correctly.
        groups: (photos,), equal values belong together.
        guess: accuracy of the guess, 0 to 1.
    """
    return interval_of(correct, groups)[0] > guess


def interval_of(correct: np.ndarray, groups: np.ndarray) -> tuple[float, float]:
    """Return the 95% interval of an accuracy; with one seed, it is that of this trained network.

    Args:
        correct: (photos, seeds), whether each test photo is classified correctly.
        groups: (photos,), equal values belong together.
    """
    if correct.shape[1] == 1:
        return accuracy_interval(correct[:, 0], groups)
    interval = accuracy(correct, groups)
    return interval.low, interval.high
