"""Loading a trained model and asking it about photos."""

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from canigatti.files import InputError, sha256_of
from canigatti.photos.color import to_grayscale
from canigatti.training.device import prepare_device

if TYPE_CHECKING:
    import keras

BATCH_SIZE = 64
_LONGEST_REASON = 300  # characters; Keras adds the layer's whole configuration to some


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
        _refuse_changed(model, sha256)
    import keras

    prepare_device()
    try:
        network = keras.saving.load_model(model, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever the damage leads to
        told = f"expected a model that Keras {keras.__version__} loads, received {_reason(error)}"
        raise InputError(f"{model}: {told}") from error
    _refuse_other_kind(model, network)
    return network


def predict(model: "keras.Model", images: np.ndarray, rows: np.ndarray, batch_size: int = BATCH_SIZE) -> np.ndarray:
    """The probability of class 1 for each of these photos, the same in every run on the same machine.

    Photos are read batch by batch, so that memory stays bounded however many there are.

    Args:
        model: takes uint8 (batch, size, size, 3 or 1), gives (batch, 1) from 0 to 1.
        images: (photos, size, size, 3), uint8, RGB; may be memory mapped. A model of one channel is shown them in gray.
        rows: (n,), positions in `images`.
        batch_size: photos shown at once.

    Returns:
        (n,), float64, in the order of `rows`.

    Raises:
        InputError: the model expects photos of another size.
    """
    _refuse_other_size(model, images)
    predicted = np.empty(len(rows), np.float64)
    for start in range(0, len(rows), batch_size):
        batch = rows[start : start + batch_size]
        predicted[start : start + batch_size] = probabilities(model, images[batch])
    return predicted


def probabilities(model: "keras.Model", photos: np.ndarray) -> np.ndarray:
    """The probability of class 1 for each photo of one batch.

    Of Keras' and TensorFlow's ways to predict, `predict_on_batch` was the quickest or as quick as the quickest on two
    cores (2,000 photos: 1.4 s; `predict` 2.4 s, eager 2.5 s, XLA 4.3 s), and it does not trace the network again for
    the last, smaller batch.

    Args:
        model: takes uint8 (batch, size, size, 3 or 1), gives (batch, 1).
        photos: (n, size, size, 3), uint8, RGB. A model of one channel is shown them in gray.

    Returns:
        (n,), float64.
    """
    shown = to_grayscale(photos) if model.input_shape[-1] == 1 else photos
    return model.predict_on_batch(shown)[:, 0].astype(np.float64)


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


def _refuse_other_size(model: "keras.Model", images: np.ndarray) -> None:
    expected, received = (" × ".join(map(str, shape[1:3])) for shape in (model.input_shape, images.shape))
    if expected != received:
        raise InputError(f"the model expects photos of {expected} pixels, received {received}")


def _reason(error: Exception) -> str:
    """What Keras says of a file that it cannot load, without the configuration it quotes before and after."""
    innermost = str(error).rpartition("Exception encountered: ")[2]
    return " ".join(innermost.split())[:_LONGEST_REASON] or type(error).__name__


def _refuse_other_kind(path: Path, network: object) -> None:
    inputs, outputs = ([*(getattr(network, name, None) or ())] for name in ("inputs", "outputs"))
    if [*map(_is_photos, inputs)] != [True] or [tuple(each.shape[1:]) for each in outputs] != [(1,)]:
        raise InputError(
            f"{path}: expected a model that takes uint8 (batch, size, size, 3 or 1) and gives one probability "
            f"(batch, 1), received one that takes {_described(inputs)} and gives {_described(outputs)}"
        )


def _is_photos(tensor: "keras.KerasTensor") -> bool:
    _, *shape = tensor.shape
    return tensor.dtype == "uint8" and len(shape) == 3 and shape[0] == shape[1] is not None and shape[2] in (1, 3)


def _described(tensors: "list[keras.KerasTensor]") -> str:
    return " and ".join(f"{tensor.dtype} {tensor.shape}" for tensor in tensors) or "nothing"
