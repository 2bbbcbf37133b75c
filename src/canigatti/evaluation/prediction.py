"""Loading a trained model and asking it about photos."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from canigatti.files import InputError, sha256_of
from canigatti.photos.color import to_grayscale
from canigatti.training.device import prepare_device

if TYPE_CHECKING:
    import keras


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


def predict(model: "keras.Model", images: np.ndarray, rows: np.ndarray, batch_size: int = 64) -> np.ndarray:
    """The probability of class 1 for each of these photos, the same in every run on the same machine.

    Photos are read batch by batch, so that memory stays bounded however many there are. Of Keras' and TensorFlow's
    ways to predict, `predict_on_batch` was the quickest or as quick as the quickest on two cores (2,000 photos: 1.4 s;
    `predict` 2.4 s, eager 2.5 s, XLA 4.3 s), and it does not trace the network again for the last, smaller batch.

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
    in_gray = model.input_shape[-1] == 1
    probabilities = np.empty(len(rows), np.float64)
    for start in range(0, len(rows), batch_size):
        photos = images[rows[start : start + batch_size]]
        shown = to_grayscale(photos) if in_gray else photos
        probabilities[start : start + batch_size] = model.predict_on_batch(shown)[:, 0]
    return probabilities


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
