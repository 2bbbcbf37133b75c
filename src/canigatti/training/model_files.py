"""A trained model's file: Keras' own, which any Keras loads, with the names of the two classes in its metadata."""

import copy
import json
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from canigatti.files import InputError, sha256_of
from canigatti.training.device import prepare_device

if TYPE_CHECKING:
    import keras

# A .keras file is a zip of config.json, model.weights.h5 and metadata.json, from which Keras reads nothing when it
# loads. A layer or model of our own that holds the names could be loaded only where this package is installed; a
# member of our own in the zip makes Keras take it for an archive with assets, and unpack it whole.
_METADATA = "metadata.json"
_KEY = "classes"
_MOST_METADATA = 2**20  # bytes; Keras writes 64
_LONGEST_REASON = 300  # characters; Keras adds the layer's whole configuration to some


def save_model(network: "keras.Model", path: Path, classes: Sequence[str]) -> None:
    """Write a model with the names of its classes, and without its optimizer, whose state is of no use afterwards.

    Args:
        network: the model.
        path: the file to write (.keras); its folder holds a second one for a moment.
        classes: names of the classes 0 and 1.
    """
    import keras

    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        plain = Path(folder, "model.keras")
        keras.Model(network.inputs, network.outputs, name=network.name).save(plain)
        with zipfile.ZipFile(plain) as source, zipfile.ZipFile(path, "w") as target:
            for member in source.infolist():
                if member.filename == _METADATA:
                    metadata = json.loads(source.read(member)) | {_KEY: classes}
                    target.writestr(copy.copy(member), json.dumps(metadata))
                else:
                    with source.open(member) as content, target.open(copy.copy(member), "w") as copied:
                        shutil.copyfileobj(content, copied, 2**20)


def read_classes(model: Path) -> tuple[str, str]:
    """The names of the classes 0 and 1 that :func:`save_model` wrote.

    Raises:
        InputError: the file cannot be read, or holds no such names.
    """
    try:
        with zipfile.ZipFile(model) as archive:
            if archive.getinfo(_METADATA).file_size > _MOST_METADATA:
                raise ValueError(f"{_METADATA} of more than {_MOST_METADATA:,} bytes")
            first, second = json.loads(archive.read(_METADATA))[_KEY]
    except Exception as error:  # damage shows as zlib, struct, Unicode, JSON, key and other errors
        raise InputError(
            f"{model}: expected the names of two classes in the model's {_METADATA}, where `canigatti train` writes "
            f"them, received {type(error).__name__}: {error}"
        ) from None
    return str(first), str(second)


def load_model(model: Path, sha256: str | None) -> "keras.Model":
    """Load a model whose file is whole, and still the one that training wrote.

    Keras' safe mode stays on: a file that brings code of its own is refused.

    Args:
        model: the .keras file.
        sha256: what the file's SHA-256 must be, from the run.json beside it; None where there is none.

    Raises:
        InputError: the file is missing, cannot be read, is damaged, has changed, or holds no model that this Keras can
            load and that is one of ours by its input and output.
    """
    if sha256 is None:
        _refuse_damaged(model)
    else:
        refuse_changed(model, sha256, "model file")
    prepare_device()
    import keras

    try:
        network = keras.saving.load_model(model, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever the damage leads to
        told = f"expected a model that Keras {keras.__version__} loads, received {_reason(error)}"
        raise InputError(f"{model}: {told}") from error
    _refuse_other_kind(model, network)
    return network


def _refuse_damaged(model: Path) -> None:
    """By the checksums in the file, which Keras does not insist on."""
    try:
        with zipfile.ZipFile(model) as archive:
            fault = f"one whose {damaged} is damaged" if (damaged := archive.testzip()) else None
    except OSError as error:
        raise InputError(f"{model}: the model file cannot be read ({error.strerror or error})") from None
    except Exception as error:  # besides BadZipFile, damage shows as struct, Unicode, zlib and other errors
        fault = f"none, or one that is not whole ({error})"
    if fault:
        raise InputError(f"{model}: expected a model file that Keras wrote (.keras), received {fault}")


def refuse_changed(path: Path, sha256: str, what: str) -> None:
    """Check that a file is the one that was written.

    Args:
        path: the file, which a job of the study makes.
        sha256: what its SHA-256 must be, from the record beside it.
        what: what it is, for what is told.

    Raises:
        InputError: it cannot be read, or has changed; the message says how to make it again.
    """
    try:
        received = sha256_of(path)
    except OSError as error:
        raise InputError(f"{path}: the {what} cannot be read ({error.strerror}); {_remedy(path)}") from None
    if received != sha256:
        raise InputError(
            f"{path}: the {what} is corrupt: expected SHA-256 {sha256}, received {received}; {_remedy(path)}"
        )


def _remedy(path: Path) -> str:
    """How to make a file again; Snakemake knows its targets by their path from the folder it runs in."""
    absolute = path.absolute()
    if not absolute.is_relative_to(Path.cwd()):
        return "delete it and take it anew from where it was made"
    target = absolute.relative_to(Path.cwd())
    return (
        f"delete it and make it again with `snakemake {target} --cores 1 --resources gpu=1` and the --configfile of "
        "its study, which config/full.yaml does not need"
    )


def _refuse_other_kind(path: Path, network: object) -> None:
    inputs, outputs = ([*(getattr(network, name, None) or ())] for name in ("inputs", "outputs"))
    if [*map(_is_photos, inputs)] != [True] or [tuple(each.shape[1:]) for each in outputs] != [(1,)]:
        raise InputError(
            f"{path}: expected a model that takes uint8 (batch, size, size, 3 or 1) and gives one probability "
            f"(batch, 1), received one that takes {_described(inputs)} and gives {_described(outputs)}"
        )


def _reason(error: Exception) -> str:
    """What Keras says of a file that it cannot load, without the configuration it quotes before and after."""
    innermost = str(error).rpartition("Exception encountered: ")[2]
    return " ".join(innermost.split())[:_LONGEST_REASON] or type(error).__name__


def _is_photos(tensor: "keras.KerasTensor") -> bool:
    _, *shape = tensor.shape
    return tensor.dtype == "uint8" and len(shape) == 3 and shape[0] == shape[1] is not None and shape[2] in (1, 3)


def _described(tensors: "list[keras.KerasTensor]") -> str:
    return " and ".join(f"{tensor.dtype} {tensor.shape}" for tensor in tensors) or "nothing"
