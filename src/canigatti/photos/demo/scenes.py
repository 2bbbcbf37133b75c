"""Photos of drawn animals: a background, clutter, the animal, then light, blur and noise."""

import random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from canigatti.photos.demo.faces import Animal, draw_animal
from canigatti.photos.demo.pen import Colour, Pen, mix, vary

_SUPERSAMPLING = 2
_FACE_UNITS = 2.5


def photograph(animal: Animal, dice: random.Random) -> Image.Image:
    """A photo of one animal, RGB, each side 90 to 260 pixels."""
    width, height = _choose_size(dice)
    scene = _draw_background(width, height, dice)
    large = scene.resize((width * _SUPERSAMPLING, height * _SUPERSAMPLING), Image.Resampling.BILINEAR)
    draw = ImageDraw.Draw(large)
    draw_animal(_aim(draw, large.size, dice), animal, dice)
    if dice.random() < 0.3:
        _draw_foreground(draw, large.size, dice)
    return _expose(large.reduce(_SUPERSAMPLING), dice)


def _choose_size(dice: random.Random) -> tuple[int, int]:
    long = dice.randint(120, 260)
    short = max(90, round(long * dice.uniform(0.62, 1.0)))
    return (long, short) if dice.random() < 0.6 else (short, long)


def _aim(draw: ImageDraw.ImageDraw, size: tuple[int, int], dice: random.Random) -> Pen:
    """A pen for a face that fills 58 to 98 % of the frame's shorter side and lies mostly inside it."""
    width, height = size
    fill = dice.uniform(0.58, 0.98)
    side = min(size) * fill
    room_x, room_y = (width - side) / 2 + 0.06 * side, (height - side) / 2 + 0.04 * side
    x = width / 2 + dice.triangular(-room_x, room_x)
    y = height / 2 + dice.triangular(-room_y, room_y) + 0.1 * side
    tilt = dice.triangular(-0.35, 0.35)
    return Pen(draw, (x, y), side / _FACE_UNITS, tilt, mirrored=dice.random() < 0.5)


def _any_colour(dice: random.Random, low: int = 40, high: int = 230) -> Colour:
    gray = dice.randint(low, high)
    tint = (dice.randint(low, high), dice.randint(low, high), dice.randint(low, high))
    return mix((gray, gray, gray), tint, dice.uniform(0.2, 0.8))


def _draw_background(width: int, height: int, dice: random.Random) -> Image.Image:
    """A meadow, a room, a fence, a blanket or lights out of focus, RGB, (width, height)."""
    scene = _gradient(width, height, _any_colour(dice), _any_colour(dice))
    draw = ImageDraw.Draw(scene)
    dice.choice((_meadow, _room, _room, _fence, _blanket, _lights))(draw, width, height, dice)
    for _ in range(dice.randint(0, 4)):
        _draw_clutter(draw, width, height, dice)
    return scene.filter(ImageFilter.BoxBlur(dice.uniform(0, 2.5) * min(width, height) / 160))


def _gradient(width: int, height: int, top: Colour, bottom: Colour) -> Image.Image:
    pixels = np.array([[top], [bottom]], dtype=np.uint8)
    return Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR)


def _meadow(draw: ImageDraw.ImageDraw, width: int, height: int, dice: random.Random) -> None:
    horizon = height * dice.uniform(0.35, 0.75)
    ground = vary(dice.choice(((104, 142, 72), (150, 140, 84), (196, 176, 130), (214, 220, 226))), 24, dice)
    for _ in range(dice.randint(0, 5)):
        x, tall = dice.uniform(0, width), height * dice.uniform(0.2, 0.6)
        foot, tree = horizon + height * 0.05, mix(ground, vary((40, 70, 50), 25, dice), 0.7)
        if dice.random() < 0.6:
            draw.polygon([(x - tall * 0.3, foot), (x + tall * 0.3, foot), (x, foot - tall)], fill=tree)
        else:
            draw.ellipse((x - tall * 0.35, foot - tall, x + tall * 0.35, foot), fill=tree)
    draw.rectangle((0, horizon, width, height), fill=ground)
    for _ in range(40):
        x, y = dice.uniform(0, width), dice.uniform(horizon, height)
        draw.line((x, y, x + dice.uniform(-3, 3), y - height * 0.05), fill=vary(ground, 26, dice), width=2)


def _room(draw: ImageDraw.ImageDraw, width: int, height: int, dice: random.Random) -> None:
    paper, floor = _any_colour(dice, 60), _any_colour(dice)
    step, stripe = max(6, round(width * dice.uniform(0.06, 0.16))), vary(paper, 22, dice)
    if dice.random() < 0.6:
        for left in range(0, width, 2 * step):
            draw.rectangle((left, 0, left + step, height), fill=stripe)
    x, y = width * dice.uniform(-0.1, 0.7), height * dice.uniform(-0.1, 0.3)
    frame = (x, y, x + width * dice.uniform(0.2, 0.5), y + height * dice.uniform(0.2, 0.5))
    draw.rectangle(frame, fill=_any_colour(dice, 120, 250), outline=_any_colour(dice), width=max(2, width // 40))
    edge = height * dice.uniform(0.6, 0.9)
    draw.rectangle((0, edge, width, height), fill=floor)
    draw.line((0, edge, width, edge), fill=mix(floor, (240, 240, 240), 0.5), width=max(2, height // 40))


def _fence(draw: ImageDraw.ImageDraw, width: int, height: int, dice: random.Random) -> None:
    wood, top = _any_colour(dice, 60, 220), height * dice.uniform(-0.2, 0.4)
    board = width * dice.uniform(0.09, 0.2)
    pointed = dice.random() < 0.5
    x = -board * dice.random()
    while x < width:
        tip = board * 0.5 if pointed else 0.0
        edge = x + 0.9 * board
        outline = [(x, height), (x, top + tip), (x + board * 0.45, top), (edge, top + tip), (edge, height)]
        draw.polygon(outline, fill=vary(wood, 14, dice))
        x += board


def _blanket(draw: ImageDraw.ImageDraw, width: int, height: int, dice: random.Random) -> None:
    colours = [_any_colour(dice) for _ in range(3)]
    step = max(10, round(min(width, height) * dice.uniform(0.12, 0.3)))
    for row, y in enumerate(range(0, height, step)):
        for column, x in enumerate(range(0, width, step)):
            draw.rectangle((x, y, x + step, y + step), fill=vary(colours[(row % 2) + (column % 2)], 6, dice))


def _lights(draw: ImageDraw.ImageDraw, width: int, height: int, dice: random.Random) -> None:
    for _ in range(dice.randint(12, 30)):
        x, y, radius = dice.uniform(0, width), dice.uniform(0, height), min(width, height) * dice.uniform(0.03, 0.12)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_any_colour(dice, 60, 250))


def _draw_clutter(draw: ImageDraw.ImageDraw, width: int, height: int, dice: random.Random) -> None:
    """A ball, a box, a pointed or a drooping thing: shapes like those that tell the animals apart."""
    x, y, size = dice.uniform(0, width), dice.uniform(0, height), min(width, height) * dice.uniform(0.06, 0.2)
    pen = Pen(draw, (x, y), size, dice.uniform(-3.1, 3.1))
    colour = _any_colour(dice)
    shape = dice.randrange(4)
    if shape == 0:
        pen.oval((0, 0), (1, 1), colour)
        pen.oval((-0.3, -0.3), (0.3, 0.3), mix(colour, (255, 255, 255), 0.5))
    elif shape == 1:
        pen.polygon([(-1, -0.8), (1, -0.8), (1, 0.8), (-1, 0.8)], colour)
    elif shape == 2:
        pen.polygon([(-0.8, 0.7), (0.8, 0.7), (0, -1.1)], colour)
    else:
        pen.blob([(-0.2, -1.2), (0.3, -1), (0.7, 0.6), (0, 1.2), (-0.6, 0.6)], colour)


def _draw_foreground(draw: ImageDraw.ImageDraw, size: tuple[int, int], dice: random.Random) -> None:
    """Grass or a thing along the lower edge, in front of the animal."""
    width, height = size
    if dice.random() < 0.5:
        grass = vary(dice.choice(((96, 140, 70), (150, 146, 80), (70, 104, 62))), 24, dice)
        for _ in range(45):
            x, tall = dice.uniform(0, width), height * dice.uniform(0.05, 0.2)
            tip = (x + dice.uniform(-0.3, 0.3) * tall, height - tall)
            draw.polygon([(x - 0.012 * width, height), (x + 0.012 * width, height), tip], fill=vary(grass, 24, dice))
    else:
        radius = min(size) * dice.uniform(0.1, 0.2)
        x, y = dice.uniform(0, width), height - radius * dice.uniform(0, 0.6)
        ball = Pen(draw, (x, y), radius, dice.uniform(-1, 1))
        colour = _any_colour(dice, 60, 240)
        ball.oval((0, 0), (1, 1), colour)
        ball.blob([(-0.97, -0.1), (0, -0.3), (0.97, -0.1), (0.97, 0.15), (0, -0.02), (-0.97, 0.15)], (244, 240, 232))


def _expose(image: Image.Image, dice: random.Random) -> Image.Image:
    """Uneven light, a colour cast, blur and noise."""
    blurred = image.filter(ImageFilter.GaussianBlur(max(0.0, dice.uniform(-0.6, 1.1)) * min(image.size) / 160))
    generator = np.random.default_rng(dice.getrandbits(64))
    corners = generator.uniform(0.72, 1.2, (2, 2)).astype(np.float32)
    light = np.asarray(Image.fromarray(corners).resize(image.size, Image.Resampling.BILINEAR))
    cast = np.array([dice.uniform(0.86, 1.12) for _ in range(3)], dtype=np.float32) * dice.uniform(0.8, 1.15)
    pixels = np.asarray(blurred, dtype=np.float32) * light[:, :, None] * cast
    pixels += generator.standard_normal(pixels.shape, dtype=np.float32) * np.float32(dice.uniform(0, 9))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
