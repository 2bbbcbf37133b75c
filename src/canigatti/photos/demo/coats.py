"""What both animals share: colours, a body, a head with its markings, and clothes, all with the same chances."""

import itertools
import math
import random
from dataclasses import dataclass
from typing import Literal

import numpy as np

from canigatti.photos.demo.pen import Colour, Pen, luminance, mix, vary

BLACK: Colour = (24, 20, 22)
WHITE: Colour = (250, 246, 240)
_COATS: tuple[Colour, ...] = (
    (214, 132, 62), (232, 176, 108), (120, 78, 48), (58, 50, 52), (128, 128, 134), (166, 156, 148), (238, 226, 204),
    (240, 238, 236), (182, 120, 70), (88, 66, 52), (92, 98, 112), (208, 160, 120),
)  # fmt: skip
_IRISES: tuple[Colour, ...] = ((196, 140, 40), (118, 74, 36), (120, 150, 66), (92, 142, 182), (168, 104, 44))
_NOSES: tuple[Colour, ...] = ((36, 30, 34), (74, 50, 46), (206, 122, 118), (52, 42, 44))
_PINK: Colour = (226, 158, 150)


@dataclass(frozen=True)
class Coat:
    """Colours and markings of one animal; `line` is for mouth and brows."""

    fur: Colour
    marking: Colour
    pale: Colour
    inner_ear: Colour
    iris: Colour
    nose: Colour
    line: Colour
    pattern: Literal["plain", "striped", "patched", "masked", "capped"]


@dataclass(frozen=True)
class Head:
    """Shape and pose of a head, in units of its radius.

    Attributes:
        wide: half its width.
        high: half its height, ears left out.
        power: exponent of the superellipse; 2 is an ellipse, more is squarer.
        cheeks: how far the cheeks bulge.
        turn: how far eyes and muzzle move to the right as the head turns.
        nod: how far they move down.
    """

    wide: float
    high: float
    power: float
    cheeks: float
    turn: float
    nod: float


def choose_coat(dice: random.Random) -> Coat:
    """Colours that go together; the same chances for both animals."""
    fur = vary(dice.choice(_COATS), 16, dice)
    dark = luminance(fur) < 90
    marking = mix(fur, WHITE, dice.uniform(0.25, 0.8)) if dark else mix(fur, BLACK, dice.uniform(0.3, 0.65))
    return Coat(
        fur=fur,
        marking=marking,
        pale=mix(fur, WHITE, dice.uniform(0.45, 0.9) if not dark else dice.uniform(0.15, 0.8)),
        inner_ear=mix(fur, _PINK, dice.uniform(0.45, 0.85)),
        iris=vary(dice.choice(_IRISES), 14, dice),
        nose=vary(dice.choice(_NOSES), 10, dice),
        line=mix(fur, BLACK, 0.75) if not dark else mix(fur, BLACK, 0.9),
        pattern=dice.choice(("plain", "striped", "patched", "masked", "capped")),
    )


def draw_body(pen: Pen, coat: Coat, dice: random.Random) -> None:
    """Draw neck and chest, down past the frame, with a collar or bow on every other animal."""
    width = dice.uniform(0.85, 1.2)
    shade = mix(coat.fur, BLACK, 0.18)
    pen.blob([(-0.5, 0.4), (0.5, 0.4), (width, 1.5), (width + 0.3, 9), (-width - 0.3, 9), (-width, 1.5)], shade)
    if dice.random() < 0.6:
        pen.oval((0, 1.7), (width * 0.5, 0.9), mix(coat.pale, shade, 0.25))
    _draw_fur(pen.moved(0, 1.6), (width, 0.7), shade, dice, strokes=25)
    if dice.random() < 0.5:
        _draw_collar(pen, dice)


def _draw_collar(pen: Pen, dice: random.Random) -> None:
    colour = dice.choice(((200, 50, 50), (40, 90, 170), (50, 140, 90), (230, 190, 60), (150, 70, 150)))
    if dice.random() < 0.3:
        for side in (-1, 1):
            pen.blob([(0, 1.02), (side * 0.42, 0.84), (side * 0.5, 1.05), (side * 0.42, 1.26)], colour)
        pen.oval((0, 1.04), (0.1, 0.11), mix(colour, BLACK, 0.3))
        return
    pen.blob([(-0.66, 0.84), (0, 1.06), (0.66, 0.84), (0.72, 1.02), (0, 1.25), (-0.72, 1.02)], colour)
    pen.oval((0, 1.28), (0.12, 0.13), (226, 196, 90))


def draw_party_hat(pen: Pen, dice: random.Random) -> None:
    """Draw a pointed hat between the ears: what is pointed is not always an ear."""
    colour = dice.choice(((220, 80, 90), (70, 130, 210), (240, 190, 70), (110, 180, 110)))
    lean = dice.uniform(-0.15, 0.15)
    pen.polygon([(-0.3, -0.72), (0.3, -0.72), (lean, -1.45)], colour)
    pen.line([(-0.2, -0.92), (0.22, -0.88)], mix(colour, WHITE, 0.7), 0.06)
    pen.oval((lean, -1.45), (0.09, 0.09), WHITE)


def draw_head(pen: Pen, head: Head, coat: Coat, dice: random.Random) -> None:
    """Draw a furry head without ears, eyes or muzzle."""
    outline = _outline(head)
    pen.moved(0, 0.07).polygon(outline * 1.01, mix(coat.fur, BLACK, 0.4))
    pen.polygon(outline, coat.fur)
    _draw_markings(pen, head, outline, coat)
    _draw_fur(pen, (head.wide, head.high), coat.fur, dice, strokes=70)


def _outline(head: Head) -> np.ndarray:
    """Outline with tufts of fur: a superellipse whose lower sides bulge, (64, 2)."""
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


def _draw_fur(pen: Pen, radii: tuple[float, float], fur: Colour, dice: random.Random, strokes: int) -> None:
    """Short strokes away from the nose, lighter and darker than the fur."""
    shades = (mix(fur, WHITE, 0.16), mix(fur, BLACK, 0.14), mix(fur, WHITE, 0.3), mix(fur, BLACK, 0.24))
    for _ in range(strokes):
        angle, reach = dice.uniform(0, math.tau), dice.uniform(0.5, 1.0) ** 0.5
        x, y = radii[0] * reach * math.cos(angle), radii[1] * reach * math.sin(angle)
        pen.line([(x, y), (x * 1.09, y * 1.09 + 0.04)], dice.choice(shades), 0.025)
