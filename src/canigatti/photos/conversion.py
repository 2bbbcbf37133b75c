"""Conversion of every kind of image to upright 8-bit RGB, with notes on what was done.

The notes are written to the manifest's `reason` column: to reword one changes a result.
"""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

_ORIENTATION_TAG = 0x0112
_TRANSPOSITIONS = {  # EXIF 2.32, section 4.6.4: the inverse of each orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SRGB = ImageCms.createProfile("sRGB")


def to_rgb(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """Convert a loaded image of any mode to 8-bit sRGB, with transparent areas on white.

    Returns:
        The image, and notes on what was done, in order.

    Raises:
        ValueError: Pillow cannot convert the image's mode to RGB.
    """
    notes: list[str] = []
    profile = image.info.get("icc_profile")
    if image.mode.startswith(("I", "F")):
        notes.append(f"{'16-bit' if image.mode.startswith('I;16') else image.mode} values scaled to 8 bits")
        image = _to_eight_bits(image)
    elif image.has_transparency_data:
        image, is_transparent = _put_on_white(image)
        notes += ["transparent parts put on white"] if is_transparent else []
    elif image.mode in ("CMYK", "LAB", "YCbCr", "HSV"):
        notes.append(f"{image.mode} converted to RGB")
    if image.mode in ("1", "P"):
        image = image.convert("RGB")
    if profile:
        image, note = _to_srgb(image, profile)
        notes += [note] if note else []
    return image if image.mode == "RGB" else image.convert("RGB"), notes


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Scale gray values of 16 bits or more without clipping; an unknown range is the image's minimum to maximum."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0, neginf=0)
    low, high = values.min(), values.max()
    if image.mode.startswith("I") and low >= 0 and high <= 65535:
        low, high = 0.0, 65535.0
    scaled = (values - low) * (255 / max(high - low, 1e-12))
    return Image.fromarray(np.rint(scaled).astype(np.uint8))


def _put_on_white(image: Image.Image) -> tuple[Image.Image, bool]:
    """Return the image on white, and whether any of its pixels was transparent."""
    rgba = image.convert("RGBA")
    white = Image.new("RGBA", rgba.size, "white")
    return Image.alpha_composite(white, rgba).convert("RGB"), rgba.getchannel("A").tobytes().strip(b"\xff") != b""


def _to_srgb(image: Image.Image, profile: bytes) -> tuple[Image.Image, str | None]:
    try:
        transform, name = _build_transform(profile, image.mode)
        if transform is None:
            return image, None
        return transform.apply(image), f"colours converted from {name} to sRGB"
    except (ImageCms.PyCMSError, ValueError, TypeError, OSError) as error:
        return image, f"colour profile ignored ({error})"


@lru_cache(maxsize=16)
def _build_transform(profile: bytes, mode: str) -> tuple[ImageCms.ImageCmsTransform | None, str]:
    """Return the transform to sRGB and the profile's name; no transform for sRGB itself, the most frequent profile."""
    opened = ImageCms.getOpenProfile(io.BytesIO(profile))
    name = " ".join(ImageCms.getProfileDescription(opened).split())
    if "sRGB" in name and mode == "RGB":
        return None, name
    return ImageCms.buildTransform(opened, _SRGB, mode, "RGB"), name


def apply_orientation(rgb: Image.Image, source: Image.Image) -> tuple[Image.Image, list[str]]:
    """Rotate or mirror `rgb` by the EXIF orientation of the opened file `source`; ignore a broken EXIF block.

    Returns:
        The upright image, and notes on what was done.
    """
    try:
        orientation = source.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # Pillow's EXIF reader raises many kinds of errors on damaged data
        return rgb, ["EXIF data cannot be read"]
    if orientation not in _TRANSPOSITIONS:
        return rgb, []
    return rgb.transpose(_TRANSPOSITIONS[orientation]), [f"rotated upright (EXIF orientation {orientation})"]
