"""Divergence: a training run whose loss becomes infinite or NaN."""

import math
from collections.abc import Mapping

LOSSES = ("loss", "val_loss")


def describe_divergence(row: Mapping[str, float]) -> str | None:
    """Return a message if a loss of an epoch is infinite or NaN, and None otherwise.

    Args:
        row: the epoch's row of the history.
    """
    if all(math.isfinite(row[name]) for name in LOSSES):
        return None
    return (
        f"the training diverged in epoch {row['epoch']:.0f} (loss {row['loss']}, val_loss {row['val_loss']}); "
        "a lower learning rate may help"
    )
