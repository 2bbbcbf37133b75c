import numpy as np
import pytest
from PIL import Image

from canigatti.photos.color import to_grayscale


def test_grayscale_is_equal_to_pillows_conversion():
    photos = np.random.default_rng(0).integers(0, 256, (40, 200, 190, 3), dtype=np.uint8)  # more than one block
    expected = np.stack([np.asarray(Image.fromarray(photo).convert("L")) for photo in photos])[..., None]
    np.testing.assert_array_equal(to_grayscale(photos), expected)


def test_grayscale_is_the_integer_formula_of_itu_r_601():
    photos = np.random.default_rng(1).integers(0, 256, (3, 50, 60, 3), dtype=np.uint8)
    red, green, blue = np.moveaxis(photos.astype(np.uint32), -1, 0)
    expected = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16
    np.testing.assert_array_equal(to_grayscale(photos)[..., 0], expected)


@pytest.mark.parametrize("shape", [(8, 9, 3), (1, 8, 9, 3), (2, 4, 8, 9, 3), (0, 8, 9, 3)])
def test_only_the_last_axis_changes(shape):
    gray = to_grayscale(np.full(shape, 7, np.uint8))
    assert gray.shape == (*shape[:-1], 1)
    assert gray.dtype == np.uint8
    assert (gray == 7).all()


def test_a_view_gives_the_same_result_as_its_copy():
    photos = np.random.default_rng(2).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)
    mirrored = photos[::2, :, ::-1]
    np.testing.assert_array_equal(to_grayscale(mirrored), to_grayscale(mirrored.copy()))


@pytest.mark.parametrize("photos", [np.zeros((2, 8, 8, 3)), np.zeros((2, 8, 8, 1), np.uint8), np.zeros(3, np.uint8)])
def test_arrays_of_another_dtype_or_shape_are_rejected(photos):
    with pytest.raises(ValueError, match=r"expected uint8 \(…, height, width, 3\), received"):
        to_grayscale(photos)
