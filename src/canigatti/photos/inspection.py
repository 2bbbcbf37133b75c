"""What one file is: its facts, whether it gives a photo, and what near duplicates are told by."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath

from PIL import Image

from canigatti.photos.decoding import DecodedPhoto, UnreadablePhoto, decode
from canigatti.photos.hashing import thumbnail
from canigatti.photos.layouts import FoundPhoto
from canigatti.photos.records import Verdict
from canigatti.photos.sources import PhotoSource
from canigatti.photos.workers import for_each

_Pixels = bytes  # the built-in type, which the field `bytes` of Inspection hides
_FORMAT_OF_SUFFIX = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif"), "JPEG"),
    **dict.fromkeys((".tif", ".tiff"), "TIFF"),
    **dict.fromkeys((".jp2", ".j2k"), "JPEG2000"),
    **{f".{name.lower()}": name for name in ("PNG", "GIF", "BMP", "WEBP", "AVIF")},
}


@dataclass(frozen=True)
class Inspection:
    """Facts of one file; those of the photo are missing where the file gives none.

    Attributes:
        bytes: size of the file; None when it cannot be read.
        sha256: of the file's content, 64 hexadecimal digits; empty when it cannot be read.
        jfif: whether `JFIF` is among the first 10 bytes, which a well-known example takes for the mark of a good photo.
        verdict: `keep`, `outside` or a verdict of :class:`UnreadablePhoto`.
        reason: why not kept, or notes on what decoding had to do.
        width: pixels, upright.
        height: likewise.
        mode: Pillow's name of the file's pixels.
        format: Pillow's name of the file's format.
        thumbnail: (32, 32) gray levels in rows, 1,024 bytes.
    """

    bytes: int | None
    sha256: str
    jfif: bool
    verdict: Verdict
    reason: str
    width: int | None = None
    height: int | None = None
    mode: str = ""
    format: str = ""
    thumbnail: _Pixels = b""


def inspect_all(source: PhotoSource, found: Sequence[FoundPhoto], workers: int) -> list[Inspection]:
    """Inspect every file on `workers` processes; one entry a file, in order, whatever is wrong with it."""
    return list(for_each(partial(inspect_photo, source), found, workers, "inspect"))


def inspect_photo(source: PhotoSource, photo: FoundPhoto) -> Inspection:
    """Read and decode one file, and never raise for what is wrong with it."""
    try:
        content = source.read(photo.path)
    except OSError as error:
        return Inspection(None, "", False, Verdict.UNREADABLE, " ".join(f"cannot be read: {error}".split()))
    facts = Inspection(len(content), hashlib.sha256(content).hexdigest(), b"JFIF" in content[:10], Verdict.KEEP, "")
    if photo.label is None:
        return replace(facts, verdict=Verdict.OUTSIDE, reason="in no class's folder")
    try:
        decoded = decode(content, gray_suffices=True)
    except UnreadablePhoto as fault:
        return replace(facts, verdict=fault.verdict, reason=fault.reason)
    return _with_photo(facts, decoded, photo.path)


def _with_photo(facts: Inspection, decoded: DecodedPhoto, path: str) -> Inspection:
    return replace(
        facts,
        reason="; ".join([*_unlike_its_name(path, decoded.format), *decoded.notes]),
        width=decoded.width,
        height=decoded.height,
        mode=decoded.mode,
        format=decoded.format,
        thumbnail=thumbnail(decoded.image),
    )


def _unlike_its_name(path: str, form: str) -> list[str]:
    suffix = PurePosixPath(path).suffix
    expected = _FORMAT_OF_SUFFIX.get(suffix.lower(), form)
    return [] if expected == form else [f"{form} content in a file named {suffix}"]


def image_or_none(source: PhotoSource, path: str) -> Image.Image | None:
    """What a file shows, RGB; None when it cannot be read or decoded."""
    try:
        return decode(source.read(path)).image
    except (OSError, UnreadablePhoto):
        return None
