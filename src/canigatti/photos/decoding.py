"""Decoding of image files to pixels, for inspection, for the image store and for prediction."""

import io
import re
import warnings
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image, ImageFile, UnidentifiedImageError

from canigatti.photos.conversion import apply_orientation, to_rgb
from canigatti.photos.records import Verdict

MAX_PIXELS = 50_000_000  # 150 MB when decoded; phone cameras take up to 50 megapixels by default
MIN_SIDE = 8  # pixels; a smaller photo shows nothing
_MAX_ASPECT_RATIO = 10  # a longer photo gets a note
# Pillow would also open documents (EPS through Ghostscript), which are never photos.
_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF")


class UnreadablePhoto(Exception):  # noqa: N818 (the name describes the file)
    """A file that is not a usable photo.

    Attributes:
        verdict: `empty`, `unreadable`, `too-large` or `too-small`.
        reason: what is wrong, on one line.
    """

    def __init__(self, verdict: Verdict, reason: str) -> None:
        super().__init__(verdict, reason)
        self.verdict, self.reason = verdict, " ".join(reason.split())

    def __str__(self) -> str:
        """Return the reason."""
        return self.reason


@dataclass(frozen=True)
class DecodedPhoto:
    """A photo, upright and in color.

    Attributes:
        image: RGB, 8 bits per channel, upright; or mode `L` with `allow_gray`.
        width: pixels of the upright photo.
        height: pixels of the upright photo.
        mode: Pillow's name for the pixels in the file, such as `RGB`, `L`, `CMYK`, `P`, `I;16`.
        format: Pillow's name for the file's format, by its content: `JPEG`, `PNG`, `GIF`, …
        notes: what was done besides decoding, in order.
    """

    image: Image.Image
    width: int
    height: int
    mode: str
    format: str
    notes: list[str]


def decode(content: bytes, allow_gray: bool = False) -> DecodedPhoto:
    """Decode a whole photo, to the last byte, so that a truncated file is detected.

    An animation is represented by its first frame. The size is checked before decoding, so that a file that declares
    an enormous image takes neither time nor memory.

    Args:
        content: the file's bytes.
        allow_gray: whether `image` may be grayscale if that saves time: a third of it, for most JPEGs. Nothing else
            in the result depends on it.

    Raises:
        UnreadablePhoto: the content is not a photo, has more than `MAX_PIXELS` pixels, or a side shorter than
            `MIN_SIDE` pixels.
    """
    if not content:
        raise UnreadablePhoto(Verdict.EMPTY, "the file has 0 bytes")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # thousands of photos have a slightly broken EXIF block, which is harmless
        image = _open(content)
        _check_size(*image.size)
        try:
            return _load(image, allow_gray)
        except Exception as error:  # decoders raise many kinds of errors, and one file must not stop the others
            raise UnreadablePhoto(Verdict.UNREADABLE, _describe(error)) from error


def is_image(file: BinaryIO) -> bool:
    """Return whether a file begins like an image of a known format; the rest is not read."""
    try:
        Image.open(file, formats=_FORMATS)
    except Image.DecompressionBombError:
        return True
    except Exception:  # a damaged header raises many kinds of errors
        return False
    return True


def _open(content: bytes) -> ImageFile.ImageFile:
    try:
        return Image.open(io.BytesIO(content), formats=_FORMATS)
    except Image.DecompressionBombError as error:
        declared = re.search("[0-9]+ pixels", str(error))
        raise UnreadablePhoto(Verdict.TOO_LARGE, _too_many_pixels(declared[0] if declared else str(error))) from error
    except UnidentifiedImageError as error:
        raise UnreadablePhoto(Verdict.UNREADABLE, _describe_unknown(content)) from error
    except Exception as error:
        raise UnreadablePhoto(Verdict.UNREADABLE, _describe(error)) from error


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise UnreadablePhoto(Verdict.TOO_LARGE, _too_many_pixels(f"{width}×{height} pixels"))
    if min(width, height) < MIN_SIDE:
        raise UnreadablePhoto(Verdict.TOO_SMALL, f"{width}×{height} pixels, expected at least {MIN_SIDE} each way")


def _too_many_pixels(declared: str) -> str:
    return f"{declared}, expected at most {MAX_PIXELS:,}"


def _load(image: ImageFile.ImageFile, allow_gray: bool) -> DecodedPhoto:
    form = "JPEG" if image.format == "MPO" else str(image.format)  # MPO: a phone's JPEG followed by a second image
    notes = ["several frames, the first one used"] if form != "JPEG" and _has_several_frames(image) else []
    mode = image.mode
    in_gray = allow_gray and form == "JPEG" and mode == "RGB" and "icc_profile" not in image.info
    if in_gray:
        image.draft("L", None)  # every byte is still decoded, only the colors are not computed
    image.load()
    converted, conversions = (image, []) if in_gray else to_rgb(image)
    upright, rotations = apply_orientation(converted, image)
    width, height = upright.size
    if max(width, height) > _MAX_ASPECT_RATIO * min(width, height):
        notes.append(f"very elongated ({width}×{height} pixels)")
    return DecodedPhoto(upright, width, height, mode, form, [*notes, *conversions, *rotations])


def _has_several_frames(image: ImageFile.ImageFile) -> bool:
    try:
        return bool(getattr(image, "is_animated", False))
    except Exception:  # the second frame is damaged, which does not affect the first
        image.seek(0)
        return False


def _describe_unknown(content: bytes) -> str:
    if content[4:8] == b"ftyp" and content[8:12] in (b"heic", b"heix", b"hevc", b"mif1", b"msf1"):
        return "HEIC, which Pillow cannot decode; convert it to JPEG"
    return f"no image in a known format, or one with a broken header (starts with {content[:8]!r})"


def _describe(error: Exception) -> str:
    return str(error) or type(error).__name__
