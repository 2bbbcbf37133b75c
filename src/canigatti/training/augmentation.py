"""Random transformations of training photos: one affine resampling and one brightness factor per photo.

The value ranges and the effect of each transformation are those of Keras' `ImageDataGenerator`
(`get_random_transform` and `apply_transform`), which also resamples once, with SciPy. This module resamples with
OpenCV.
"""

from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from canigatti.config import Augmentation

# OpenCV's equivalents of SciPy's and Keras' fill modes. The comments show the pixels to the right of a row a b c d.
FILL_MODES = {
    "nearest": cv2.BORDER_REPLICATE,  # d d d
    "reflect": cv2.BORDER_REFLECT,  # d c b
    "wrap": cv2.BORDER_WRAP,  # a b c
    "constant": cv2.BORDER_CONSTANT,  # black
}


@dataclass(frozen=True)
class Transformations:
    """The transformations of n photos; every field has shape (n,).

    Attributes:
        rotation: degrees.
        shear: degrees.
        height_shift: fraction of the height by which the sampling grid moves down.
        width_shift: fraction of the width by which the sampling grid moves right.
        height_zoom: scale of the sampling grid's rows; a value below 1 enlarges the photo.
        width_zoom: scale of the sampling grid's columns.
        horizontal_flip: whether the result is mirrored left to right.
        vertical_flip: whether the result is mirrored top to bottom.
        brightness: factor on the pixel values.
    """

    rotation: np.ndarray
    shear: np.ndarray
    height_shift: np.ndarray
    width_shift: np.ndarray
    height_zoom: np.ndarray
    width_zoom: np.ndarray
    horizontal_flip: np.ndarray
    vertical_flip: np.ndarray
    brightness: np.ndarray


def random_transformations(augmentation: Augmentation, count: int, generator: np.random.Generator) -> Transformations:
    """Return random transformations of `count` photos.

    Each transformation is applied to a photo with its probability. Its value is uniform over the augmentation's range;
    photos that it is not applied to have the neutral value.
    """
    probability = augmentation.probability

    def uniform(low: float, high: float, probability: float, neutral: float) -> np.ndarray:
        values = generator.uniform(low, high, count)
        return np.where(generator.random(count) < probability, values, neutral)

    def symmetric(limit: float, probability: float) -> np.ndarray:
        return uniform(-limit, limit, probability, 0)

    is_zoomed = generator.random(count) < probability.zoom
    zooms = generator.uniform(1 - augmentation.zoom, 1 + augmentation.zoom, (2, count))
    height_zoom, width_zoom = np.where(is_zoomed, zooms, 1.0)
    return Transformations(
        rotation=symmetric(augmentation.rotation, probability.rotation),
        shear=symmetric(augmentation.shear, probability.shear),
        height_shift=symmetric(augmentation.height_shift, probability.height_shift),
        width_shift=symmetric(augmentation.width_shift, probability.width_shift),
        height_zoom=height_zoom,
        width_zoom=width_zoom,
        horizontal_flip=generator.random(count) < probability.horizontal_flip,
        vertical_flip=generator.random(count) < probability.vertical_flip,
        brightness=uniform(*augmentation.brightness, probability.brightness, 1.0),
    )


def sampling_matrices(transformations: Transformations, height: int, width: int) -> np.ndarray:
    """Return the affine map from output to input pixels of each photo, (n, 2, 3), float64.

    With [[a, b, c], [d, e, f]], the output pixel (x, y) is the input pixel (a x + b y + c, d x + e y + f).
    The matrix is Keras' rotation · shift · shear · zoom about the center (side / 2 - 0.5), followed by the flip; see
    `apply_affine_transform` and `transform_matrix_offset_center` in keras.legacy.preprocessing.image. Keras shifts
    along the width by a value from the height's range (`tx`); here the width's range applies to the width.
    """
    x_shift, y_shift = transformations.width_shift * width, transformations.height_shift * height
    x_flip = np.where(transformations.horizontal_flip, -1.0, 1.0)
    y_flip = np.where(transformations.vertical_flip, -1.0, 1.0)
    matrix = _rotation(transformations.rotation) @ _shift(x_shift, y_shift) @ _shear(transformations.shear)
    matrix = matrix @ _scale(transformations.width_zoom, transformations.height_zoom) @ _scale(x_flip, y_flip)
    center = (width / 2 - 0.5, height / 2 - 0.5)
    return (_shift(*center) @ matrix @ _shift(-center[0], -center[1]))[:, :2]


def _matrices(rows: list[list[np.ndarray | float]]) -> np.ndarray:
    entries = np.broadcast_arrays(*(np.atleast_1d(entry) for row in rows for entry in row))
    return np.stack(entries, axis=-1).reshape(-1, 3, 3)


def _rotation(degrees: np.ndarray) -> np.ndarray:
    cosine, sine = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return _matrices([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])


def _shear(degrees: np.ndarray) -> np.ndarray:
    cosine, sine = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return _matrices([[1.0, -sine, 0.0], [0.0, cosine, 0.0], [0.0, 0.0, 1.0]])


def _shift(x: np.ndarray | float, y: np.ndarray | float) -> np.ndarray:
    return _matrices([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])


def _scale(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return _matrices([[x, 0.0, 0.0], [0.0, y, 0.0], [0.0, 0.0, 1.0]])


def apply(images: np.ndarray, transformations: Transformations, fill: str) -> np.ndarray:
    """Resample photos bilinearly and scale their brightness.

    Args:
        images: (n, height, width, channels), uint8.
        transformations: those of the n photos.
        fill: how pixels outside a photo are filled, one of `FILL_MODES`.

    Returns:
        (n, height, width, channels), uint8, values rounded and clipped to 0…255.
    """
    cv2.setNumThreads(1)  # batches are already computed in parallel
    height, width = images.shape[1:3]
    resample = partial(cv2.warpAffine, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=FILL_MODES[fill])
    results = np.empty_like(images)
    matrices = sampling_matrices(transformations, height, width)
    for image, matrix, brightness, result in zip(images, matrices, transformations.brightness, results, strict=True):
        resampled = resample(image, matrix, (width, height))
        result[:] = cv2.convertScaleAbs(resampled, alpha=brightness).reshape(image.shape)
    return results
