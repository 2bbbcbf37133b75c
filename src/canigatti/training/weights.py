"""The file with the initial weights of a backbone, which `fetch-weights` wrote."""

from pathlib import Path

from canigatti.config import Pretrained, Spec
from canigatti.files import InputError
from canigatti.training.model_files import verify_file
from canigatti.training.records import WeightsRecord


def read_weights(spec: Spec, weights: Path | None) -> WeightsRecord | None:
    """Verify the file with the weights of an experiment's backbone, and return its record.

    Args:
        spec: the experiment.
        weights: the file; None if the experiment starts with none.

    Returns:
        The record; None if the experiment starts with none.

    Raises:
        InputError: the experiment needs weights and there are none, or the other way round, or the file differs from
            its record.
    """
    needed = isinstance(spec.network, Pretrained) and spec.start_from is None
    check_option("--weights", weights, needed)
    if weights is None:
        return None
    record = WeightsRecord.read(weights_record(weights))
    verify_file(weights, record.sha256, "weights file")
    return record


def weights_record(weights: Path) -> Path:
    """Return the record of a file with weights, which is next to it."""
    return weights.with_name(weights.name.replace(".weights.h5", ".json"))


def check_option(option: str, received: Path | None, needed: bool) -> None:
    """Check that a command has an option if and only if its experiment needs it.

    Raises:
        InputError: it has not; the message names the option.
    """
    if (received is not None) != needed:
        raise InputError(f"expected {option if needed else f'no {option}'} for this experiment, received {received}")
