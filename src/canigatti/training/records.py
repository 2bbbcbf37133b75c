"""What is told of a training once it is done."""

from typing import Any

from canigatti.training.device import device_name, versions
from canigatti.training.fitting import Fit
from canigatti.training.networks import trainable_parameters

BYTES_A_PARAMETER = 4  # float32


def describe(fit: Fit) -> dict[str, Any]:
    """The entries of run.json that come of the training itself.

    Returns:
        status, `completed` or `diverged`; parameters and trainable_parameters; weight_mb, of 2^20 bytes; best_epoch,
        counted from 1, or 0 if none ended well; epochs, how many were run; seconds_per_epoch, their median;
        resumed_after, the epochs after which it was cut off and went on; device; versions of what decides a result.
    """
    return {
        "status": "diverged" if fit.divergence else "completed",
        "parameters": fit.model.count_params(),
        "trainable_parameters": trainable_parameters(fit.model),
        "weight_mb": fit.model.count_params() * BYTES_A_PARAMETER / 2**20,
        "best_epoch": fit.best_epoch,
        "epochs": len(fit.history),
        "seconds_per_epoch": float(fit.history["seconds"].median()),
        "resumed_after": list(fit.resumed_after),
        "device": device_name(),
        "versions": versions(),
    }
