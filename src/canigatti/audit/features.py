"""Features of photos: what a frozen backbone that has not learned from their labels computes."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from canigatti.config import Head, Pretrained, Spec
from canigatti.files import InputError
from canigatti.photos.store import Store
from canigatti.training.backbones import apply_pretrained

if TYPE_CHECKING:
    import keras

_BATCH_SIZE = 64  # photos per forward pass of the backbone


def build_extractor(backbone: str, size: int, weights: Path) -> "keras.Model":
    """Return the backbone with its own preprocessing before it and the average over all positions after it.

    Args:
        backbone: lower-case name in keras.applications.
        size: width and height of the photos, pixels.
        weights: file with its weights, see :func:`canigatti.training.backbones.load_backbone`.

    Returns:
        A model from uint8 photos (batch, size, size, 3), RGB, to features (batch, dimensions), float32.

    Raises:
        InputError: the file does not hold the weights of this backbone.
    """
    import keras

    network = Pretrained(backbone=backbone, head=Head(pooling="average", dense_units=()))
    spec = Spec(image_size=size, network=network, augmentation=None)
    photos = keras.Input((size, size, 3), dtype="uint8", name="photos")
    return keras.Model(photos, apply_pretrained(spec, network, photos, weights), name="features")


def extract(model: "keras.Model", store: Store) -> Iterator[np.ndarray]:
    """Yield the features of all photos in order, (batch, dimensions), float32, one batch at a time.

    Args:
        model: what :func:`build_extractor` returns.
        store: the image store, with photos of the model's size.

    Raises:
        InputError: a feature is infinite or NaN.
    """
    for start in range(0, len(store.ids), _BATCH_SIZE):
        rows = np.arange(start, min(start + _BATCH_SIZE, len(store.ids)))
        values = np.asarray(model.predict_on_batch(store.photos(rows)), np.float32)
        if not np.isfinite(values).all():
            photo = store.ids[rows][~np.isfinite(values).all(axis=1)][0]
            raise InputError(f"{photo}: the features of this photo are not finite; choose another backbone or weights")
        yield values


def write_features(stream: IO[bytes], batches: Iterator[np.ndarray], shape: tuple[int, int]) -> None:
    """Write features as a .npy file, batch by batch, so that memory use does not depend on the number of photos.

    Args:
        stream: the file, open for writing.
        batches: (batch, dimensions), float32.
        shape: number of photos and of dimensions.

    Raises:
        OSError: there is not enough disk space.
    """
    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
    for batch in batches:
        stream.write(batch.astype("<f4").tobytes())


def read_features(path: Path, photos: int) -> np.ndarray:
    """Map features into memory, (photos, dimensions), float32.

    Args:
        path: the .npy file.
        photos: number of kept photos.

    Raises:
        InputError: the file is missing or is not an array of this many rows.
    """
    try:
        values = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{path}: expected the features of the photos, received {error}") from None
    if values.ndim != 2 or len(values) != photos:
        raise InputError(f"{path}: expected the features of {photos:,} photos, received an array {values.shape}")
    return values
