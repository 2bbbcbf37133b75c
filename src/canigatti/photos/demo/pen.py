"""Drawing in face units: shapes turn, shrink and move with the head they belong to."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from PIL import ImageDraw

Colour = tuple[int, int, int]
Points = Sequence[tuple[float, float]]

_STEPS = np.linspace(0, 1, 7)[:-1, None]
# Weights of four neighbouring points on a uniform Catmull-Rom spline, (steps, 4).
_CATMULL_ROM = 0.5 * np.hstack(
    [
        -_STEPS + 2 * _STEPS**2 - _STEPS**3,
        2 - 5 * _STEPS**2 + 3 * _STEPS**3,
        _STEPS + 4 * _STEPS**2 - 3 * _STEPS**3,
        _STEPS**3 - _STEPS**2,
    ]
)
_CIRCLE = np.stack([np.cos(np.linspace(0, math.tau, 29)[:-1]), np.sin(np.linspace(0, math.tau, 29)[:-1])], axis=1)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """`one` with a `share` (0 to 1) of `other` in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def vary(colour: Colour, amount: int, dice: random.Random) -> Colour:
    """`colour` with each channel moved by up to `amount`, kept within 0 to 255."""
    red, green, blue = (min(255, max(0, channel + dice.randint(-amount, amount))) for channel in colour)
    return red, green, blue


def luminance(colour: Colour) -> float:
    """How light a colour is, 0 to 255 (ITU-R 601, as Pillow's grayscale)."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


@dataclass(frozen=True)
class Pen:
    """Draws shapes given in units of the head's radius, x to the right and y down, origin between the cheeks.

    Attributes:
        draw: where the shapes go.
        origin: the head's centre, pixels.
        scale: pixels a unit.
        tilt: rotation, radians, clockwise.
        mirrored: whether left and right are swapped.
    """

    draw: ImageDraw.ImageDraw
    origin: tuple[float, float]
    scale: float
    tilt: float = 0.0
    mirrored: bool = False

    def placed(self, points: Points | np.ndarray) -> np.ndarray:
        """Pixels of `points`, (points, 2)."""
        sine, cosine = math.sin(self.tilt), math.cos(self.tilt)
        mirror = -1.0 if self.mirrored else 1.0
        turn = np.array([[mirror * cosine, mirror * sine], [-sine, cosine]])
        pixels: np.ndarray = np.asarray(points, dtype=float) @ turn * self.scale + self.origin
        return pixels

    def moved(self, right: float, down: float) -> Self:
        """A pen whose origin lies elsewhere on the face, in units of this one."""
        horizontal, vertical = self.placed([(right, down)])[0]
        return replace(self, origin=(float(horizontal), float(vertical)))

    def polygon(self, points: Points | np.ndarray, colour: Colour) -> None:
        """Fill a polygon."""
        self.draw.polygon(self.placed(points).ravel().tolist(), fill=colour)

    def blob(self, points: Points, colour: Colour) -> None:
        """Fill a smooth closed curve through `points`."""
        corners = np.asarray(points, dtype=float)
        neighbours = np.stack([np.roll(corners, shift, axis=0) for shift in (1, 0, -1, -2)], axis=1)
        self.polygon((_CATMULL_ROM @ neighbours).reshape(-1, 2), colour)

    def oval(self, center: tuple[float, float], radii: tuple[float, float], colour: Colour, tilt: float = 0.0) -> None:
        """Fill an ellipse turned by `tilt` radians."""
        sine, cosine = math.sin(tilt), math.cos(tilt)
        turn = np.array([[cosine, sine], [-sine, cosine]])
        self.polygon((_CIRCLE * radii) @ turn + center, colour)

    def line(self, points: Points, colour: Colour, width: float) -> None:
        """Draw a line of `width` units, at least one pixel."""
        pixels = max(1, round(width * self.scale))
        self.draw.line(self.placed(points).ravel().tolist(), fill=colour, width=pixels, joint="curve")
