"""The one place that turns a file's bytes into pixels: for inspection, for the image store, and for prediction."""

import io
import re
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError

from canigatti.photos.conversion import to_rgb, upright
from canigatti.photos.records import Verdict

MOST_PIXELS = 50_000_000  # 150 MB once decoded; cameras of phones end at 50 megapixels by default
SMALLEST_SIDE = 8  # pixels; nothing can be seen in fewer
_ELONGATED = 10
# Photos come in these. Pillow would also open documents (EPS through Ghostscript), which photos never are.
_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF")


class UnreadablePhoto(Exception):  # noqa: N818 (it says what the photo is)
    """A file that gives no usable photo.

    Attributes:
        verdict: `empty`, `unreadable`, `too-large` or `too-small`.
        reason: what is wrong, in one line.
    """

    def __init__(self, verdict: Verdict, reason: str) -> None:
        super().__init__(verdict, reason)
        self.verdict, self.reason = verdict, " ".join(reason.split())

    def __str__(self) -> str:
        """The reason."""
        return self.reason


@dataclass(frozen=True)
class DecodedPhoto:
    """A photo as it is meant to be seen.

    Attributes:
        image: RGB, 8 bits a channel, upright; possibly `L` where gray was enough.
        width: pixels, after turning upright.
        height: likewise.
        mode: Pillow's name of the file's own pixels, such as `RGB`, `L`, `CMYK`, `P`, `I;16`.
        format: Pillow's name of the file's format, by its content: `JPEG`, `PNG`, `GIF`, …
        notes: what was done beyond decoding, in the order it was done.
    """

    image: Image.Image
    width: int
    height: int
    mode: str
    format: str
    notes: list[str]


def decode(content: bytes, gray_suffices: bool = False) -> DecodedPhoto:
    """Decode a whole photo, to the last byte, so that a truncated file is found out.

    The first frame of an animation is taken. Sizes are checked before anything is decoded, so that a file that
    declares an enormous image costs nothing.

    Args:
        content: the file.
        gray_suffices: whether the colours may be left out where that saves time: most JPEGs, a third of it. Nothing but
            `image` changes by it.

    Raises:
        UnreadablePhoto: there is no photo, or it is larger than `MOST_PIXELS` or smaller than `SMALLEST_SIDE`.
    """
    if not content:
        raise UnreadablePhoto(Verdict.EMPTY, "the file has 0 bytes")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # thousands of photos have a slightly broken EXIF block, which is no news
        image = _open(content)
        _check_size(*image.size)
        try:
            return _decoded(image, gray_suffices)
        except Exception as error:  # decoders raise whatever the damage leads to, and one file must not stop the rest
            raise UnreadablePhoto(Verdict.UNREADABLE, _told(error)) from error


def _open(content: bytes) -> ImageFile.ImageFile:
    try:
        return Image.open(io.BytesIO(content), formats=_FORMATS)
    except Image.DecompressionBombError as error:
        declared = re.search("[0-9]+ pixels", str(error))
        raise UnreadablePhoto(Verdict.TOO_LARGE, _too_large(declared[0] if declared else str(error))) from error
    except UnidentifiedImageError as error:
        raise UnreadablePhoto(Verdict.UNREADABLE, _unknown(content)) from error
    except Exception as error:
        raise UnreadablePhoto(Verdict.UNREADABLE, _told(error)) from error


def _check_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise UnreadablePhoto(Verdict.TOO_LARGE, _too_large(f"{width}×{height} pixels"))
    if min(width, height) < SMALLEST_SIDE:
        raise UnreadablePhoto(Verdict.TOO_SMALL, f"{width}×{height} pixels, expected at least {SMALLEST_SIDE} each way")


def _too_large(declared: str) -> str:
    return f"{declared}, expected at most {MOST_PIXELS:,}"


def _decoded(image: ImageFile.ImageFile, gray_suffices: bool) -> DecodedPhoto:
    form = "JPEG" if image.format == "MPO" else str(image.format)  # a phone's JPEG with a second picture behind it
    notes = ["several frames, the first one used"] if form != "JPEG" and _has_several_frames(image) else []
    mode = image.mode
    in_gray = gray_suffices and form == "JPEG" and mode == "RGB" and "icc_profile" not in image.info
    if in_gray:
        image.draft("L", None)  # every byte is still decoded, but the colours are not computed
    image.load()
    converted, done = (image, []) if in_gray else to_rgb(image)
    seen, turned = upright(image, converted)
    if max(seen.size) > _ELONGATED * min(seen.size):
        notes.append(f"very elongated ({seen.width}×{seen.height} pixels)")
    return DecodedPhoto(seen, seen.width, seen.height, mode, form, [*notes, *done, *turned])


def _has_several_frames(image: ImageFile.ImageFile) -> bool:
    try:
        return bool(getattr(image, "is_animated", False))
    except Exception:  # a broken second frame is no fault of the first
        image.seek(0)
        return False


def _unknown(content: bytes) -> str:
    if content[4:8] == b"ftyp" and content[8:12] in (b"heic", b"heix", b"hevc", b"mif1", b"msf1"):
        return "HEIC, which Pillow cannot decode; convert it to JPEG"
    return f"no image in a known format, or one with a broken header (starts with {content[:8]!r})"


def _told(error: Exception) -> str:
    return str(error) or type(error).__name__


def to_square(image: Image.Image, size: int) -> np.ndarray:
    """An RGB image stretched to a square, as the study's networks see it.

    The proportions are given up, as Keras' `flow_from_directory(target_size=…)` does. Unlike its default, which picks
    the nearest pixel, this is Pillow's bilinear filter, whose reach grows with the reduction: no aliasing.

    Returns:
        (size, size, 3), uint8.
    """
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR))
