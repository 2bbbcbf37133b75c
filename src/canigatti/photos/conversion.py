"""Pixels of every kind of image as 8-bit RGB, upright, with a note on what had to be done."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

_ORIENTATION_TAG = 0x0112
_UPRIGHT = {  # EXIF 2.32, section 4.6.4: what undoes each orientation
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
    """A loaded image of any mode as 8-bit RGB in sRGB, transparent parts on white, and notes on what was done.

    Raises:
        ValueError: Pillow knows no way from the image's mode to RGB.
    """
    notes: list[str] = []
    profile = image.info.get("icc_profile")
    if image.mode.startswith(("I", "F")):
        notes.append(f"{'16-bit' if image.mode.startswith('I;16') else image.mode} values scaled to 8 bits")
        image = _eight_bits(image)
    elif image.has_transparency_data:
        image, has_clear_parts = _on_white(image)
        notes += ["transparent parts put on white"] if has_clear_parts else []
    elif image.mode in ("CMYK", "LAB", "YCbCr", "HSV"):
        notes.append(f"{image.mode} converted to RGB")
    if image.mode in ("1", "P"):
        image = image.convert("RGB")
    if profile:
        image, note = _in_srgb(image, profile)
        notes += [note] if note else []
    return image if image.mode == "RGB" else image.convert("RGB"), notes


def _eight_bits(image: Image.Image) -> Image.Image:
    """Gray of 16 bits or more, scaled and not clipped; without a known range from its darkest to its lightest value."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0, neginf=0)
    low, high = values.min(), values.max()
    if image.mode.startswith("I") and low >= 0 and high <= 65535:
        low, high = 0.0, 65535.0
    scaled = (values - low) * (255 / max(high - low, 1e-12))
    return Image.fromarray(np.rint(scaled).astype(np.uint8))


def _on_white(image: Image.Image) -> tuple[Image.Image, bool]:
    clear = image.convert("RGBA")
    white = Image.new("RGBA", clear.size, "white")
    return Image.alpha_composite(white, clear).convert("RGB"), clear.getchannel("A").tobytes().strip(b"\xff") != b""


def _in_srgb(image: Image.Image, profile: bytes) -> tuple[Image.Image, str | None]:
    try:
        transform, name = _transform_to_srgb(profile, image.mode)
        if transform is None:
            return image, None
        return transform.apply(image), f"colours converted from {name} to sRGB"
    except (ImageCms.PyCMSError, ValueError, TypeError, OSError) as error:
        return image, f"colour profile ignored ({error})"


@lru_cache(maxsize=16)
def _transform_to_srgb(profile: bytes, mode: str) -> tuple[ImageCms.ImageCmsTransform | None, str]:
    """How to convert, and the profile's name; None where the profile is sRGB, as nearly all are."""
    opened = ImageCms.getOpenProfile(io.BytesIO(profile))
    name = " ".join(ImageCms.getProfileDescription(opened).split())
    if "sRGB" in name and mode == "RGB":
        return None, name
    return ImageCms.buildTransform(opened, _SRGB, mode, "RGB"), name


def upright(image: Image.Image, rgb: Image.Image) -> tuple[Image.Image, list[str]]:
    """`rgb` turned as the EXIF orientation of `image`, the file it comes from, says; a broken EXIF turns nothing."""
    try:
        orientation = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # Pillow's EXIF reader raises whatever the damage leads to
        return rgb, ["EXIF data cannot be read"]
    if orientation not in _UPRIGHT:
        return rgb, []
    return rgb.transpose(_UPRIGHT[orientation]), [f"rotated upright (EXIF orientation {orientation})"]
