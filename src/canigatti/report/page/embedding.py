"""Pictures made small enough to stand inside the page."""

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from canigatti.files import InputError

MAX_WIDTH = 1200  # pixels, the width of the page
MAX_BYTES = 180_000  # of one picture, before base64; only galleries of hundreds of photos may need more
_LONGEST_WEBP = 16_383  # pixels, a limit of the format
_QUALITIES = (75, 40)
_SMALLEST_SHARE = 0.55  # of the width; in anything smaller the photos' names cannot be read


@dataclass(frozen=True)
class Picture:
    """An image that stands in the page itself; width and height in pixels, so that the text does not jump."""

    uri: str
    width: int
    height: int


def embed(path: Path, max_width: int = MAX_WIDTH, max_bytes: int = MAX_BYTES) -> Picture:
    """Turn an image file into a data URI: its own bytes or WebP.

    Drawings keep every pixel, photos lose some quality. What takes more than `max_bytes` loses more of it, then width,
    until it fits or could no longer be made out.

    Raises:
        InputError: the file is not an image.
    """
    try:
        return _embed(path.read_bytes(), max_width, max_bytes)
    except (OSError, Image.DecompressionBombError) as error:
        raise InputError(f"{path}: expected an image, received {error}") from None


def _embed(content: bytes, max_width: int, max_bytes: int) -> Picture:
    with Image.open(io.BytesIO(content)) as opened:
        kind, image = opened.get_format_mimetype() or "", _on_white(opened)
    shrunk = _shrunk(image, min(1, max_width / image.width, _LONGEST_WEBP / image.height))
    lossy, encoded = _lossy_within(shrunk, max_bytes)
    if len(content) > max_bytes:
        return _picture("image/webp", encoded, lossy)
    exact = [("image/webp", _webp(shrunk, lossless=True), shrunk)]
    exact += [(kind, content, image)] if shrunk is image else []
    best = min(exact, key=lambda candidate: len(candidate[1]))
    # A drawing takes about as much without loss as with it, photos take many times more.
    return _picture(*best) if len(best[1]) < 2 * len(encoded) else _picture("image/webp", encoded, lossy)


def _picture(kind: str, content: bytes, image: Image.Image) -> Picture:
    return Picture(f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}", *image.size)


def _on_white(image: Image.Image) -> Image.Image:
    """Without transparency: the page has a dark look too, and the pictures' text is dark."""
    opaque = Image.new("RGB", image.size, "white")
    colored = image.convert("RGBA")
    opaque.paste(colored, mask=colored.getchannel("A"))
    return opaque


def _shrunk(image: Image.Image, share: float) -> Image.Image:
    if share >= 1:
        return image
    size = (max(1, int(image.width * share)), max(1, int(image.height * share)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _lossy_within(image: Image.Image, max_bytes: int) -> tuple[Image.Image, bytes]:
    for quality in _QUALITIES:
        encoded = _webp(image, quality=quality)
        if len(encoded) <= max_bytes:
            return image, encoded
    # Bytes grow with the number of pixels.
    share = max(_SMALLEST_SHARE, 0.95 * (max_bytes / len(encoded)) ** 0.5)
    shrunk = _shrunk(image, share)
    return shrunk, _webp(shrunk, quality=_QUALITIES[-1])


def _webp(image: Image.Image, lossless: bool = False, quality: int = 75) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "WEBP", lossless=lossless, quality=quality, method=4)
    return stream.getvalue()
