import io

import imagehash
import numpy as np
import pytest
from PIL import Image, ImageEnhance

from canigatti.photos.duplicates import LEAST_CORRELATION, MOST_DIFFERING_BITS, copies, near_duplicate_groups
from canigatti.photos.hashing import perceptual_hashes, thumbnail


def texture(seed, size=(240, 180)):
    noise = np.random.default_rng(seed).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)


def encoded_again(image, quality):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


def thumbnails(images):
    return np.frombuffer(b"".join(thumbnail(image) for image in images), np.uint8).reshape(-1, 32, 32)


def groups(images):
    small = thumbnails(images)
    return near_duplicate_groups(perceptual_hashes(small), small).tolist()


CHANGES = {
    "quality 20": lambda image: encoded_again(image, 20),
    "quality 95": lambda image: encoded_again(image, 95),
    "half the size": lambda image: encoded_again(image.resize((120, 90)), 80),
    "four fifths": lambda image: encoded_again(image.resize((192, 144)), 70),
    "three times": lambda image: image.resize((720, 540), Image.Resampling.BICUBIC),
    "gray": lambda image: image.convert("L"),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.2),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_photo_encoded_again_rescaled_or_retouched_joins_its_original(change):
    others = [texture(seed) for seed in range(1, 20)]
    assert groups([texture(0), *others, CHANGES[change](texture(0))]) == [*range(20), 0]


def test_different_photos_stay_apart():
    assert groups([texture(seed) for seed in range(300)]) == list(range(300))


def test_plain_pictures_stay_apart():
    plain = [Image.new("RGB", (50, 40), (level, level, level)) for level in (0, 0, 90, 91, 255)]
    noisy = Image.fromarray(np.random.default_rng(0).integers(98, 103, (40, 50, 3), dtype=np.uint8))
    assert groups([*plain, noisy, noisy]) == list(range(7))


def test_equal_hashes_are_not_enough():
    """Two drawings with the same coarse pattern, one of which has a large bright spot."""
    small = thumbnails([texture(0), texture(0)]).copy()
    small[1, 4:20, 4:20] = 255 - small[1, 4:20, 4:20]
    assert near_duplicate_groups(np.zeros(2, np.uint64), small).tolist() == [0, 1]
    assert near_duplicate_groups(np.zeros(2, np.uint64), small[[0, 0]]).tolist() == [0, 0]


def test_groups_are_what_pairs_connect():
    hashes = np.array([0, (1 << 10) - 1, (1 << 20) - 1, (1 << 64) - 1], np.uint64)
    alike = np.repeat(thumbnails([texture(0)]), 4, axis=0)
    assert MOST_DIFFERING_BITS == 10
    assert near_duplicate_groups(hashes, alike).tolist() == [0, 0, 0, 3]


def test_far_apart_photos_are_compared_as_near_ones_are():
    """Against comparing every pair by hand, for more photos than are compared at once."""
    images = [texture(seed, (64, 48)) for seed in range(300)]
    for original, place in ((3, 290), (5, 6), (290, 40), (260, 299)):
        images[place] = CHANGES["quality 20"](images[original])
    small = thumbnails(images)
    flat = small.reshape(300, -1).astype(float)
    bits = np.unpackbits(perceptual_hashes(small).view(np.uint8).reshape(300, 8), axis=1)
    same = (np.corrcoef(flat) >= LEAST_CORRELATION) & ((bits[:, None] != bits).sum(axis=2) <= MOST_DIFFERING_BITS)
    for _ in range(3):
        same = same @ same
    assert near_duplicate_groups(perceptual_hashes(small), small).tolist() == same.argmax(axis=1).tolist()
    assert (same.sum(axis=1) > 1).sum() == 7


def test_no_photo_gives_no_group():
    assert near_duplicate_groups(np.zeros(0, np.uint64), np.zeros((0, 32, 32), np.uint8)).tolist() == []


def test_hashes_are_those_of_imagehash():
    small = thumbnails([*(texture(seed) for seed in range(40)), Image.new("L", (40, 40), 77)])
    expected = [str(imagehash.phash(Image.fromarray(each))) for each in small]
    assert [f"{each:016x}" for each in perceptual_hashes(small)] == expected


def test_hashes_hardly_differ_from_those_of_the_whole_photo():
    images = [texture(seed, (500, 375)) for seed in range(40)]
    whole = np.array([int(str(imagehash.phash(image)), 16) for image in images], np.uint64)
    assert np.bitwise_count(whole ^ perceptual_hashes(thumbnails(images))).max() <= 6


def test_the_first_copy_is_kept_and_named():
    assert copies(["a", "b", "c", "d"], np.array([0, 1, 0, 0]), ["x", "y", "x", "x"]) == {
        2: ("duplicate", "the same content as a"),
        3: ("duplicate", "the same content as a"),
    }


def test_a_photo_with_both_labels_is_kept_nowhere():
    reason = "the same content has both labels: a, b, c"
    assert copies(["a", "b", "c"], np.array([0, 0, 1]), ["x", "x", "x"]) == dict.fromkeys(
        range(3), ("conflicting", reason)
    )


def test_photos_that_are_there_once_are_not_judged():
    assert copies(["a", "b"], np.array([0, 1]), ["x", "y"]) == {}
