"""Drawing of shapes in the coordinates of a head, which may be shifted, scaled, tilted and mirrored."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from PIL import ImageDraw

Color = tuple[int, int, int]
Points = Sequence[tuple[float, float]]

_STEPS = np.linspace(0, 1, 7)[:-1, None]
# Weights of four neighboring points on a uniform Catmull-Rom spline, (steps, 4).
_CATMULL_ROM = 0.5 * np.hstack(
    [
        -_STEPS + 2 * _STEPS**2 - _STEPS**3,
        2 - 5 * _STEPS**2 + 3 * _STEPS**3,
        _STEPS + 4 * _STEPS**2 - 3 * _STEPS**3,
        _STEPS**3 - _STEPS**2,
    ]
)
_CIRCLE = np.stack([np.cos(np.linspace(0, math.tau, 29)[:-1]), np.sin(np.linspace(0, math.tau, 29)[:-1])], axis=1)


def mix(first: Color, second: Color, fraction: float) -> Color:
    """Interpolate between two colors; `fraction` is the weight of the second, 0 to 1."""
    red, green, blue = (round(a + (b - a) * fraction) for a, b in zip(first, second, strict=True))
    return red, green, blue


def vary(color: Color, max_shift: int, rng: random.Random) -> Color:
    """Shift each channel of a color by a random number up to `max_shift`, within 0 to 255."""
    red, green, blue = (min(255, max(0, channel + rng.randint(-max_shift, max_shift))) for channel in color)
    return red, green, blue


def luminance(color: Color) -> float:
    """Return the luma of a color, 0 to 255 (ITU-R 601, as in Pillow's grayscale)."""
    return 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]


@dataclass(frozen=True)
class Pen:
    """Draws shapes in units of the head's radius, x to the right and y down, origin between the cheeks.

    Attributes:
        draw: the drawing context of the image.
        origin: center of the head, pixels.
        scale: pixels per unit.
        tilt: rotation, radians, clockwise.
        mirrored: whether left and right are swapped.
    """

    draw: ImageDraw.ImageDraw
    origin: tuple[float, float]
    scale: float
    tilt: float = 0.0
    mirrored: bool = False

    def to_pixels(self, points: Points | np.ndarray) -> np.ndarray:
        """Convert points to pixel coordinates, (points, 2)."""
        sine, cosine = math.sin(self.tilt), math.cos(self.tilt)
        mirror = -1.0 if self.mirrored else 1.0
        turn = np.array([[mirror * cosine, mirror * sine], [-sine, cosine]])
        pixels: np.ndarray = np.asarray(points, dtype=float) @ turn * self.scale + self.origin
        return pixels

    def moved(self, right: float, down: float) -> Self:
        """Return a pen with its origin shifted by these units."""
        horizontal, vertical = self.to_pixels([(right, down)])[0]
        return replace(self, origin=(float(horizontal), float(vertical)))

    def polygon(self, points: Points | np.ndarray, color: Color) -> None:
        """Fill a polygon."""
        self.draw.polygon(self.to_pixels(points).ravel().tolist(), fill=color)

    def blob(self, points: Points, color: Color) -> None:
        """Fill a smooth closed curve through `points`."""
        corners = np.asarray(points, dtype=float)
        neighbors = np.stack([np.roll(corners, shift, axis=0) for shift in (1, 0, -1, -2)], axis=1)
        self.polygon((_CATMULL_ROM @ neighbors).reshape(-1, 2), color)

    def oval(self, center: tuple[float, float], radii: tuple[float, float], color: Color, tilt: float = 0.0) -> None:
        """Fill an ellipse turned by `tilt` radians."""
        sine, cosine = math.sin(tilt), math.cos(tilt)
        turn = np.array([[cosine, sine], [-sine, cosine]])
        self.polygon((_CIRCLE * radii) @ turn + center, color)

    def line(self, points: Points, color: Color, width: float) -> None:
        """Draw a line of `width` units, at least one pixel."""
        pixels = max(1, round(width * self.scale))
        self.draw.line(self.to_pixels(points).ravel().tolist(), fill=color, width=pixels, joint="curve")
