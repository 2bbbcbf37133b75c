"""Random transformations of training photos: one affine resampling and one brightness factor a photo.

The drawn values and their effect are those of Keras' `ImageDataGenerator` (`get_random_transform` and
`apply_transform`), which resamples once as well; there the work is done with SciPy, here with OpenCV.
"""

from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from canigatti.config import Augmentation

# As SciPy's and Keras' fill modes of these names go on beyond the edge of a photo whose row is a b c d.
FILL_MODES = {
    "nearest": cv2.BORDER_REPLICATE,  # d d d
    "reflect": cv2.BORDER_REFLECT,  # d c b
    "wrap": cv2.BORDER_WRAP,  # a b c
    "constant": cv2.BORDER_CONSTANT,  # black
}


@dataclass(frozen=True)
class Transformations:
    """What is done to each of n photos; every field has shape (n,).

    Attributes:
        rotation: degrees.
        shear: degrees.
        height_shift: share of the height by which the sampling grid moves down.
        width_shift: share of the width by which the sampling grid moves right.
        height_zoom: factor on the sampling grid's rows; below 1 enlarges the photo.
        width_zoom: factor on the sampling grid's columns.
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


def draw(augmentation: Augmentation, count: int, generator: np.random.Generator) -> Transformations:
    """Draw the transformations of `count` photos.

    Each value is uniform over the augmentation's range, and neutral for a photo that its probability passes over.
    """
    chance = augmentation.probability

    def uniform(low: float, high: float, probability: float, neutral: float) -> np.ndarray:
        values = generator.uniform(low, high, count)
        return np.where(generator.random(count) < probability, values, neutral)

    def around(middle: float, reach: float, probability: float) -> np.ndarray:
        return uniform(middle - reach, middle + reach, probability, middle)

    zoomed = generator.random(count) < chance.zoom
    zooms = generator.uniform(1 - augmentation.zoom, 1 + augmentation.zoom, (2, count))
    height_zoom, width_zoom = np.where(zoomed, zooms, 1.0)
    return Transformations(
        rotation=around(0, augmentation.rotation, chance.rotation),
        shear=around(0, augmentation.shear, chance.shear),
        height_shift=around(0, augmentation.height_shift, chance.height_shift),
        width_shift=around(0, augmentation.width_shift, chance.width_shift),
        height_zoom=height_zoom,
        width_zoom=width_zoom,
        horizontal_flip=generator.random(count) < chance.horizontal_flip,
        vertical_flip=generator.random(count) < chance.vertical_flip,
        brightness=uniform(*augmentation.brightness, chance.brightness, 1.0),
    )


def samplings(drawn: Transformations, height: int, width: int) -> np.ndarray:
    """Where each photo is sampled, (n, 2, 3), float64.

    With [[a, b, c], [d, e, f]], the output pixel (x, y) is the input's at (a x + b y + c, d x + e y + f).
    The matrix is Keras' rotation · shift · shear · zoom about the centre (side / 2 - 0.5), and then the flip; see
    `apply_affine_transform` and `transform_matrix_offset_center` in keras.legacy.preprocessing.image. Its `tx` moves
    along the width there, although it is drawn from the height's range: here the width's range moves along the width.
    """
    matrix = _rotation(drawn.rotation) @ _shift(drawn.width_shift * width, drawn.height_shift * height)
    matrix = matrix @ _shear(drawn.shear) @ _scale(drawn.width_zoom, drawn.height_zoom)
    matrix = matrix @ _scale(np.where(drawn.horizontal_flip, -1.0, 1.0), np.where(drawn.vertical_flip, -1.0, 1.0))
    middle = (width / 2 - 0.5, height / 2 - 0.5)
    return (_shift(*middle) @ matrix @ _shift(-middle[0], -middle[1]))[:, :2]


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


def apply(images: np.ndarray, drawn: Transformations, fill: str) -> np.ndarray:
    """Resample photos bilinearly and scale their brightness.

    Args:
        images: (n, height, width, channels), uint8.
        drawn: what is done to each of them.
        fill: what lies outside a photo, one of `FILL_MODES`.

    Returns:
        (n, height, width, channels), uint8, values rounded and clipped to 0…255.
    """
    cv2.setNumThreads(1)  # the batches are made side by side already
    height, width = images.shape[1:3]
    resample = partial(cv2.warpAffine, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=FILL_MODES[fill])
    results = np.empty_like(images)
    photos = zip(images, samplings(drawn, height, width), drawn.brightness, results, strict=True)
    for image, sampling, brightness, result in photos:
        moved = resample(image, sampling, (width, height))
        result[:] = cv2.convertScaleAbs(moved, alpha=brightness).reshape(image.shape)
    return results
