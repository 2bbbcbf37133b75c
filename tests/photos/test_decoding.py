import io
import warnings

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageFile

from canigatti.photos.decoding import MAX_PIXELS, UnreadablePhoto, decode

ORIENTATION = 0x0112


def texture(width=48, height=36, seed=0):
    """Return a smooth image without symmetry, so that rotations and shifts are visible."""
    noise = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)


def encoded(image, form, **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def exif_of(orientation):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return exif


def pixels(content):
    return np.asarray(decode(content).image)


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "PPM"])
def test_lossless_formats_return_the_saved_pixels(form):
    decoded = decode(encoded(texture(), form))
    assert (decoded.format, decoded.mode, decoded.width, decoded.height) == (form, "RGB", 48, 36)
    assert decoded.notes == []
    np.testing.assert_array_equal(decoded.image, texture())


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "JPEG2000", "AVIF"])
def test_lossy_formats_return_almost_the_saved_pixels(form):
    difference = pixels(encoded(texture(), form)).astype(int) - np.asarray(texture())
    assert np.abs(difference).mean() < 8


def test_sixteen_bit_gray_is_scaled_and_not_clipped():
    deep = np.linspace(0, 65535, 32 * 32).reshape(32, 32).astype(np.uint16)
    decoded = decode(encoded(Image.fromarray(deep), "PNG"))
    expected = np.rint(deep / 257).astype(np.uint8)
    np.testing.assert_array_equal(decoded.image, np.repeat(expected[..., None], 3, axis=2))
    assert decoded.mode == "I;16"
    assert decoded.notes == ["16-bit values scaled to 8 bits"]


def test_sixteen_bit_gray_of_a_narrow_range_is_not_stretched():
    deep = np.linspace(32_000, 33_000, 32 * 32).reshape(32, 32).astype(np.uint16)
    decoded = np.asarray(decode(encoded(Image.fromarray(deep), "PNG")).image)
    assert decoded.min() == round(32_000 / 257)
    assert decoded.max() == round(33_000 / 257)


def test_big_endian_sixteen_bit_tiff_is_scaled():
    image = Image.frombytes("I;16B", (8, 8), np.linspace(0, 65535, 64).astype(">u2").tobytes())
    np.testing.assert_array_equal(pixels(encoded(image, "TIFF"))[-1, -1], [255, 255, 255])
    assert 120 < pixels(encoded(image, "TIFF"))[4, 0, 0] < 136


def test_floating_point_gray_is_scaled_from_minimum_to_maximum():
    values = np.linspace(-3, 5, 64, dtype=np.float32).reshape(8, 8)
    values[0, 1] = np.nan
    gray = pixels(encoded(Image.fromarray(values), "TIFF"))[..., 0]
    assert (gray[0, 0], gray[-1, -1]) == (0, 255)


@pytest.mark.parametrize("color", [(255, 255, 255), (0, 0, 0), (200, 30, 40), (20, 60, 180)])
def test_cmyk_jpegs_which_adobe_stores_inverted_keep_their_colors(color):
    content = encoded(Image.new("RGB", (32, 32), color).convert("CMYK"), "JPEG", quality=95)
    decoded = decode(content)
    assert b"Adobe" in content
    assert (decoded.mode, decoded.notes) == ("CMYK", ["CMYK converted to RGB"])
    np.testing.assert_allclose(np.asarray(decoded.image)[16, 16], color, atol=6)


def test_palettes_are_converted():
    indexed = texture().quantize(32)
    np.testing.assert_array_equal(pixels(encoded(indexed, "PNG")), indexed.convert("RGB"))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_areas_become_white(mode):
    image = Image.new("RGBA", (16, 16), (0, 0, 0, 255))
    image.paste((0, 0, 0, 0), (0, 0, 8, 16))
    decoded = decode(encoded(image.convert(mode), "PNG"))
    assert np.asarray(decoded.image)[:, :8].min() == 255
    assert np.asarray(decoded.image)[:, 8:].max() == 0
    assert decoded.notes == ["transparent parts put on white"]


def test_half_transparent_black_becomes_middle_gray():
    np.testing.assert_allclose(pixels(encoded(Image.new("RGBA", (8, 8), (0, 0, 0, 128)), "PNG"))[0, 0], 127, atol=1)


def test_an_opaque_alpha_channel_gives_no_note():
    assert decode(encoded(texture().convert("RGBA"), "PNG")).notes == []


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "TIFF"])
def test_the_first_of_several_frames_is_used(form):
    first, second = Image.new("RGB", (16, 16), (250, 10, 10)), Image.new("RGB", (16, 16), (10, 10, 250))
    decoded = decode(encoded(first, form, save_all=True, append_images=[second]))
    np.testing.assert_allclose(np.asarray(decoded.image)[8, 8], (250, 10, 10), atol=8)
    assert decoded.notes == ["several frames, the first one used"]


def test_a_jpeg_followed_by_a_second_image_is_a_jpeg():
    decoded = decode(encoded(texture(), "MPO", save_all=True, append_images=[texture(seed=1)]))
    assert (decoded.format, decoded.notes) == ("JPEG", [])


# The stored image for each orientation of an upright one: EXIF 2.32, 4.6.4, "the 0th row, the 0th column".
STORED = {
    1: lambda upright: upright,
    2: np.fliplr,
    3: lambda upright: np.rot90(upright, 2),
    4: np.flipud,
    5: lambda upright: upright.transpose(1, 0, 2),
    6: np.rot90,  # rotated counterclockwise; viewers rotate it clockwise
    7: lambda upright: np.rot90(upright, 2).transpose(1, 0, 2),
    8: lambda upright: np.rot90(upright, -1),
}


@pytest.mark.parametrize("orientation", STORED)
def test_every_exif_orientation_is_applied(orientation):
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](np.asarray(texture()))))
    decoded = decode(encoded(stored, "PNG", exif=exif_of(orientation)))
    np.testing.assert_array_equal(decoded.image, texture())
    assert (decoded.width, decoded.height) == (48, 36)
    expected = [] if orientation == 1 else [f"rotated upright (EXIF orientation {orientation})"]
    assert decoded.notes == expected


@pytest.mark.parametrize("form", ["JPEG", "TIFF", "WEBP"])
def test_the_orientation_is_applied_once_in_other_formats(form):
    decoded = decode(encoded(texture(), form, exif=exif_of(6)))
    assert (decoded.width, decoded.height) == (36, 48)
    rotated = np.asarray(texture().transpose(Image.Transpose.ROTATE_270)).astype(int)
    assert np.abs(rotated - np.asarray(decoded.image)).mean() < 8


@pytest.mark.parametrize(
    "broken", [b"Exif\0\0", b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03", b"Exif\0\0" + b"\xff" * 99]
)
def test_a_broken_exif_block_is_ignored_without_a_warning(broken):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert decode(encoded(texture(), "JPEG", exif=b"Exif\0\0" + broken)).width == 48


def test_an_unreadable_exif_block_is_noted(monkeypatch):
    """Pillow's version decides which damage raises which error."""

    def broken(image):
        raise SyntaxError("not a TIFF file")

    monkeypatch.setattr(Image.Image, "getexif", broken)
    decoded = decode(encoded(texture(), "PPM"))
    np.testing.assert_array_equal(decoded.image, texture())
    assert decoded.notes == ["EXIF data cannot be read"]


def swapped_profile():
    """Return an sRGB profile with red and green swapped."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    renamed = profile.replace("sRGB".encode("utf-16-be"), "mine".encode("utf-16-be"))
    return renamed.replace(b"rXYZ", b"tXYZ").replace(b"gXYZ", b"rXYZ").replace(b"tXYZ", b"gXYZ")


def test_colors_of_another_profile_are_converted_to_srgb():
    decoded = decode(encoded(Image.new("RGB", (8, 8), (250, 0, 0)), "PNG", icc_profile=swapped_profile()))
    np.testing.assert_allclose(np.asarray(decoded.image)[4, 4], (0, 250, 0), atol=4)
    assert decoded.notes == ["colours converted from mine built-in to sRGB"]


def test_an_srgb_profile_changes_nothing():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    decoded = decode(encoded(texture(), "PNG", icc_profile=profile))
    np.testing.assert_array_equal(decoded.image, texture())
    assert decoded.notes == []


@pytest.mark.parametrize("profile", [b"not a profile", swapped_profile()[:200]])
def test_a_broken_profile_is_ignored_with_a_note(profile):
    decoded = decode(encoded(texture(), "PNG", icc_profile=profile))
    np.testing.assert_array_equal(decoded.image, texture())
    assert [note[:23] for note in decoded.notes] == ["colour profile ignored "]


def test_the_size_is_checked_before_decoding(monkeypatch):
    content = encoded(Image.new("1", (10_000, MAX_PIXELS // 10_000 + 1)), "PNG")
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda image: pytest.fail("was decoded"))
    with pytest.raises(UnreadablePhoto) as raised:
        decode(content)
    assert raised.value.verdict == "too-large"
    assert raised.value.reason == "10000×5001 pixels, expected at most 50,000,000"


@pytest.mark.parametrize("size", [(1, 1), (7, 300), (300, 7)])
def test_very_small_photos_are_rejected(size):
    with pytest.raises(UnreadablePhoto) as raised:
        decode(encoded(Image.new("RGB", size), "PNG"))
    assert raised.value.verdict == "too-small"


def test_the_smallest_photo_is_accepted():
    assert decode(encoded(texture(8, 8), "PNG")).width == 8


def test_a_very_elongated_photo_is_noted():
    decoded = decode(encoded(Image.new("RGB", (20_000, 10)), "PNG"))
    assert decoded.notes == ["very elongated (20000×10 pixels)"]


@pytest.mark.parametrize(
    "content",
    [
        encoded(texture(), "JPEG"),
        encoded(texture(), "JPEG", exif=exif_of(6)),
        encoded(texture(), "JPEG", icc_profile=swapped_profile()),
        encoded(texture().convert("L"), "JPEG"),
        encoded(texture().convert("CMYK"), "JPEG"),
        encoded(texture(), "PNG"),
        encoded(texture().quantize(16), "GIF"),
    ],
    ids=["JPEG", "rotated", "profile", "gray", "CMYK", "PNG", "GIF"],
)
def test_skipping_the_colors_changes_nothing_else(content):
    colored, gray = decode(content), decode(content, allow_gray=True)
    for name in ("width", "height", "mode", "format", "notes"):
        assert getattr(colored, name) == getattr(gray, name)
    difference = np.asarray(colored.image.convert("L")).astype(int) - np.asarray(gray.image.convert("L"))
    assert np.abs(difference).mean() < 2
