"""Inspection of single files: properties, verdict, and the thumbnail for finding near duplicates."""

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
from canigatti.photos.workers import map_processes

_Pixels = bytes  # the built-in type, which the field `bytes` of Inspection shadows
_FORMAT_OF_SUFFIX = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif"), "JPEG"),
    **dict.fromkeys((".tif", ".tiff"), "TIFF"),
    **dict.fromkeys((".jp2", ".j2k"), "JPEG2000"),
    **{f".{name.lower()}": name for name in ("PNG", "GIF", "BMP", "WEBP", "AVIF")},
}


@dataclass(frozen=True)
class Inspection:
    """Properties of one file; those from `width` on are only set for a decoded photo.

    Attributes:
        bytes: size of the file; None if it is not readable.
        sha256: digest of the file's content, 64 hexadecimal digits; empty if it is not readable.
        jfif: whether `JFIF` is in the first 10 bytes, the test for a valid photo in a well-known Keras example.
        verdict: `keep`, `outside` or a verdict of :class:`UnreadablePhoto`.
        reason: why the file is rejected, or notes from decoding.
        width: pixels of the upright photo.
        height: pixels of the upright photo.
        mode: Pillow's name for the pixels in the file.
        format: Pillow's name for the file's format.
        thumbnail: 32 × 32 gray levels row by row, 1,024 bytes.
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
    """Inspect every file in `workers` processes; return one inspection per file, in order."""
    return list(map_processes(partial(inspect_photo, source), found, workers, "inspect"))


def inspect_photo(source: PhotoSource, photo: FoundPhoto) -> Inspection:
    """Read and decode one file; a damaged or missing file gets a verdict and raises no error."""
    try:
        content = source.read(photo.path)
    except OSError as error:
        return Inspection(None, "", False, Verdict.UNREADABLE, " ".join(f"cannot be read: {error}".split()))
    inspection = Inspection(
        len(content), hashlib.sha256(content).hexdigest(), b"JFIF" in content[:10], Verdict.KEEP, ""
    )
    if photo.label is None:
        return replace(inspection, verdict=Verdict.OUTSIDE, reason="in no class's folder")
    try:
        decoded = decode(content, allow_gray=True)
    except UnreadablePhoto as error:
        return replace(inspection, verdict=error.verdict, reason=error.reason)
    return _with_photo(inspection, decoded, photo.path)


def _with_photo(inspection: Inspection, decoded: DecodedPhoto, path: str) -> Inspection:
    return replace(
        inspection,
        reason="; ".join([*_format_notes(path, decoded.format), *decoded.notes]),
        width=decoded.width,
        height=decoded.height,
        mode=decoded.mode,
        format=decoded.format,
        thumbnail=thumbnail(decoded.image),
    )


def _format_notes(path: str, form: str) -> list[str]:
    suffix = PurePosixPath(path).suffix
    expected = _FORMAT_OF_SUFFIX.get(suffix.lower(), form)
    return [] if expected == form else [f"{form} content in a file named {suffix}"]


def image_or_none(source: PhotoSource, path: str) -> Image.Image | None:
    """Return the RGB image of a file; None if it cannot be read or decoded."""
    try:
        return decode(source.read(path)).image
    except (OSError, UnreadablePhoto):
        return None
