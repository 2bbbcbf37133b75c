"""Faulty files, of the kinds that occur in collections from the web."""

import io

from PIL import Image

_ORIENTATION_TAG = 0x0112
_OLE_SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")  # the first bytes of Windows' Thumbs.db


def jpeg_bytes(photo: Image.Image, quality: int = 85) -> bytes:
    """Encode a photo as JPEG; quality 1 to 95."""
    return _encode(photo, "JPEG", quality=quality)


def _encode(photo: Image.Image, file_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    photo.save(buffer, file_format, **options)
    return buffer.getvalue()


def text_bytes() -> bytes:
    """Return the error page of a web server, saved under a photo's name."""
    return b"<html><head><title>404 Not Found</title></head><body>This photo is no longer available.</body></html>\n"


def truncated_jpeg_bytes(photo: Image.Image) -> bytes:
    """Return the first half of a JPEG, as after an interrupted download."""
    whole = jpeg_bytes(photo)
    return whole[: len(whole) // 2]


def gif_bytes(photo: Image.Image) -> bytes:
    """Encode a photo as GIF with 256 colors."""
    return _encode(photo.quantize(256), "GIF")


def png_bytes(photo: Image.Image) -> bytes:
    """Encode a photo as PNG."""
    return _encode(photo, "PNG")


def cmyk_jpeg_bytes(photo: Image.Image) -> bytes:
    """Encode a photo as CMYK JPEG."""
    return _encode(photo.convert("CMYK"), "JPEG", quality=85)


def sideways_jpeg_bytes(photo: Image.Image) -> bytes:
    """Encode a photo as JPEG, rotated by 90°, with the EXIF orientation (6) that makes it upright."""
    exif = Image.Exif()
    exif[_ORIENTATION_TAG] = 6  # viewers rotate it by 90° clockwise
    return _encode(photo.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=85, exif=exif)


def rescaled_jpeg_bytes(original: bytes) -> bytes:
    """Re-encode a JPEG at 80% of its size and a lower quality: it looks the same, but all bytes differ."""
    with Image.open(io.BytesIO(original)) as photo:
        smaller = photo.resize((round(photo.width * 0.8), round(photo.height * 0.8)), Image.Resampling.LANCZOS)
    return jpeg_bytes(smaller, quality=70)


def thumbs_db_bytes() -> bytes:
    """Return the start of a Windows thumbnail cache."""
    return _OLE_SIGNATURE + bytes(504)
