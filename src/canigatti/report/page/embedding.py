"""Images that are embedded in the page, with few bytes."""

import base64
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from PIL import Image

from canigatti.files import InputError
from canigatti.report.page.svg import compact

MAX_WIDTH = 1200  # pixels, the width of the page
MAX_BYTES = 180_000  # of one image, before base64; only galleries of hundreds of photos may need more
_LONGEST_WEBP = 16_383  # pixels, a limit of the format
QUALITIES = (75, 40)
SHARED_QUALITIES = (60, 40, 25)  # of images that share a number of bytes
SHARED_BYTES = 1_000_000  # of the contact sheets of all experiments, so that a page of fifteen has less than 2 MB
_SMALLEST_SCALE = 0.55  # at a smaller scale, the names of the photos are not readable
_CSS_PIXELS_PER_INCH = 96
# Text stays text (a third of the bytes of outlines), and the ids of its parts are the same every time.
_SVG_STYLE: Any = {"svg.fonttype": "none", "svg.hashsalt": "canigatti"}
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


_is_quick = ContextVar("_is_quick", default=False)


@contextmanager
def quick_embedding() -> Iterator[None]:
    """Embed images with little work and more bytes, for a page that is soon written again while networks train."""
    token = _is_quick.set(True)
    try:
        yield
    finally:
        _is_quick.reset(token)


@dataclass(frozen=True)
class EmbeddedImage:
    """An image as a data URI. With its width and height in pixels, the layout does not shift when it is decoded.

    An image with fewer pixels than its width and height is enlarged on the page: its text stays as large as it was.
    """

    uri: str
    width: int
    height: int

    @property
    def bytes(self) -> int:
        """Number of bytes of the image, before base64."""
        return len(self.uri.partition(",")[2]) * 3 // 4


def embed(path: Path, max_bytes: int = MAX_BYTES, qualities: Sequence[int] = QUALITIES) -> EmbeddedImage:
    """Return an image file as a data URI, either unchanged or as WebP.

    Plots are encoded without loss, photos with loss. If the result exceeds `max_bytes`, the quality is reduced, then
    the number of pixels, until the image fits or would become unreadable.

    Args:
        path: of the image.
        max_bytes: before base64.
        qualities: of WebP, from 0 to 100, the highest first.

    Raises:
        InputError: the file is not an image.
    """
    try:
        return _embed(path.read_bytes(), max_bytes, qualities)
    except (OSError, Image.DecompressionBombError) as error:
        raise InputError(f"{path}: expected an image, received {error}") from None


def embed_together(images: Sequence[tuple[Path, int]], total: int = SHARED_BYTES) -> list[EmbeddedImage]:
    """Return image files as data URIs, which have at most `total` bytes together unless they would become unreadable.

    If they have more, all are reduced by the same factor: an image with more photos needs more bytes.

    Args:
        images: paths, each with its own largest number of bytes.
        total: number of bytes, before base64.

    Raises:
        InputError: a file is not an image.
    """
    embedded = [embed(path, max_bytes) for path, max_bytes in images]
    used = sum(image.bytes for image in embedded)
    if used <= total or _is_quick.get():
        return embedded
    return [
        embed(path, image.bytes * total // used, SHARED_QUALITIES)
        for (path, _), image in zip(images, embedded, strict=True)
    ]


def embed_figure(figure: Figure) -> EmbeddedImage:
    """Return a new figure as an SVG data URI; the same plot gives the same text.

    A second call with the same figure may differ, because its layout continues from the first one.
    """
    stream = io.StringIO()
    with mpl.rc_context(_SVG_STYLE):
        figure.savefig(stream, format="svg", metadata=_NO_METADATA)
    svg = compact(stream.getvalue())
    width, height = (round(_CSS_PIXELS_PER_INCH * inches) for inches in figure.get_size_inches())
    return EmbeddedImage(_data_uri("image/svg+xml", svg.encode()), width, height)


def _embed(content: bytes, max_bytes: int, qualities: Sequence[int]) -> EmbeddedImage:
    with Image.open(io.BytesIO(content)) as opened:
        kind, image = opened.get_format_mimetype() or "", _on_white(opened)
    if _is_quick.get() and len(content) <= max_bytes and image.width <= MAX_WIDTH:
        return _embedded(kind, content, image)
    resized = _resize(image, min(1, MAX_WIDTH / image.width, _LONGEST_WEBP / image.height))
    lossy = _encode_lossy(resized, max_bytes, qualities)
    if len(content) > max_bytes:
        return _embedded("image/webp", lossy, resized)
    exact = [("image/webp", _webp(resized, lossless=True))]
    exact += [(kind, content)] if resized is image else []
    best = min(exact, key=lambda candidate: len(candidate[1]))
    # A plot has about the same size with and without loss; a photo without loss is many times larger.
    return _embedded(*(best if len(best[1]) < 2 * len(lossy) else ("image/webp", lossy)), resized)


def _embedded(kind: str, content: bytes, image: Image.Image) -> EmbeddedImage:
    return EmbeddedImage(_data_uri(kind, content), *image.size)


def _data_uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _on_white(image: Image.Image) -> Image.Image:
    """Replace transparency by white: the text of a plot is dark, and so may be the page."""
    opaque = Image.new("RGB", image.size, "white")
    colored = image.convert("RGBA")
    opaque.paste(colored, mask=colored.getchannel("A"))
    return opaque


def _resize(image: Image.Image, scale: float) -> Image.Image:
    if scale >= 1:
        return image
    size = (max(1, int(image.width * scale)), max(1, int(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _encode_lossy(image: Image.Image, max_bytes: int, qualities: Sequence[int]) -> bytes:
    for quality in qualities:
        encoded = _webp(image, quality=quality)
        if len(encoded) <= max_bytes:
            return encoded
    scale = 1.0
    while len(encoded) > max_bytes and scale > _SMALLEST_SCALE:
        # Half of the pixels need more than half of the bytes: the result is never much smaller than allowed.
        scale = max(_SMALLEST_SCALE, 0.95 * scale * (max_bytes / len(encoded)) ** 0.5)
        encoded = _webp(_resize(image, scale), quality=qualities[-1])
    return encoded


def _webp(image: Image.Image, lossless: bool = False, quality: int = 75) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "WEBP", lossless=lossless, quality=quality, method=0 if _is_quick.get() else 4)
    return stream.getvalue()
