"""Colors, body, head, markings and clothes, drawn with the same probabilities for cats and dogs."""

import itertools
import math
import random
from dataclasses import dataclass
from typing import Literal

import numpy as np

from canigatti.photos.demo.pen import Color, Pen, luminance, mix, vary

BLACK: Color = (24, 20, 22)
WHITE: Color = (250, 246, 240)
_COATS: tuple[Color, ...] = (
    (214, 132, 62), (232, 176, 108), (120, 78, 48), (58, 50, 52), (128, 128, 134), (166, 156, 148), (238, 226, 204),
    (240, 238, 236), (182, 120, 70), (88, 66, 52), (92, 98, 112), (208, 160, 120),
)  # fmt: skip
_IRISES: tuple[Color, ...] = ((196, 140, 40), (118, 74, 36), (120, 150, 66), (92, 142, 182), (168, 104, 44))
_NOSES: tuple[Color, ...] = ((36, 30, 34), (74, 50, 46), (206, 122, 118), (52, 42, 44))
_PINK: Color = (226, 158, 150)


@dataclass(frozen=True)
class Coat:
    """Colors and markings of one animal; `line` is for mouth and brows."""

    fur: Color
    marking: Color
    pale: Color
    inner_ear: Color
    iris: Color
    nose: Color
    line: Color
    pattern: Literal["plain", "striped", "patched", "masked", "capped"]


@dataclass(frozen=True)
class Head:
    """Shape and pose of a head, in units of its radius.

    Attributes:
        wide: half the width.
        high: half the height, without ears.
        power: exponent of the superellipse; 2 is an ellipse, larger values are squarer.
        cheeks: bulge of the cheeks.
        turn: shift of eyes and muzzle to the right, as the head turns.
        nod: shift of eyes and muzzle downwards.
    """

    wide: float
    high: float
    power: float
    cheeks: float
    turn: float
    nod: float


def choose_coat(rng: random.Random) -> Coat:
    """Choose matching colors, with the same probabilities for both animals."""
    fur = vary(rng.choice(_COATS), 16, rng)
    dark = luminance(fur) < 90
    marking = mix(fur, WHITE, rng.uniform(0.25, 0.8)) if dark else mix(fur, BLACK, rng.uniform(0.3, 0.65))
    return Coat(
        fur=fur,
        marking=marking,
        pale=mix(fur, WHITE, rng.uniform(0.45, 0.9) if not dark else rng.uniform(0.15, 0.8)),
        inner_ear=mix(fur, _PINK, rng.uniform(0.45, 0.85)),
        iris=vary(rng.choice(_IRISES), 14, rng),
        nose=vary(rng.choice(_NOSES), 10, rng),
        line=mix(fur, BLACK, 0.75) if not dark else mix(fur, BLACK, 0.9),
        pattern=rng.choice(("plain", "striped", "patched", "masked", "capped")),
    )


def draw_body(pen: Pen, coat: Coat, rng: random.Random) -> None:
    """Draw neck and chest down to below the frame, with a collar or bow on some animals."""
    width = rng.uniform(0.85, 1.2)
    shade = mix(coat.fur, BLACK, 0.18)
    pen.blob([(-0.5, 0.4), (0.5, 0.4), (width, 1.5), (width + 0.3, 9), (-width - 0.3, 9), (-width, 1.5)], shade)
    if rng.random() < 0.6:
        pen.oval((0, 1.7), (width * 0.5, 0.9), mix(coat.pale, shade, 0.25))
    _draw_fur(pen.moved(0, 1.6), (width, 0.7), shade, rng, strokes=25)
    if rng.random() < 0.5:
        _draw_collar(pen, rng)


def _draw_collar(pen: Pen, rng: random.Random) -> None:
    color = rng.choice(((200, 50, 50), (40, 90, 170), (50, 140, 90), (230, 190, 60), (150, 70, 150)))
    if rng.random() < 0.3:
        for side in (-1, 1):
            pen.blob([(0, 1.02), (side * 0.42, 0.84), (side * 0.5, 1.05), (side * 0.42, 1.26)], color)
        pen.oval((0, 1.04), (0.1, 0.11), mix(color, BLACK, 0.3))
        return
    pen.blob([(-0.66, 0.84), (0, 1.06), (0.66, 0.84), (0.72, 1.02), (0, 1.25), (-0.72, 1.02)], color)
    pen.oval((0, 1.28), (0.12, 0.13), (226, 196, 90))


def draw_party_hat(pen: Pen, rng: random.Random) -> None:
    """Draw a pointed hat between the ears, so that a pointed shape is not always an ear."""
    color = rng.choice(((220, 80, 90), (70, 130, 210), (240, 190, 70), (110, 180, 110)))
    lean = rng.uniform(-0.15, 0.15)
    pen.polygon([(-0.3, -0.72), (0.3, -0.72), (lean, -1.45)], color)
    pen.line([(-0.2, -0.92), (0.22, -0.88)], mix(color, WHITE, 0.7), 0.06)
    pen.oval((lean, -1.45), (0.09, 0.09), WHITE)


def draw_head(pen: Pen, head: Head, coat: Coat, rng: random.Random) -> None:
    """Draw a furry head without ears, eyes or muzzle."""
    outline = _outline(head)
    pen.moved(0, 0.07).polygon(outline * 1.01, mix(coat.fur, BLACK, 0.4))
    pen.polygon(outline, coat.fur)
    _draw_markings(pen, head, outline, coat)
    _draw_fur(pen, (head.wide, head.high), coat.fur, rng, strokes=70)


def _outline(head: Head) -> np.ndarray:
    """Return an outline with tufts of fur, a superellipse with bulging lower sides, (64, 2)."""
    angles = np.linspace(0, math.tau, 65)[:-1]
    cosine, sine = np.cos(angles), np.sin(angles)
    radius = (np.abs(cosine) ** head.power + np.abs(sine) ** head.power) ** (-1 / head.power)
    tufts = 0.035 * (np.arange(64) % 2) * (sine > -0.3)
    bulge = head.cheeks * np.exp(-(((sine - 0.35) / 0.3) ** 2))
    return np.stack([cosine * head.wide, sine * head.high], axis=1) * (radius + tufts + bulge)[:, None]


def _draw_markings(pen: Pen, head: Head, outline: np.ndarray, coat: Coat) -> None:
    wide, high = head.wide, head.high
    face = pen.moved(head.turn * 0.8, head.nod * 0.8)
    if coat.pattern == "striped":
        for place in (-0.28, 0.0, 0.28):
            pen.blob([(place - 0.07, -high), (place + 0.07, -high), (place * 0.7, -0.42)], coat.marking)
        for side, row in itertools.product((-wide, wide), (0.0, 0.22)):
            pen.blob([(side, row - 0.02), (side, row + 0.12), (0.62 * side, row + 0.06)], coat.marking)
    elif coat.pattern == "patched":
        face.oval((0.4, -0.22), (0.38, 0.42), coat.marking, 0.3)
    elif coat.pattern == "masked":
        face.blob([(-0.5, -0.1), (0.5, -0.1), (0.48, 0.5), (0, 0.72), (-0.48, 0.5)], coat.marking)
    elif coat.pattern == "capped":
        peak = [(0.5 * wide, -0.42 * high), (0, 0.02), (-0.5 * wide, -0.42 * high)]
        pen.polygon(np.concatenate([outline[outline[:, 1] < -0.2 * high], peak]), coat.marking)


def _draw_fur(pen: Pen, radii: tuple[float, float], fur: Color, rng: random.Random, strokes: int) -> None:
    """Draw short strokes away from the nose, lighter and darker than the fur."""
    shades = (mix(fur, WHITE, 0.16), mix(fur, BLACK, 0.14), mix(fur, WHITE, 0.3), mix(fur, BLACK, 0.24))
    for _ in range(strokes):
        angle, reach = rng.uniform(0, math.tau), rng.uniform(0.5, 1.0) ** 0.5
        x, y = radii[0] * reach * math.cos(angle), radii[1] * reach * math.sin(angle)
        pen.line([(x, y), (x * 1.09, y * 1.09 + 0.04)], rng.choice(shades), 0.025)
