"""Trained models as files."""

from pathlib import Path
from typing import TYPE_CHECKING

from canigatti.files import InputError, sha256_of, written_whole
from canigatti.training.device import prepare_device

if TYPE_CHECKING:
    import keras


def save_model(model: "keras.Model", path: Path) -> None:
    """Write a model without its optimizer, whose state is as large as the weights and of no use afterwards."""
    import keras

    with written_whole(path) as temporary:
        keras.Model(model.inputs, model.outputs, name=model.name).save(temporary)


def load_model(model: Path, sha256: str) -> "keras.Model":
    """Load a model whose file is still the one that training wrote.

    Keras' safe mode stays on: a file that brings code of its own is refused.

    Args:
        model: the .keras file.
        sha256: what the file's SHA-256 must be, from the run.json beside it.

    Raises:
        InputError: the file is missing, cannot be read, has changed, or holds no model that this Keras can load.
    """
    _refuse_changed(model, sha256)
    import keras

    prepare_device()
    try:
        return keras.saving.load_model(model, compile=False, safe_mode=True)
    except (OSError, TypeError, ValueError) as error:
        raise InputError(f"{model}: expected a model that Keras {keras.__version__} loads, received {error}") from error


def _refuse_changed(model: Path, sha256: str) -> None:
    try:
        received = sha256_of(model)
    except OSError as error:
        raise InputError(f"{model}: the model file cannot be read ({error.strerror}); {_remedy(model)}") from None
    if received != sha256:
        raise InputError(
            f"{model}: the model file is corrupt: expected SHA-256 {sha256}, received {received}; {_remedy(model)}"
        )


def _remedy(model: Path) -> str:
    """How to make the model again; Snakemake knows its targets by their path from the folder it runs in."""
    target = model.relative_to(Path.cwd()) if model.is_relative_to(Path.cwd()) else model
    return f"delete it and make it again with the study's `snakemake --cores 1 --resources gpu=1 {target}`"
