import dataclasses

import numpy as np
import pytest

from canigatti.config import Augmentation, Probabilities
from canigatti.training.augmentation import FILL_MODES, apply, random_transformations, sampling_matrices

NONE = Probabilities(
    shear=0, zoom=0, rotation=0, width_shift=0, height_shift=0, brightness=0, horizontal_flip=0, vertical_flip=0
)


def photos(count=8, size=64, channels=3):
    """Smooth random photos, in which interpolation errors are as large as in real photos."""
    from scipy.ndimage import gaussian_filter

    noise = np.random.default_rng(0).uniform(0, 255, (count, size, size, channels))
    smooth = gaussian_filter(noise, (0, 3, 3, 0))
    return np.interp(smooth, (smooth.min(), smooth.max()), (0, 255)).astype(np.uint8)


def reference(images, transformations):
    """The photos as Keras' ImageDataGenerator transforms them."""
    import tensorflow as tf

    generator = tf.keras.preprocessing.image.ImageDataGenerator()
    size = images.shape[1]
    return np.stack(
        [
            generator.apply_transform(
                image.astype(np.float32),
                {
                    "theta": transformations.rotation[row],
                    "tx": transformations.width_shift[row] * size,
                    "ty": transformations.height_shift[row] * size,
                    "shear": transformations.shear[row],
                    "zx": transformations.width_zoom[row],
                    "zy": transformations.height_zoom[row],
                    "flip_horizontal": transformations.horizontal_flip[row],
                    "flip_vertical": transformations.vertical_flip[row],
                    "brightness": transformations.brightness[row],
                },
            )
            for row, image in enumerate(images)
        ]
    )


def inside_frame(transformations, size):
    """Whether the source of each output pixel is inside the photo, (n, size, size)."""
    matrices = sampling_matrices(transformations, size, size).reshape(-1, 6)
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
def test_photos_are_transformed_as_by_image_data_generator(augmentation):
    images = photos()
    transformations = random_transformations(augmentation, len(images), np.random.default_rng(1))
    difference = np.abs(apply(images, transformations, "nearest") - reference(images, transformations))
    assert difference[inside_frame(transformations, 64)].mean() < 1
    assert difference.mean() < 1


def test_real_photos_are_transformed_as_by_image_data_generator(shared):
    import io
    import zipfile

    from PIL import Image

    with zipfile.ZipFile(shared / "data" / "petimages-4k.zip") as archive:
        files = [archive.read(f"PetImages/Dog/{number}.jpg") for number in range(32)]
    images = np.stack([np.asarray(Image.open(io.BytesIO(file)).convert("RGB").resize((200, 200))) for file in files])
    transformations = random_transformations(Augmentation(), len(images), np.random.default_rng(2))
    difference = np.abs(apply(images, transformations, "nearest") - reference(images, transformations))
    assert difference[inside_frame(transformations, 200)].mean() < 1


def test_random_values_have_the_ranges_of_image_data_generator():
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
    samples = [generator.get_random_transform((100, 100, 3), seed) for seed in range(3000)]
    actual = random_transformations(Augmentation(), 3000, np.random.default_rng(0))
    pairs = {
        "theta": actual.rotation,
        "tx": actual.height_shift * 100,
        "ty": actual.width_shift * 100,
        "shear": actual.shear,
        "zx": actual.height_zoom,
        "zy": actual.width_zoom,
        "brightness": actual.brightness,
        "flip_horizontal": actual.horizontal_flip,
        "flip_vertical": actual.vertical_flip,
    }
    for name, ours in pairs.items():
        values = np.array([sample[name] for sample in samples], dtype=float)
        width = values.max() - values.min()
        np.testing.assert_allclose(
            [ours.min(), ours.max(), ours.mean()],
            [values.min(), values.max(), values.mean()],
            atol=0.04 * width + 1e-12,
            err_msg=name,
        )


def test_a_transformation_with_probability_0_changes_no_photo():
    images = photos()
    transformations = random_transformations(Augmentation(probability=NONE), len(images), np.random.default_rng(0))
    np.testing.assert_array_equal(apply(images, transformations, "nearest"), images)


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
def test_a_transformation_is_applied_with_its_probability(name, neutral):
    augmentation = Augmentation(probability=NONE.model_copy(update={name: 0.3}))
    transformations = random_transformations(augmentation, 4000, np.random.default_rng(0))
    assert 0.27 < (getattr(transformations, name) != neutral).mean() < 0.33
    others = {"shear", "rotation", "width_shift", "height_shift", "horizontal_flip", "vertical_flip"} - {name}
    assert not any(getattr(transformations, other).any() for other in others)


def test_zoom_changes_height_and_width_of_the_same_photos():
    augmentation = Augmentation(probability=NONE.model_copy(update={"zoom": 0.3}))
    transformations = random_transformations(augmentation, 4000, np.random.default_rng(0))
    assert 0.27 < (transformations.height_zoom != 1).mean() < 0.33
    np.testing.assert_array_equal(transformations.height_zoom != 1, transformations.width_zoom != 1)


def test_a_flip_mirrors_the_photo_exactly():
    images = photos()
    always = Augmentation(probability=NONE.model_copy(update={"horizontal_flip": 1.0}))
    transformations = random_transformations(always, len(images), np.random.default_rng(0))
    np.testing.assert_array_equal(apply(images, transformations, "nearest"), images[:, :, ::-1])


def test_width_shift_moves_along_the_width():
    images = photos()
    always = Augmentation(width_shift=0.2, probability=NONE.model_copy(update={"width_shift": 1.0}))
    transformations = random_transformations(always, len(images), np.random.default_rng(0))
    columns = np.clip(np.arange(64) + transformations.width_shift[:, None] * 64, 0, 63)
    row = images[0, 10, :, 0].astype(float)
    expected = np.interp(columns[0], np.arange(64), row)
    assert np.abs(apply(images, transformations, "nearest")[0, 10, :, 0] - expected).max() <= 1


def test_pixels_outside_the_photo_repeat_the_nearest_pixel():
    images = photos()
    transformations = random_transformations(
        Augmentation(width_shift=0.5, probability=NONE.model_copy(update={"width_shift": 1.0})),
        len(images),
        np.random.default_rng(3),
    )
    result = apply(images, transformations, "nearest")
    row = int(np.argmax(transformations.width_shift))
    np.testing.assert_array_equal(result[row, :, -1], images[row, :, -1])


@pytest.mark.parametrize(("fill", "mode"), [*zip(FILL_MODES, ("edge", "symmetric", "wrap", "constant"), strict=True)])
def test_pixels_outside_the_photo_are_filled_as_numpy_pads(fill, mode):
    images = photos()
    always = Augmentation(width_shift=0.5, probability=NONE.model_copy(update={"width_shift": 1.0}))
    transformations = random_transformations(always, len(images), np.random.default_rng(3))
    transformations = dataclasses.replace(transformations, width_shift=np.full(8, 20 / 64))
    expected = np.pad(images, ((0, 0), (0, 0), (0, 20), (0, 0)), mode=mode)[:, :, 20:]
    np.testing.assert_array_equal(apply(images, transformations, fill), expected)


def test_grayscale_photos_are_transformed_like_photos_with_three_equal_channels():
    images = photos(channels=1)
    transformations = random_transformations(Augmentation(), len(images), np.random.default_rng(0))
    gray = apply(images, transformations, "nearest")
    color = apply(np.repeat(images, 3, axis=-1), transformations, "nearest")
    assert gray.shape == images.shape
    np.testing.assert_array_equal(np.repeat(gray, 3, axis=-1), color)
