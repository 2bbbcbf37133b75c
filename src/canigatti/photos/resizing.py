"""Resizing of photos of any shape to the squares that networks take."""

import numpy as np
from PIL import Image, ImageOps

from canigatti.config import Square

_FILTER = Image.Resampling.BILINEAR  # its support grows with the reduction, which avoids aliasing


def to_square(image: Image.Image, square: Square) -> np.ndarray:
    """Resize an RGB image to a square, the input of a network.

    `squeeze` does not preserve the aspect ratio, as in Keras' `flow_from_directory(target_size=…)`. Keras' default
    takes the nearest pixel; this is Pillow's bilinear filter.

    Args:
        image: any size, mode RGB, upright.
        square: size of the square, and how the image becomes one.

    Returns:
        (size, size, 3), uint8.
    """
    size = (square.size, square.size)
    if square.resize == "crop":
        return np.asarray(ImageOps.fit(image, size, _FILTER))
    if square.resize == "pad":
        return np.asarray(_pad(image, square.size))
    return np.asarray(image.resize(size, _FILTER))


def _pad(image: Image.Image, size: int) -> Image.Image:
    """Scale the longer side to `size` pixels and center the image on black.

    Pillow's `ImageOps.pad` fails on an image that is so long that its shorter side becomes less than half a pixel.
    """
    longer = max(image.size)
    width, height = (max(1, round(side * size / longer)) for side in image.size)
    square = Image.new("RGB", (size, size))
    square.paste(image.resize((width, height), _FILTER), ((size - width) // 2, (size - height) // 2))
    return square
