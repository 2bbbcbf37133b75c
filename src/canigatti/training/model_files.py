"""Model files: Keras' own format, which any Keras loads, with class names and resize mode in the metadata."""

import copy
import json
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from canigatti.config import Resize
from canigatti.files import InputError, sha256_of
from canigatti.training.device import prepare_device

if TYPE_CHECKING:
    import keras

# A .keras file is a zip archive of config.json, model.weights.h5 and metadata.json. Keras does not read the metadata
# when it loads a model. A custom layer with the names could be loaded only where this package is installed, and Keras
# would take another file in the archive for an asset and extract the whole archive.
_METADATA = "metadata.json"
_CONFIG = "config.json"
_CLASSES, _RESIZE = "classes", "resize"
_MAX_METADATA_BYTES = 2**22  # a thousand names of a hundred characters take up to 1.2 MB
_MAX_CONFIG_BYTES = 2**26  # of the largest backbone, 2**18
_MAX_REASON_CHARACTERS = 300  # Keras appends the layer's whole configuration to some messages


def save_model(network: "keras.Model", path: Path, classes: Sequence[str], resize: Resize = "squeeze") -> None:
    """Write a model with its class names and resize mode, and without its optimizer, which is not needed afterwards.

    Args:
        network: the model.
        path: the file to write (.keras). While this function runs, the folder also holds a temporary copy of the model.
        classes: names of the classes, label 0 first.
        resize: how photos become the squares that the model takes.
    """
    import keras

    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        without_names = Path(folder, "model.keras")
        keras.Model(network.inputs, network.outputs, name=network.name).save(without_names)
        with zipfile.ZipFile(without_names) as source, zipfile.ZipFile(path, "w") as target:
            for member in source.infolist():
                if member.filename == _METADATA:
                    metadata = json.loads(source.read(member)) | {_CLASSES: classes, _RESIZE: resize}
                    target.writestr(copy.copy(member), json.dumps(metadata))
                else:
                    with source.open(member) as content, target.open(copy.copy(member), "w") as member_copy:
                        shutil.copyfileobj(content, member_copy, 2**20)


def read_classes(model: Path) -> tuple[str, ...]:
    """Return the names of the classes that :func:`save_model` wrote, label 0 first.

    Raises:
        InputError: the file cannot be read, or does not hold two or more names.
    """
    try:
        names = _read_metadata(model)[_CLASSES]
        if not isinstance(names, list) or len(names) < 2 or not all(isinstance(name, str) for name in names):
            raise ValueError(f"{json.dumps(names)[:_MAX_REASON_CHARACTERS]}")
    except Exception as error:  # damage raises zlib, struct, Unicode, JSON, key and other errors
        raise InputError(
            f"{model}: expected the names of two or more classes in the model's {_METADATA}, which `canigatti train` "
            f"writes there, received {type(error).__name__}: {error}"
        ) from None
    return tuple(names)


def read_resize(model: Path) -> Resize:
    """Return how photos become the squares that a model takes; files that are older than this setting mean squeeze.

    Args:
        model: a file whose classes :func:`read_classes` has read.

    Raises:
        InputError: the file holds another value than those of the configuration.
    """
    received, known = _read_metadata(model).get(_RESIZE, "squeeze"), get_args(Resize)
    if received not in known:
        raise InputError(
            f"{model}: expected one of {', '.join(known)} as {_RESIZE} in the model's {_METADATA}, received "
            f"{json.dumps(received)[:_MAX_REASON_CHARACTERS]}"
        )
    return received


def _read_metadata(model: Path) -> dict[str, Any]:
    with zipfile.ZipFile(model) as archive:
        if archive.getinfo(_METADATA).file_size > _MAX_METADATA_BYTES:
            raise ValueError(f"{_METADATA} of more than {_MAX_METADATA_BYTES:,} bytes")
        return json.loads(archive.read(_METADATA))


def load_model(model: Path, sha256: str | None) -> "keras.Model":
    """Load a model after verifying its file.

    Keras' safe mode stays on, so that a file with arbitrary code is rejected.

    Args:
        model: the .keras file.
        sha256: the file's expected SHA-256, from the run.json next to it; None if there is none.

    Returns:
        A model that takes uint8 photos (batch, size, size, 3 or 1) and returns probabilities: (batch, 1) for two
        classes, (batch, classes) for more. It is not compiled.

    Raises:
        InputError: the file is missing, damaged or modified, this Keras cannot load it, or its inputs or outputs differ
            from those of the study's models.
    """
    if sha256 is None:
        _verify_archive(model)
    else:
        verify_file(model, sha256, "model file")
    prepare_device()
    import keras

    try:
        network = keras.saving.load_model(model, compile=False, safe_mode=True)
    except Exception as error:  # the type depends on the damage
        message = f"expected a model that Keras {keras.__version__} loads, received {_reason(error)}"
        raise InputError(f"{model}: {message}") from error
    _check_signature(model, network)
    return network


def _verify_archive(model: Path) -> None:
    """Verify the checksums in the archive, which Keras does not verify for all of its content."""
    try:
        if model.exists() and not model.is_file():
            raise OSError(None, "not a regular file")
        with zipfile.ZipFile(model) as archive:
            problem = _oversized(archive, model.stat().st_size)
            if not problem and (damaged := archive.testzip()):
                problem = f"one whose {damaged} is damaged"
    except OSError as error:
        raise InputError(f"{model}: the model file cannot be read ({error.strerror or error})") from None
    except Exception as error:  # besides BadZipFile, damage raises struct, Unicode, zlib and other errors
        problem = f"none, or an incomplete one ({error})"
    if problem:
        raise InputError(f"{model}: expected a model file that Keras wrote (.keras), received {problem}")


def _oversized(archive: zipfile.ZipFile, packed: int) -> str | None:
    """Return what is wrong with an archive that would fill the memory; Keras stores weights uncompressed."""
    unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > 10 * packed + _MAX_CONFIG_BYTES:
        return f"one of {packed:,} bytes that unpacks to {unpacked:,}"
    for member in archive.infolist():
        if member.filename == _CONFIG and member.file_size > _MAX_CONFIG_BYTES:
            return f"one whose {_CONFIG} has {member.file_size:,} bytes, more than {_MAX_CONFIG_BYTES:,}"
    return None


def verify_file(path: Path, sha256: str, kind: str) -> None:
    """Verify the SHA-256 of a file that a job of the study wrote.

    Args:
        path: the file.
        sha256: its expected SHA-256, from the record next to it.
        kind: what the message calls the file, such as `model file`.

    Raises:
        InputError: the file cannot be read, or was modified; the message describes how to recreate it.
    """
    try:
        received = sha256_of(path)
    except OSError as error:
        raise InputError(f"{path}: the {kind} cannot be read ({error.strerror}); {_remedy(path)}") from None
    if received != sha256:
        raise InputError(
            f"{path}: the {kind} is corrupt: expected SHA-256 {sha256}, received {received}; {_remedy(path)}"
        )


def _remedy(path: Path) -> str:
    """Return how to recreate a file; Snakemake identifies targets by their path relative to its working directory."""
    absolute = path.absolute()
    if not absolute.is_relative_to(Path.cwd()):
        return "delete it and copy it again from its source"
    target = absolute.relative_to(Path.cwd())
    return (
        f"delete it and recreate it with `snakemake {target} --cores 1 --resources gpu=1`, adding the --configfile of "
        "its study unless that is config/full.yaml"
    )


def _check_signature(path: Path, network: object) -> None:
    inputs, outputs = ([*(getattr(network, name, None) or ())] for name in ("inputs", "outputs"))
    if [*map(_is_photos, inputs)] != [True] or [*map(_is_probabilities, outputs)] != [True]:
        raise InputError(
            f"{path}: expected a model that takes uint8 (batch, size, size, 3 or 1) and returns one probability "
            f"(batch, 1) or those of three or more classes (batch, classes), received one that takes "
            f"{_signature(inputs)} and returns {_signature(outputs)}"
        )


def _reason(error: Exception) -> str:
    """Return the cause in an error message of Keras, without the configuration that Keras quotes around it."""
    innermost = str(error).rpartition("Exception encountered: ")[2]
    return " ".join(innermost.split())[:_MAX_REASON_CHARACTERS] or type(error).__name__


def _is_photos(tensor: "keras.KerasTensor") -> bool:
    _, *shape = tensor.shape
    return tensor.dtype == "uint8" and len(shape) == 3 and shape[0] == shape[1] is not None and shape[2] in (1, 3)


def _is_probabilities(tensor: "keras.KerasTensor") -> bool:
    _, *shape = tensor.shape
    return len(shape) == 1 and (shape[0] == 1 or (shape[0] or 0) >= 3)


def _signature(tensors: "list[keras.KerasTensor]") -> str:
    return " and ".join(f"{tensor.dtype} {tensor.shape}" for tensor in tensors) or "nothing"
