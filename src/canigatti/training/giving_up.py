"""Giving up: the end of a training run whose validation accuracy does not show that it learns."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from canigatti.config import Spec

if TYPE_CHECKING:
    import keras

    from canigatti.training.checkpoint import Rows

_LEVEL = 0.05  # of the test


def is_no_better_than_guessing(accuracies: Sequence[float], labels: np.ndarray) -> bool:
    """Return whether no accuracy is significantly higher than that of always guessing the largest class.

    The test is the exact binomial test, one-sided, at 5%: how often does a guess classify as many photos correctly? It
    is not corrected for the number of epochs, which favors the training: to train a network that only guesses costs
    time, to give up one that learns costs the result.

    Args:
        accuracies: on the validation set, one per epoch, 0 to 1.
        labels: of the validation set, (n, 1).
    """
    from scipy.stats import binom  # takes half a second, which most training runs do not need

    _, counts = np.unique(labels, return_counts=True)
    correct = round(max(accuracies) * len(labels))
    return bool(binom.sf(correct - 1, len(labels), counts.max() / len(labels)) >= _LEVEL)


def gives_up(spec: Spec, rows: "Rows", labels: np.ndarray) -> bool:
    """Return whether a training run ends after these epochs because it does not learn.

    Args:
        spec: the experiment.
        rows: rows of the history so far, see :data:`canigatti.training.records.HISTORY`.
        labels: of the validation set, (n, 1).
    """
    if len(rows) != spec.early_stopping.give_up_after or len(rows) >= spec.epochs:
        return False
    return is_no_better_than_guessing([row["val_accuracy"] for row in rows], labels)


def giving_up_callback(
    model: "keras.Model", spec: Spec, rows: "Rows", labels: np.ndarray
) -> "keras.callbacks.Callback | None":
    """Return the callback of an experiment that may give up; None for all others.

    Args:
        model: the network that is trained.
        spec: the experiment.
        rows: rows of the history, to which a callback before this one adds each epoch.
        labels: of the validation set, (n, 1).
    """
    import keras

    if spec.early_stopping.give_up_after is None:
        return None

    def check(epoch: int, logs: dict[str, float]) -> None:
        if gives_up(spec, rows, labels):
            print(
                f"giving up: in {len(rows)} epochs, the validation accuracy was not significantly better than guessing",
                flush=True,
            )
            model.stop_training = True

    return keras.callbacks.LambdaCallback(on_epoch_end=check)
