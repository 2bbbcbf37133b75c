"""Files that are not the photos they claim to be, as they turn up in collections from the web."""

import io

from PIL import Image

_ORIENTATION_TAG = 0x0112
_OLE_SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")  # how Windows' Thumbs.db begins


def jpeg_bytes(photo: Image.Image, quality: int = 85) -> bytes:
    """`photo` as a JPEG; quality 1 to 95."""
    return _encoded(photo, "JPEG", quality=quality)


def _encoded(photo: Image.Image, file_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    photo.save(buffer, file_format, **options)
    return buffer.getvalue()


def text_bytes() -> bytes:
    """A web server's apology saved under a photo's name."""
    return b"<html><head><title>404 Not Found</title></head><body>This photo is no longer available.</body></html>\n"


def truncated_jpeg_bytes(photo: Image.Image) -> bytes:
    """A JPEG whose download broke off: header and half of the scan."""
    whole = jpeg_bytes(photo)
    return whole[: len(whole) // 2]


def gif_bytes(photo: Image.Image) -> bytes:
    """A GIF of 256 colours."""
    return _encoded(photo.quantize(256), "GIF")


def png_bytes(photo: Image.Image) -> bytes:
    """A PNG."""
    return _encoded(photo, "PNG")


def cmyk_jpeg_bytes(photo: Image.Image) -> bytes:
    """A JPEG in the four colours of print."""
    return _encoded(photo.convert("CMYK"), "JPEG", quality=85)


def sideways_jpeg_bytes(photo: Image.Image) -> bytes:
    """A JPEG stored lying on its side, with the EXIF orientation (6) that sets it upright."""
    exif = Image.Exif()
    exif[_ORIENTATION_TAG] = 6  # the viewer turns it by 90° clockwise
    return _encoded(photo.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=85, exif=exif)


def rescaled_jpeg_bytes(original: bytes) -> bytes:
    """The same photo at 80 % of its size and a lower quality: equal to the eye, different in every byte."""
    with Image.open(io.BytesIO(original)) as photo:
        smaller = photo.resize((round(photo.width * 0.8), round(photo.height * 0.8)), Image.Resampling.LANCZOS)
    return jpeg_bytes(smaller, quality=70)


def thumbs_db_bytes() -> bytes:
    """The start of a Windows thumbnail cache."""
    return _OLE_SIGNATURE + bytes(504)
