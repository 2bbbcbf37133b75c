"""Small images of the test photos, from the image store."""

import base64
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from canigatti.config import Square
from canigatti.photos.store import Store

MAX_PHOTOS = 10_000  # on the page
# Longest side in pixels, by the largest number of photos that get it. WebP of photos takes about a quarter of a byte
# per pixel, and base64 a third more: at most 2 MB for 150 photos, 6 MB for 1,000, 12 MB for 4,000, 14 MB for 10,000.
_SIDES = {150: 192, 1_000: 128, 4_000: 96, MAX_PHOTOS: 64}
_QUALITY = 60
_BATCH = 256  # photos read at a time; the store of a large study exceeds the memory of a job


@dataclass(frozen=True)
class Thumbnail:
    """An image as a data URI. With its width and height in pixels, the layout does not shift when it is decoded."""

    uri: str
    width: int
    height: int


def side_for(photos: int) -> int:
    """Return the longest side of each thumbnail, pixels, so that the page stays below 25 MB.

    Args:
        photos: their number, at most `MAX_PHOTOS`.
    """
    return next(side for limit, side in _SIDES.items() if photos <= limit)


def draw_thumbnails(store: Store, square: Square, ids: np.ndarray, sizes: np.ndarray) -> list[Thumbnail]:
    """Return a small image of each photo.

    Args:
        store: contains the photos.
        square: how the store made photos square.
        ids: (n,), of the photos.
        sizes: (n, 2), their widths and heights before they became squares.

    Raises:
        InputError: a photo is not in the store.
    """
    rows, side, drawn = store.rows(ids), side_for(len(ids)), []
    for first in range(0, len(rows), _BATCH):
        batch = slice(first, first + _BATCH)
        shapes = [(int(width), int(height)) for width, height in sizes[batch]]
        drawn += [
            _encode(_restore(pixels, square, size, side))
            for pixels, size in zip(store.photos(rows[batch]), shapes, strict=True)
        ]
    return drawn


def _restore(pixels: np.ndarray, square: Square, size: tuple[int, int], side: int) -> Image.Image:
    """Return a photo of the store in its own aspect ratio, as far as the square contains it.

    Args:
        pixels: (size, size, 3), uint8.
        square: how the photo became a square.
        size: width and height of the photo before that.
        side: longest side of the result, at most that of the square.
    """
    image = Image.fromarray(pixels)
    if square.resize == "crop":
        width = height = min(side, square.size)
    else:
        width, height = _scale(size, min(side, square.size))
    if square.resize == "pad":
        inner = _scale(size, square.size)
        left, top = ((square.size - one) // 2 for one in inner)
        image = image.crop((left, top, left + inner[0], top + inner[1]))
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _scale(size: tuple[int, int], longest: int) -> tuple[int, int]:
    width, height = (max(1, round(one * longest / max(size))) for one in size)
    return width, height


def _encode(image: Image.Image) -> Thumbnail:
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=_QUALITY, method=4)
    return Thumbnail(f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}", *image.size)
