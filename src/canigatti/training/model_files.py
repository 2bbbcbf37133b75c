"""A trained model's file: Keras' own, which any Keras loads, with the names of the two classes in its metadata."""

import copy
import json
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from canigatti.files import InputError

if TYPE_CHECKING:
    import keras

# A .keras file is a zip of config.json, model.weights.h5 and metadata.json, from which Keras reads nothing when it
# loads. A layer or model of our own that holds the names could be loaded only where this package is installed; a
# member of our own in the zip makes Keras take it for an archive with assets, and unpack it whole.
_METADATA = "metadata.json"
_KEY = "classes"
_MOST_METADATA = 2**20  # bytes; Keras writes 64


def class_pair(names: Sequence[str]) -> tuple[str, str]:
    """The names given by `--class`, if they are two.

    Raises:
        InputError: they are more or fewer.
    """
    if len(names) != 2:
        raise InputError(f"--class: expected two names, received {len(names)}: {', '.join(names)}")
    return names[0], names[1]


def save_model(network: "keras.Model", path: Path, classes: tuple[str, str]) -> None:
    """Write a model with the names of its classes.

    Args:
        network: the model.
        path: the file to write (.keras); its folder holds a second one for a moment.
        classes: names of the classes 0 and 1.
    """
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        plain = Path(folder, "model.keras")
        network.save(plain)
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
