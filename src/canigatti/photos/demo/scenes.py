"""Generated photos: a background, clutter, an animal, then light, blur and noise."""

import random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from canigatti.photos.demo.faces import Animal, draw_animal
from canigatti.photos.demo.pen import Color, Pen, mix, vary

_SUPERSAMPLING = 2
_FACE_UNITS = 2.5


def draw_photo(animal: Animal, rng: random.Random) -> Image.Image:
    """Draw a photo of one animal, RGB, each side 90 to 260 pixels."""
    width, height = _choose_size(rng)
    scene = _draw_background(width, height, rng)
    large = scene.resize((width * _SUPERSAMPLING, height * _SUPERSAMPLING), Image.Resampling.BILINEAR)
    draw = ImageDraw.Draw(large)
    draw_animal(_place_pen(draw, large.size, rng), animal, rng)
    if rng.random() < 0.3:
        _draw_foreground(draw, large.size, rng)
    return _expose(large.reduce(_SUPERSAMPLING), rng)


def _choose_size(rng: random.Random) -> tuple[int, int]:
    long = rng.randint(120, 260)
    short = max(90, round(long * rng.uniform(0.62, 1.0)))
    return (long, short) if rng.random() < 0.6 else (short, long)


def _place_pen(draw: ImageDraw.ImageDraw, size: tuple[int, int], rng: random.Random) -> Pen:
    """Return a pen for a face that fills 58 to 98% of the shorter side and is mostly inside the frame."""
    width, height = size
    fill = rng.uniform(0.58, 0.98)
    side = min(size) * fill
    room_x, room_y = (width - side) / 2 + 0.06 * side, (height - side) / 2 + 0.04 * side
    x = width / 2 + rng.triangular(-room_x, room_x)
    y = height / 2 + rng.triangular(-room_y, room_y) + 0.1 * side
    tilt = rng.triangular(-0.35, 0.35)
    return Pen(draw, (x, y), side / _FACE_UNITS, tilt, mirrored=rng.random() < 0.5)


def _random_color(rng: random.Random, low: int = 40, high: int = 230) -> Color:
    gray = rng.randint(low, high)
    tint = (rng.randint(low, high), rng.randint(low, high), rng.randint(low, high))
    return mix((gray, gray, gray), tint, rng.uniform(0.2, 0.8))


def _draw_background(width: int, height: int, rng: random.Random) -> Image.Image:
    """Draw a meadow, a room, a fence, a blanket or lights out of focus, RGB, (width, height)."""
    scene = _gradient(width, height, _random_color(rng), _random_color(rng))
    draw = ImageDraw.Draw(scene)
    rng.choice((_meadow, _room, _room, _fence, _blanket, _lights))(draw, width, height, rng)
    for _ in range(rng.randint(0, 4)):
        _draw_clutter(draw, width, height, rng)
    return scene.filter(ImageFilter.BoxBlur(rng.uniform(0, 2.5) * min(width, height) / 160))


def _gradient(width: int, height: int, top: Color, bottom: Color) -> Image.Image:
    pixels = np.array([[top], [bottom]], dtype=np.uint8)
    return Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR)


def _meadow(draw: ImageDraw.ImageDraw, width: int, height: int, rng: random.Random) -> None:
    horizon = height * rng.uniform(0.35, 0.75)
    ground = vary(rng.choice(((104, 142, 72), (150, 140, 84), (196, 176, 130), (214, 220, 226))), 24, rng)
    for _ in range(rng.randint(0, 5)):
        x, tall = rng.uniform(0, width), height * rng.uniform(0.2, 0.6)
        foot, tree = horizon + height * 0.05, mix(ground, vary((40, 70, 50), 25, rng), 0.7)
        if rng.random() < 0.6:
            draw.polygon([(x - tall * 0.3, foot), (x + tall * 0.3, foot), (x, foot - tall)], fill=tree)
        else:
            draw.ellipse((x - tall * 0.35, foot - tall, x + tall * 0.35, foot), fill=tree)
    draw.rectangle((0, horizon, width, height), fill=ground)
    for _ in range(40):
        x, y = rng.uniform(0, width), rng.uniform(horizon, height)
        draw.line((x, y, x + rng.uniform(-3, 3), y - height * 0.05), fill=vary(ground, 26, rng), width=2)


def _room(draw: ImageDraw.ImageDraw, width: int, height: int, rng: random.Random) -> None:
    paper, floor = _random_color(rng, 60), _random_color(rng)
    step, stripe = max(6, round(width * rng.uniform(0.06, 0.16))), vary(paper, 22, rng)
    if rng.random() < 0.6:
        for left in range(0, width, 2 * step):
            draw.rectangle((left, 0, left + step, height), fill=stripe)
    x, y = width * rng.uniform(-0.1, 0.7), height * rng.uniform(-0.1, 0.3)
    frame = (x, y, x + width * rng.uniform(0.2, 0.5), y + height * rng.uniform(0.2, 0.5))
    draw.rectangle(frame, fill=_random_color(rng, 120, 250), outline=_random_color(rng), width=max(2, width // 40))
    edge = height * rng.uniform(0.6, 0.9)
    draw.rectangle((0, edge, width, height), fill=floor)
    draw.line((0, edge, width, edge), fill=mix(floor, (240, 240, 240), 0.5), width=max(2, height // 40))


def _fence(draw: ImageDraw.ImageDraw, width: int, height: int, rng: random.Random) -> None:
    wood, top = _random_color(rng, 60, 220), height * rng.uniform(-0.2, 0.4)
    board = width * rng.uniform(0.09, 0.2)
    pointed = rng.random() < 0.5
    x = -board * rng.random()
    while x < width:
        tip = board * 0.5 if pointed else 0.0
        edge = x + 0.9 * board
        outline = [(x, height), (x, top + tip), (x + board * 0.45, top), (edge, top + tip), (edge, height)]
        draw.polygon(outline, fill=vary(wood, 14, rng))
        x += board


def _blanket(draw: ImageDraw.ImageDraw, width: int, height: int, rng: random.Random) -> None:
    colors = [_random_color(rng) for _ in range(3)]
    step = max(10, round(min(width, height) * rng.uniform(0.12, 0.3)))
    for row, y in enumerate(range(0, height, step)):
        for column, x in enumerate(range(0, width, step)):
            draw.rectangle((x, y, x + step, y + step), fill=vary(colors[(row % 2) + (column % 2)], 6, rng))


def _lights(draw: ImageDraw.ImageDraw, width: int, height: int, rng: random.Random) -> None:
    for _ in range(rng.randint(12, 30)):
        x, y, radius = rng.uniform(0, width), rng.uniform(0, height), min(width, height) * rng.uniform(0.03, 0.12)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_random_color(rng, 60, 250))


def _draw_clutter(draw: ImageDraw.ImageDraw, width: int, height: int, rng: random.Random) -> None:
    """Draw a ball, a box, a pointed or a drooping object: shapes similar to those that distinguish the animals."""
    x, y, size = rng.uniform(0, width), rng.uniform(0, height), min(width, height) * rng.uniform(0.06, 0.2)
    pen = Pen(draw, (x, y), size, rng.uniform(-3.1, 3.1))
    color = _random_color(rng)
    shape = rng.randrange(4)
    if shape == 0:
        pen.oval((0, 0), (1, 1), color)
        pen.oval((-0.3, -0.3), (0.3, 0.3), mix(color, (255, 255, 255), 0.5))
    elif shape == 1:
        pen.polygon([(-1, -0.8), (1, -0.8), (1, 0.8), (-1, 0.8)], color)
    elif shape == 2:
        pen.polygon([(-0.8, 0.7), (0.8, 0.7), (0, -1.1)], color)
    else:
        pen.blob([(-0.2, -1.2), (0.3, -1), (0.7, 0.6), (0, 1.2), (-0.6, 0.6)], color)


def _draw_foreground(draw: ImageDraw.ImageDraw, size: tuple[int, int], rng: random.Random) -> None:
    """Draw grass or a ball along the lower edge, in front of the animal."""
    width, height = size
    if rng.random() < 0.5:
        grass = vary(rng.choice(((96, 140, 70), (150, 146, 80), (70, 104, 62))), 24, rng)
        for _ in range(45):
            x, tall = rng.uniform(0, width), height * rng.uniform(0.05, 0.2)
            tip = (x + rng.uniform(-0.3, 0.3) * tall, height - tall)
            draw.polygon([(x - 0.012 * width, height), (x + 0.012 * width, height), tip], fill=vary(grass, 24, rng))
    else:
        radius = min(size) * rng.uniform(0.1, 0.2)
        x, y = rng.uniform(0, width), height - radius * rng.uniform(0, 0.6)
        ball = Pen(draw, (x, y), radius, rng.uniform(-1, 1))
        color = _random_color(rng, 60, 240)
        ball.oval((0, 0), (1, 1), color)
        ball.blob([(-0.97, -0.1), (0, -0.3), (0.97, -0.1), (0.97, 0.15), (0, -0.02), (-0.97, 0.15)], (244, 240, 232))


def _expose(image: Image.Image, rng: random.Random) -> Image.Image:
    """Add uneven light, a color cast, blur and noise."""
    blurred = image.filter(ImageFilter.GaussianBlur(max(0.0, rng.uniform(-0.6, 1.1)) * min(image.size) / 160))
    generator = np.random.default_rng(rng.getrandbits(64))
    corners = generator.uniform(0.72, 1.2, (2, 2)).astype(np.float32)
    light = np.asarray(Image.fromarray(corners).resize(image.size, Image.Resampling.BILINEAR))
    cast = np.array([rng.uniform(0.86, 1.12) for _ in range(3)], dtype=np.float32) * rng.uniform(0.8, 1.15)
    pixels = np.asarray(blurred, dtype=np.float32) * light[:, :, None] * cast
    pixels += generator.standard_normal(pixels.shape, dtype=np.float32) * np.float32(rng.uniform(0, 9))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
