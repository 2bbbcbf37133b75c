"""Faces of cats and dogs; coats, eyes and clothes have the same distribution for both, only the shapes differ."""

import math
import random
from dataclasses import replace
from typing import Literal

import numpy as np

from canigatti.photos.demo.coats import (
    BLACK,
    WHITE,
    Coat,
    Head,
    choose_coat,
    draw_body,
    draw_head,
    draw_party_hat,
)
from canigatti.photos.demo.pen import Color, Pen, Points, luminance, mix

Animal = Literal["cat", "dog"]

_TONGUE: Color = (226, 104, 112)


def draw_animal(pen: Pen, animal: Animal, rng: random.Random) -> None:
    """Draw a head with shoulders: about 2.4 units wide and high, ears included, around the pen's origin."""
    coat = choose_coat(rng)
    draw_body(pen, coat, rng)
    (_draw_cat if animal == "cat" else _draw_dog)(pen, coat, rng)
    if rng.random() < 0.05:
        draw_party_hat(pen, rng)


def _choose_head(rng: random.Random, wide: float, high: float, power: float, cheeks: float) -> Head:
    wide *= rng.uniform(0.9, 1.1)
    return Head(wide, high, power, cheeks, turn=rng.uniform(-0.22, 0.22), nod=rng.uniform(-0.1, 0.12))


def _draw_cat(pen: Pen, coat: Coat, rng: random.Random) -> None:
    head = _choose_head(rng, wide=1.0, high=0.84, power=2.3, cheeks=0.1)
    ears = pen.moved(-0.25 * head.turn, -0.2 * head.nod)
    draw_ear = _draw_folded_ear if rng.random() < 0.06 else _draw_pointed_ear
    spread, tall = head.wide * rng.uniform(0.62, 0.86), rng.uniform(1.25, 1.5)
    for side in (-1, 1):
        draw_ear(ears, side, spread, tall, coat)
    draw_head(pen, head, coat, rng)
    face = pen.moved(head.turn, head.nod)
    squint, slit = rng.uniform(0.75, 1.1), rng.uniform(0.25, 0.6)
    for side in (-1, 1):
        _draw_cat_eye(face.moved(side * 0.42 * head.wide, -0.1), side, squint, slit, coat)
    _draw_cat_muzzle(face.moved(0.25 * head.turn, 0.02), coat, rng)


def _draw_pointed_ear(pen: Pen, side: int, spread: float, tall: float, coat: Coat) -> None:
    outline = _curved_triangle((side * 0.99, -0.2), (side * spread, -tall), (side * 0.16, -0.74))
    pen.polygon(outline, coat.marking if coat.pattern in ("masked", "capped") else coat.fur)
    inside = _curved_triangle((side * 0.86, -0.38), (side * spread, -tall + 0.2), (side * 0.36, -0.72))
    pen.polygon(inside, coat.inner_ear)
    pen.line([(side * 0.36, -0.62), (side * (0.4 + 0.3 * spread), -0.95)], coat.pale, 0.05)


def _draw_folded_ear(pen: Pen, side: int, spread: float, tall: float, coat: Coat) -> None:
    pen.polygon(_curved_triangle((side * 0.96, -0.3), (side * 0.8, -0.9 * tall + 0.1), (side * 0.2, -0.76)), coat.fur)
    tip = _curved_triangle((side * 0.28, -0.86), (side * (spread + 0.16), -0.56), (side * 0.86, -0.98))
    pen.polygon(tip, mix(coat.fur, BLACK, 0.2))


def _curved_triangle(start: tuple[float, float], tip: tuple[float, float], end: tuple[float, float]) -> np.ndarray:
    """Return a triangle whose two long sides bulge outwards slightly, (11, 2)."""
    along = np.linspace(0, 1, 6)[:, None]
    first, top, last = np.array(start), np.array(tip), np.array(end)
    center = (first + last) / 2
    bulge = 0.16 * np.sin(math.pi * along)
    up = first + (top - first) * along + bulge * (first - center)
    down = top + (last - top) * along + bulge * (last - center)
    return np.concatenate([up, down[1:]])


def _draw_cat_eye(pen: Pen, side: int, squint: float, slit: float, coat: Coat) -> None:
    def almond(size: float) -> Points:
        shape = ((-1.0, 0.3), (-0.45, -0.62), (0.4, -0.86), (1.05, -0.5), (0.75, 0.45), (-0.1, 0.8))
        return [(side * x * 0.24 * size, y * 0.21 * size * squint) for x, y in shape]

    pen.blob(almond(1.22), coat.line)
    pen.blob(almond(1.0), coat.iris)
    pen.oval((0, -0.01), (0.19 * slit, 0.16 * squint), BLACK)
    pen.oval((0.07, -0.07), (0.045, 0.045), WHITE)


def _draw_cat_muzzle(pen: Pen, coat: Coat, rng: random.Random) -> None:
    for side in (-1, 1):
        pen.oval((side * 0.17, 0.43), (0.23, 0.19), coat.pale)
    pen.oval((0, 0.58), (0.16, 0.13), coat.pale)
    if rng.random() < 0.12:
        pen.oval((0.02, 0.6), (0.08, 0.12), _TONGUE)
    pen.blob([(-0.13, 0.24), (0, 0.21), (0.13, 0.24), (0.03, 0.36), (-0.03, 0.36)], coat.nose)
    for side in (-1, 1):
        pen.line([(0, 0.35), (0, 0.43), (side * 0.1, 0.52), (side * 0.22, 0.5), (side * 0.3, 0.44)], coat.line, 0.035)
    whisker = WHITE if luminance(coat.fur) < 150 else mix(coat.line, WHITE, 0.15)
    droop = rng.uniform(-0.12, 0.16)
    for side in (-1, 1):
        for row in (-1, 0, 1):
            start, end = (side * 0.26, 0.42 + 0.05 * row), (side * rng.uniform(1.15, 1.4), 0.38 + droop + 0.2 * row)
            bend = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2 - 0.06)
            pen.line([start, bend, end], whisker, 0.022)


def _draw_dog(pen: Pen, coat: Coat, rng: random.Random) -> None:
    head = _choose_head(rng, wide=0.84, high=rng.uniform(0.86, 0.98), power=2.2, cheeks=0.0)
    ears = pen.moved(-0.25 * head.turn, -0.2 * head.nod - 0.05)
    pricked = rng.random() < 0.08
    if pricked:
        if coat.pattern == "striped":  # a dog with stripes and pointed ears looks like a cat
            coat = replace(coat, pattern="masked")
        for side in (-1, 1):
            _draw_pointed_ear(ears, side, rng.uniform(0.55, 0.7), rng.uniform(1.25, 1.4), coat)
    draw_head(pen, head, coat, rng)
    face = pen.moved(head.turn, head.nod)
    for side in (-1, 1):
        _draw_dog_eye(face.moved(side * 0.43 * head.wide, -0.2), side, coat)
    _draw_dog_muzzle(face.moved(0.3 * head.turn, 0.05), coat, rng)
    if not pricked:
        _draw_floppy_ears(ears, head.wide, coat, rng)


def _draw_floppy_ears(pen: Pen, wide: float, coat: Coat, rng: random.Random) -> None:
    dark = coat.pattern in ("masked", "capped") or rng.random() < 0.4
    color = coat.marking if dark else mix(coat.fur, BLACK, 0.22)
    hanging = rng.random() < 0.67
    length, flare = rng.uniform(0.25, 0.85), rng.uniform(0.0, 0.3)
    for side in (-1, 1):
        shape, fold = _hanging_ear(wide, length, flare) if hanging else _flap_ear(wide, length, flare)
        pen.blob([(side * x, y) for x, y in shape], color)
        pen.line([(side * x, y) for x, y in fold], mix(color, BLACK, 0.35), 0.03)


def _hanging_ear(wide: float, length: float, flare: float) -> tuple[Points, Points]:
    """Return outline and fold of a right ear that hangs down next to the face."""
    inner, outer = wide - 0.18, wide + 0.3 + flare
    outline = [
        (0.34, -0.86), (wide - 0.02, -0.84), (outer - 0.06, -0.3), (outer, length - 0.25),
        (wide + 0.12 + flare / 2, length), (inner + 0.06, length - 0.3), (inner, -0.35),
    ]  # fmt: skip
    return outline, [(inner + 0.02, -0.4), (inner + 0.08, length - 0.35)]


def _flap_ear(wide: float, length: float, flare: float) -> tuple[Points, Points]:
    """Return outline and fold of a right ear whose tip folds over."""
    tip = (wide + 0.16 + flare, -0.35 + 0.4 * length)
    outline = [(0.26, -0.88), (0.62, -1.12), (wide + 0.08, -0.95), tip, (0.58, -0.6)]
    return outline, [(0.3, -0.86), (0.58, -0.62), tip]


def _draw_dog_eye(pen: Pen, side: int, coat: Coat) -> None:
    pen.oval((0, 0), (0.165, 0.17), coat.line)
    pen.oval((0, 0.01), (0.135, 0.14), coat.iris)
    pen.oval((0, 0.01), (0.095, 0.1), BLACK)
    pen.oval((0.04, -0.045), (0.042, 0.042), WHITE)
    pen.line([(-side * 0.12, -0.26), (side * 0.04, -0.3), (side * 0.17, -0.24)], coat.line, 0.045)


def _draw_dog_muzzle(pen: Pen, coat: Coat, rng: random.Random) -> None:
    wide, long = rng.uniform(0.4, 0.52), rng.uniform(0.38, 0.5)
    if rng.random() < 0.5:
        pen.blob([(-0.1, -0.75), (0.1, -0.75), (0.14, 0), (wide, 0.4), (0, 0.6), (-wide, 0.4), (-0.14, 0)], coat.pale)
    if rng.random() < 0.45:
        pen.blob([(-0.15, 0.62), (0.15, 0.62), (0.17, 0.95), (0, 1.06), (-0.17, 0.95)], _TONGUE)
        pen.line([(0, 0.65), (0, 0.9)], mix(_TONGUE, BLACK, 0.3), 0.025)
    pen.oval((0, 0.42), (wide, long), mix(coat.pale, BLACK, 0.14))
    pen.oval((0, 0.39), (wide * 0.97, long * 0.95), coat.pale)
    pen.blob([(-0.22, 0.12), (0, 0.06), (0.22, 0.12), (0.15, 0.3), (0, 0.37), (-0.15, 0.3)], coat.nose)
    pen.oval((-0.07, 0.13), (0.07, 0.03), mix(coat.nose, WHITE, 0.5))
    for side in (-1, 1):
        smile = [(0, 0.35), (0, 0.54), (side * 0.14, 0.65), (side * 0.3, 0.62), (side * wide * 0.85, 0.5)]
        pen.line(smile, mix(coat.line, BLACK, 0.4), 0.04)
