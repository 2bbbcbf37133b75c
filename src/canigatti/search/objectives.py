"""The objectives of a search: which epoch, and which trial, is best."""

from typing import Any

import pandas as pd

from canigatti.config import Objective


def index_of_best(scores: pd.Series, objective: Objective) -> Any:
    """Return the index of the best score: the highest accuracy or the lowest loss, and the first of equal scores.

    Args:
        scores: values of the objective.
        objective: `val_accuracy` or `val_loss`.
    """
    return scores.idxmin() if objective == "val_loss" else scores.idxmax()
