import io

import numpy as np
import pytest
from PIL import Image

from canigatti.config import Square
from canigatti.photos.decoding import decode
from canigatti.photos.resizing import to_square

MODES = ["squeeze", "crop", "pad"]
KEEPING = ["crop", "pad"]  # the aspect ratio


def painted(size, *boxes, color="white"):
    """Return a black image with white boxes."""
    image = Image.new("RGB", size)
    for box in boxes:
        image.paste(color, box)
    return image


def gradient(width, height):
    """Return a smooth image without symmetry."""
    noise = np.random.default_rng(0).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)


def extent(square):
    """Return the width and height of what is bright, pixels."""
    bright = square[..., 0] > 127
    return int(bright.any(axis=0).sum()), int(bright.any(axis=1).sum())


def test_squeezing_shows_the_whole_photo():
    square = to_square(painted((300, 100), (0, 0, 150, 100)), Square(20))
    assert square.dtype == np.uint8
    assert square.shape == (20, 20, 3)
    assert square[:, :9].min() == 255
    assert square[:, 11:].max() == 0


@pytest.mark.parametrize("mode", MODES)
def test_resizing_a_fine_pattern_does_not_alias(mode):
    checkerboard = np.indices((400, 400)).sum(axis=0) % 2 * 255
    square = to_square(Image.fromarray(checkerboard.astype(np.uint8)).convert("RGB"), Square(50, mode))
    np.testing.assert_allclose(square, 127, atol=2)


def test_cropping_shows_the_center_square():
    wide = to_square(painted((300, 100), (100, 0, 200, 100)), Square(20, "crop"))
    high = to_square(painted((100, 300), (0, 100, 100, 200)), Square(20, "crop"))
    assert wide[:, 1:-1].min() == high[1:-1].min() == 255
    edges = to_square(painted((300, 100), (0, 0, 90, 100), (210, 0, 300, 100)), Square(20, "crop"))
    assert edges.max() == 0


@pytest.mark.parametrize("size", [(300, 200), (200, 300), (301, 200), (61, 40)])
def test_cropping_is_scaling_the_shorter_side_and_cutting_the_center(size):
    image = gradient(*size)
    width, height = (side * 20 / min(size) for side in size)
    scaled = image.resize((round(width), round(height)), Image.Resampling.BILINEAR)
    left, top = ((side - 20) // 2 for side in scaled.size)
    expected = np.asarray(scaled.crop((left, top, left + 20, top + 20))).astype(int)
    assert np.abs(to_square(image, Square(20, "crop")) - expected).mean() < 4


@pytest.mark.parametrize(
    ("size", "rows", "columns"),
    [
        ((300, 100), (10, 20), (0, 30)),
        ((100, 300), (0, 30), (10, 20)),
        ((30, 20), (5, 25), (0, 30)),  # not scaled
        ((30, 21), (4, 25), (0, 30)),  # 9 black rows: one more below
        ((15, 10), (5, 25), (0, 30)),  # enlarged
    ],
)
def test_padding_shows_the_whole_photo_centered_on_black(size, rows, columns):
    expected = np.zeros((30, 30, 3), np.uint8)
    expected[slice(*rows), slice(*columns)] = 255
    np.testing.assert_array_equal(to_square(Image.new("RGB", size, "white"), Square(30, "pad")), expected)


def test_padding_does_not_change_the_photo():
    square = to_square(gradient(300, 200), Square(30, "pad"))
    expected = gradient(300, 200).resize((30, 20), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(square[5:25], np.asarray(expected))


@pytest.mark.parametrize("mode", KEEPING)
@pytest.mark.parametrize("size", [(400, 200), (200, 400), (401, 203)])
def test_a_square_thing_stays_square_unless_the_photo_is_squeezed(mode, size):
    left, top = (side // 2 - 50 for side in size)
    image = painted(size, (left, top, left + 100, top + 100))
    width, height = extent(to_square(image, Square(100, mode)))
    assert abs(width - height) <= 1
    assert width == pytest.approx(10_000 / (min(size) if mode == "crop" else max(size)), abs=1)
    squeezed = extent(to_square(image, Square(100)))
    assert max(squeezed) > 1.8 * min(squeezed)


@pytest.mark.parametrize("mode", KEEPING)
@pytest.mark.parametrize("side", [8, 40, 100])
def test_a_square_photo_is_the_same_in_every_mode(mode, side):
    image = gradient(side, side)
    np.testing.assert_array_equal(to_square(image, Square(40, mode)), to_square(image, Square(40)))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [(20_000, 10), (10, 20_000)])
def test_an_extremely_long_photo_becomes_a_square(mode, size):
    square = to_square(Image.new("RGB", size, "white"), Square(50, mode))
    assert square.shape == (50, 50, 3)
    shown = {"squeeze": (50, 50), "crop": (50, 50), "pad": (50, 1) if size[0] > size[1] else (1, 50)}
    assert extent(square) == shown[mode]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_a_photo_that_is_stored_sideways_gives_the_square_of_the_upright_one(mode, form):
    def encoded(image, orientation):
        buffer, exif = io.BytesIO(), Image.Exif()
        exif[0x0112] = orientation
        image.save(buffer, form, exif=exif, quality=100)
        return buffer.getvalue()

    upright = gradient(60, 40)
    sideways = upright.transpose(Image.Transpose.ROTATE_90)
    squares = [
        to_square(decode(encoded(image, orientation)).image, Square(24, mode)).astype(int)
        for image, orientation in ((upright, 1), (sideways, 6))
    ]
    assert np.abs(squares[0] - squares[1]).max() <= (0 if form == "PNG" else 12)
