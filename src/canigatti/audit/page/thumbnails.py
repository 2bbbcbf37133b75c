"""Small images of photos that are embedded in the page."""

import base64
import io
from dataclasses import dataclass

from PIL import Image

_SIDE = 224  # pixels
_QUALITY = 70


@dataclass(frozen=True)
class Thumbnail:
    """An image as a data URI. With its width and height in pixels, the layout does not shift when it is decoded."""

    uri: str
    width: int
    height: int


def make_thumbnail(image: Image.Image) -> Thumbnail:
    """Return the whole photo in at most 224 × 224 pixels, as WebP: about 8 kB."""
    small = image.convert("RGB")
    small.thumbnail((_SIDE, _SIDE), reducing_gap=2.0)
    stream = io.BytesIO()
    small.save(stream, "WEBP", quality=_QUALITY, method=4)
    return Thumbnail(f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}", *small.size)
