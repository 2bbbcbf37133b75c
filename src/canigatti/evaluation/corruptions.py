"""Corruptions of photos that a network may meet in use: blur, noise, JPEG compression, brightness and rotation.

A corruption depends on the photo's id, never on its position or its batch. Its severities differ only in strength: the
noise of a photo is the same pattern at every severity, and so is the direction of its rotation.
"""

import hashlib
import io
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
from PIL import Image

from canigatti.evaluation.severities import SEVERITIES
from canigatti.evaluation.views import Change

# The strength of each corruption at the severities 1 to 3. Blur and rotation are about the whole photo, so that they
# mean the same for every image size. Compare Hendrycks and Dietterich, "Benchmarking neural network robustness to
# common corruptions and perturbations", 2019, whose first three severities at 224 pixels are of the same order.
LEVELS = {
    "blur": (0.01, 0.02, 0.04),  # standard deviation of a Gaussian, as a fraction of the side
    "noise": (10.0, 20.0, 40.0),  # standard deviation of normal noise, in gray levels
    "jpeg": (50.0, 20.0, 8.0),  # quality
    "brightness": (0.2, 0.4, 0.6),  # of which a photo becomes brighter or darker, as a fraction
    "rotation": (5.0, 10.0, 20.0),  # degrees, to the left or to the right
}
MEANINGS = {  # what a level means, for the page
    "blur": "Gaussian blur with a standard deviation of {:.1%} of the side",
    "noise": "normal noise with a standard deviation of {:g} of 255 gray levels",
    "jpeg": "JPEG compression with quality {:g}",
    "brightness": "{:.0%} brighter or darker",
    "rotation": "rotation by {:g}° to the left or to the right",
}


def corrupt(photos: np.ndarray, ids: np.ndarray, corruption: str, severity: int) -> np.ndarray:
    """Return corrupted copies of photos.

    Args:
        photos: (n, size, size, 3), uint8, RGB.
        ids: (n,), the photos' ids, which decide what is random.
        corruption: one of `LEVELS`.
        severity: 1 to 3; 0 returns the photos unchanged.

    Returns:
        (n, size, size, 3), uint8.
    """
    if severity == 0:
        return photos
    level, function = LEVELS[corruption][SEVERITIES.index(severity)], _FUNCTIONS[corruption]
    changed = [function(photo, level, _generator(corruption, name)) for photo, name in zip(photos, ids, strict=True)]
    return np.stack(changed) if changed else photos


def corruption(name: str, severity: int) -> Change:
    """Return one corruption of :func:`corrupt` as a function of photos and their ids."""
    return partial(corrupt, corruption=name, severity=severity)


def _generator(corruption: str, photo: str) -> np.random.Generator:
    digest = hashlib.sha256(f"{corruption}\n{photo}".encode("utf-8", "surrogatepass")).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def _blur(photo: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    return cv2.GaussianBlur(photo, (0, 0), level * len(photo), borderType=cv2.BORDER_REFLECT_101)


def _add_noise(photo: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    noise = generator.standard_normal(photo.shape, dtype=np.float32)
    return np.clip(np.rint(photo + np.float32(level) * noise), 0, 255).astype(np.uint8)


def _compress(photo: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    stream = io.BytesIO()
    Image.fromarray(photo).save(stream, "JPEG", quality=int(level))
    with Image.open(stream) as compressed:
        return np.asarray(compressed.convert("RGB"))


def _change_brightness(photo: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    return cv2.convertScaleAbs(photo, alpha=1 + _direction(generator) * level)


def _rotate(photo: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    """Rotate about the center; the corners are filled by reflection, because black ones would be a second change."""
    size = len(photo)
    matrix = cv2.getRotationMatrix2D(((size - 1) / 2, (size - 1) / 2), _direction(generator) * level, 1.0)
    return cv2.warpAffine(photo, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def _direction(generator: np.random.Generator) -> int:
    return 1 if generator.random() < 0.5 else -1


_FUNCTIONS: dict[str, Callable[[np.ndarray, float, np.random.Generator], np.ndarray]] = {
    "blur": _blur,
    "noise": _add_noise,
    "jpeg": _compress,
    "brightness": _change_brightness,
    "rotation": _rotate,
}
