import dataclasses

import numpy as np
import pytest

from canigatti.config import Augmentation, Probabilities
from canigatti.training.augmentation import FILL_MODES, apply, draw, samplings

NONE = Probabilities(
    shear=0, zoom=0, rotation=0, width_shift=0, height_shift=0, brightness=0, horizontal_flip=0, vertical_flip=0
)


def photos(count=8, size=64, channels=3):
    """Smooth random photos: an interpolation error shows in them as it does in real ones."""
    from scipy.ndimage import gaussian_filter

    noise = np.random.default_rng(0).uniform(0, 255, (count, size, size, channels))
    smooth = gaussian_filter(noise, (0, 3, 3, 0))
    return np.interp(smooth, (smooth.min(), smooth.max()), (0, 255)).astype(np.uint8)


def transformed(images, drawn, fill="nearest"):
    return apply(images, drawn, fill)


def reference(images, drawn, brightness):
    """What Keras' ImageDataGenerator makes of each photo with the same values."""
    import tensorflow as tf

    generator = tf.keras.preprocessing.image.ImageDataGenerator()
    size = images.shape[1]
    return np.stack(
        [
            generator.apply_transform(
                image.astype(np.float32),
                {
                    "theta": drawn.rotation[row],
                    "tx": drawn.width_shift[row] * size,
                    "ty": drawn.height_shift[row] * size,
                    "shear": drawn.shear[row],
                    "zx": drawn.width_zoom[row],
                    "zy": drawn.height_zoom[row],
                    "flip_horizontal": drawn.horizontal_flip[row],
                    "flip_vertical": drawn.vertical_flip[row],
                    "brightness": drawn.brightness[row] if brightness else None,
                },
            )
            for row, image in enumerate(images)
        ]
    )


def inside_frame(drawn, size):
    """Pixels whose source lies inside the photo, (n, size, size)."""
    matrices = samplings(drawn, size, size).reshape(-1, 6)
    y, x = np.mgrid[:size, :size]
    a, b, c, d, e, f = (matrices[:, column, None, None] for column in range(6))
    source_x, source_y = a * x + b * y + c, d * x + e * y + f
    return (source_x >= 0) & (source_x <= size - 1) & (source_y >= 0) & (source_y <= size - 1)


@pytest.mark.parametrize(
    "augmentation",
    [
        Augmentation(),
        Augmentation(shear=30, rotation=90, zoom=0.5, width_shift=0.3, height_shift=0.1),
        Augmentation(probability=Probabilities(vertical_flip=0.5)),
    ],
    ids=["study", "strong", "vertical flip"],
)
def test_photos_come_out_as_from_image_data_generator(augmentation):
    images = photos()
    drawn = draw(augmentation, len(images), np.random.default_rng(1))
    difference = np.abs(transformed(images, drawn) - reference(images, drawn, brightness=True))
    assert difference[inside_frame(drawn, 64)].mean() < 1
    assert difference.mean() < 1


def test_real_photos_come_out_as_from_image_data_generator(shared):
    import io
    import zipfile

    from PIL import Image

    with zipfile.ZipFile(shared / "data" / "petimages-4k.zip") as archive:
        files = [archive.read(f"PetImages/Dog/{number}.jpg") for number in range(32)]
    images = np.stack([np.asarray(Image.open(io.BytesIO(file)).convert("RGB").resize((200, 200))) for file in files])
    drawn = draw(Augmentation(), len(images), np.random.default_rng(2))
    difference = np.abs(transformed(images, drawn) - reference(images, drawn, brightness=True))
    assert difference[inside_frame(drawn, 200)].mean() < 1


def test_the_drawn_values_have_the_ranges_of_image_data_generator():
    import tensorflow as tf

    generator = tf.keras.preprocessing.image.ImageDataGenerator(
        shear_range=0.2,
        zoom_range=0.3,
        rotation_range=20,
        width_shift_range=0.15,
        height_shift_range=0.15,
        brightness_range=(0.8, 1.2),
        horizontal_flip=True,
    )
    theirs = [generator.get_random_transform((100, 100, 3), seed) for seed in range(3000)]
    ours = draw(Augmentation(), 3000, np.random.default_rng(0))
    pairs = {
        "theta": ours.rotation,
        "tx": ours.height_shift * 100,
        "ty": ours.width_shift * 100,
        "shear": ours.shear,
        "zx": ours.height_zoom,
        "zy": ours.width_zoom,
        "brightness": ours.brightness,
        "flip_horizontal": ours.horizontal_flip,
        "flip_vertical": ours.vertical_flip,
    }
    for name, mine in pairs.items():
        values = np.array([one[name] for one in theirs], dtype=float)
        width = values.max() - values.min()
        np.testing.assert_allclose(
            [mine.min(), mine.max(), mine.mean()],
            [values.min(), values.max(), values.mean()],
            atol=0.04 * width + 1e-12,
            err_msg=name,
        )


def test_a_transformation_with_probability_0_leaves_every_photo_as_it_is():
    images = photos()
    drawn = draw(Augmentation(probability=NONE), len(images), np.random.default_rng(0))
    np.testing.assert_array_equal(transformed(images, drawn), images)


@pytest.mark.parametrize(
    ("name", "neutral"),
    [
        ("shear", 0),
        ("rotation", 0),
        ("width_shift", 0),
        ("height_shift", 0),
        ("brightness", 1),
        ("horizontal_flip", False),
        ("vertical_flip", False),
    ],
)
def test_a_transformation_is_applied_as_often_as_its_probability_says(name, neutral):
    augmentation = Augmentation(probability=NONE.model_copy(update={name: 0.3}))
    drawn = draw(augmentation, 4000, np.random.default_rng(0))
    assert 0.27 < (getattr(drawn, name) != neutral).mean() < 0.33
    others = {"shear", "rotation", "width_shift", "height_shift", "horizontal_flip", "vertical_flip"} - {name}
    assert not any(getattr(drawn, other).any() for other in others)


def test_zoom_draws_both_sides_or_neither():
    drawn = draw(Augmentation(probability=NONE.model_copy(update={"zoom": 0.3})), 4000, np.random.default_rng(0))
    assert 0.27 < (drawn.height_zoom != 1).mean() < 0.33
    np.testing.assert_array_equal(drawn.height_zoom != 1, drawn.width_zoom != 1)


def test_a_flip_mirrors_exactly():
    images = photos()
    certain = Augmentation(probability=NONE.model_copy(update={"horizontal_flip": 1.0}))
    drawn = draw(certain, len(images), np.random.default_rng(0))
    np.testing.assert_array_equal(transformed(images, drawn), images[:, :, ::-1])


def test_width_shift_moves_along_the_width():
    images = photos()
    certain = Augmentation(width_shift=0.2, probability=NONE.model_copy(update={"width_shift": 1.0}))
    drawn = draw(certain, len(images), np.random.default_rng(0))
    columns = np.clip(np.arange(64) + drawn.width_shift[:, None] * 64, 0, 63)
    row = images[0, 10, :, 0].astype(float)
    expected = np.interp(columns[0], np.arange(64), row)
    assert np.abs(transformed(images, drawn)[0, 10, :, 0] - expected).max() <= 1


def test_outside_the_frame_the_nearest_pixel_is_repeated():
    images = photos()
    drawn = draw(
        Augmentation(width_shift=0.5, probability=NONE.model_copy(update={"width_shift": 1.0})),
        len(images),
        np.random.default_rng(3),
    )
    result = transformed(images, drawn)
    row = int(np.argmax(drawn.width_shift))
    np.testing.assert_array_equal(result[row, :, -1], images[row, :, -1])


@pytest.mark.parametrize(("fill", "mode"), [*zip(FILL_MODES, ("edge", "symmetric", "wrap", "constant"), strict=True)])
def test_outside_the_frame_a_photo_goes_on_as_its_fill_says(fill, mode):
    images = photos()
    certain = Augmentation(width_shift=0.5, probability=NONE.model_copy(update={"width_shift": 1.0}))
    drawn = dataclasses.replace(draw(certain, len(images), np.random.default_rng(3)), width_shift=np.full(8, 20 / 64))
    beyond = np.pad(images, ((0, 0), (0, 0), (0, 20), (0, 0)), mode=mode)[:, :, 20:]
    np.testing.assert_array_equal(transformed(images, drawn, fill), beyond)


def test_grayscale_photos_are_transformed_as_photos_of_three_equal_channels():
    images = photos(channels=1)
    drawn = draw(Augmentation(), len(images), np.random.default_rng(0))
    gray, color = transformed(images, drawn), transformed(np.repeat(images, 3, axis=-1), drawn)
    assert gray.shape == images.shape
    np.testing.assert_array_equal(np.repeat(gray, 3, axis=-1), color)
