"""The record of a training run."""

from pathlib import Path

from canigatti.files import sha256_of
from canigatti.training.device import device_name, versions
from canigatti.training.fitting import TrainingResult
from canigatti.training.machine import describe_machine
from canigatti.training.networks import trainable_parameters
from canigatti.training.precision import precision_of
from canigatti.training.records import TrainingRecord
from canigatti.training.starting import Start

BYTES_PER_PARAMETER = 4  # float32


def summarize(experiment: str, result: TrainingResult, start: Start, *, folder: Path, seconds: float) -> TrainingRecord:
    """Return the record of a training run.

    Args:
        experiment: name of the experiment.
        result: the training result.
        start: what the training run started from.
        folder: where model.keras and history.csv have been written.
        seconds: wall time of the job, without the epochs before an interruption.
    """
    parameters = result.model.count_params()
    return TrainingRecord(
        experiment=experiment,
        seed=result.job.seed,
        spec=result.job.spec,
        weights=start.origin,
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
        machine=describe_machine(),
        versions=versions(),
        inputs=start.inputs,
        history_sha256=sha256_of(folder / "history.csv"),
        model_sha256=sha256_of(folder / "model.keras"),
        precision=precision_of(result.job.spec) if result.job.spec.mixed_precision else None,
        gave_up=result.gave_up,
    )
