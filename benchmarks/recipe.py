"""The original study's input pipeline: Keras' own classes read, resize and augment the files of every batch."""

import contextlib
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from canigatti.config import Augmentation


def write_folders(files: Sequence[bytes], labels: np.ndarray, folder: Path) -> None:
    """Write the photo files, unchanged, to one folder per class."""
    for number, (content, label) in enumerate(zip(files, labels, strict=True)):
        path = folder / str(label) / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def batches(folder: Path, size: int, batch_size: int, augmentation: Augmentation | None) -> Iterator:
    """Return the batches of the original: `ImageDataGenerator` and `flow_from_directory`."""
    import tensorflow as tf

    generator = tf.keras.preprocessing.image.ImageDataGenerator(
        rescale=1 / 255, **(_options(augmentation) if augmentation else {})
    )
    with contextlib.redirect_stdout(io.StringIO()):  # it prints how many photos it found
        return generator.flow_from_directory(folder, (size, size), class_mode="binary", batch_size=batch_size, seed=1)


def _options(augmentation: Augmentation) -> dict:
    return {
        "shear_range": augmentation.shear,
        "zoom_range": augmentation.zoom,
        "rotation_range": augmentation.rotation,
        "width_shift_range": augmentation.width_shift,
        "height_shift_range": augmentation.height_shift,
        "brightness_range": augmentation.brightness,
        "horizontal_flip": True,
        "fill_mode": augmentation.fill,
    }
