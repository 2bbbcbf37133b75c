"""The record of a training run."""

from pathlib import Path

from canigatti.files import sha256_of
from canigatti.training.device import device_name, versions
from canigatti.training.fitting import TrainingResult
from canigatti.training.networks import trainable_parameters
from canigatti.training.records import Origin, TrainingRecord

BYTES_PER_PARAMETER = 4  # float32


def summarize(
    experiment: str, result: TrainingResult, origin: Origin | None, *, model: Path, seconds: float
) -> TrainingRecord:
    """Return the record of a training run.

    Args:
        experiment: name of the experiment.
        result: the training result.
        origin: origin of the backbone's initial weights; None for a network without a backbone.
        model: the saved model.
        seconds: wall time of the job, without the epochs before an interruption.
    """
    parameters = result.model.count_params()
    return TrainingRecord(
        experiment=experiment,
        seed=result.job.seed,
        spec=result.job.spec,
        weights=origin,
        wall_seconds=result.earlier_seconds + seconds,
        status="diverged" if result.divergence else "completed",
        parameters=parameters,
        trainable_parameters=trainable_parameters(result.model),
        weight_mb=parameters * BYTES_PER_PARAMETER / 2**20,
        best_epoch=result.best_epoch,
        epochs=len(result.history),
        seconds_per_epoch=float(result.history["seconds"].median()),
        resumed_after=result.resumed_after,
        device=device_name(),
        versions=versions(),
        model_sha256=sha256_of(model),
    )
