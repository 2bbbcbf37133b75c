"""Drawing of Grad-CAM over the photo that it belongs to."""

import matplotlib as mpl
import numpy as np
from PIL import Image

_COLORS = mpl.colormaps["inferno"]  # monotonic in lightness, so that it is readable in grayscale and when color blind
_OPACITY = 0.65  # of the colors at the maximum of the map


def scale_map(values: np.ndarray, size: int) -> np.ndarray:
    """Return a map in the size of the photo, (size, size), float32, 0 to 1: interpolated, then divided by its maximum.

    A map of zeros stays one, and an undefined one becomes one.

    Args:
        values: (rows, columns), see :meth:`canigatti.evaluation.gradcam.GradCam.maps_of_batch`.
        size: side of the photo, pixels.
    """
    if is_empty(values):
        return np.zeros((size, size), np.float32)
    scaled = (values / values.max()).astype(np.float32)  # first: interpolation would make the smallest numbers zero
    large = np.asarray(Image.fromarray(scaled).resize((size, size), Image.Resampling.BILINEAR))
    return large / large.max()


def is_empty(values: np.ndarray) -> bool:
    """Return whether a map says nothing: no position speaks for the class, or the network's values are not finite."""
    return not values.max() > 0


def overlay(photo: Image.Image, values: np.ndarray) -> Image.Image:
    """Return a photo in gray with its map in color, brighter where the map is higher; an empty map gives plain gray.

    Args:
        photo: a square, RGB.
        values: (rows, columns), the map.
    """
    heat = scale_map(values, photo.width)[:, :, None]
    gray = np.asarray(photo.convert("L").convert("RGB"), np.float32)
    colors = 255 * _COLORS(heat[:, :, 0])[:, :, :3].astype(np.float32)
    return Image.fromarray((gray + _OPACITY * heat * (colors - gray)).round().astype(np.uint8))


def describe_empty(values: np.ndarray) -> str:
    """Return why a map is empty, in a word; nothing if it is not."""
    if np.isnan(values).any():
        return "undefined"
    return "empty" if is_empty(values) else ""
