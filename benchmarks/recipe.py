"""The original study's recipe: files read, resized and augmented for every batch, by Keras' own classes."""

import contextlib
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from canigatti.config import Augmentation


def write_folders(files: Sequence[bytes], labels: np.ndarray, folder: Path) -> None:
    """Write photos' files, as they were found, in one folder a class."""
    for number, (content, label) in enumerate(zip(files, labels, strict=True)):
        path = folder / str(label) / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def batches(folder: Path, size: int, batch_size: int, augmentation: Augmentation | None) -> Iterator:
    """Batches as the original made them: `ImageDataGenerator` and `flow_from_directory`."""
    import tensorflow as tf

    generator = tf.keras.preprocessing.image.ImageDataGenerator(
        rescale=1 / 255, **(_options(augmentation) if augmentation else {})
    )
    with contextlib.redirect_stdout(io.StringIO()):  # it tells how many photos it found
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
