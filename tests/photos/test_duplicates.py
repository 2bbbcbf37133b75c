import io

import imagehash
import numpy as np
import pytest
from PIL import Image, ImageEnhance

from canigatti.photos.duplicates import MAX_DIFFERING_BITS, MIN_CORRELATION, find_copies, group_near_duplicates
from canigatti.photos.hashing import perceptual_hashes, thumbnail


def texture(seed, size=(240, 180)):
    noise = np.random.default_rng(seed).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)


def reencode(image, quality):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


def thumbnails(images):
    return np.frombuffer(b"".join(thumbnail(image) for image in images), np.uint8).reshape(-1, 32, 32)


def groups(images):
    small = thumbnails(images)
    return group_near_duplicates(perceptual_hashes(small), small).tolist()


CHANGES = {
    "quality 20": lambda image: reencode(image, 20),
    "quality 95": lambda image: reencode(image, 95),
    "half the size": lambda image: reencode(image.resize((120, 90)), 80),
    "four fifths": lambda image: reencode(image.resize((192, 144)), 70),
    "three times": lambda image: image.resize((720, 540), Image.Resampling.BICUBIC),
    "gray": lambda image: image.convert("L"),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.2),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_reencoded_rescaled_or_retouched_photo_is_in_the_group_of_its_original(change):
    others = [texture(seed) for seed in range(1, 20)]
    assert groups([texture(0), *others, CHANGES[change](texture(0))]) == [*range(20), 0]


def test_different_photos_are_in_different_groups():
    assert groups([texture(seed) for seed in range(300)]) == list(range(300))


def test_uniform_images_are_in_different_groups():
    plain = [Image.new("RGB", (50, 40), (level, level, level)) for level in (0, 0, 90, 91, 255)]
    noisy = Image.fromarray(np.random.default_rng(0).integers(98, 103, (40, 50, 3), dtype=np.uint8))
    assert groups([*plain, noisy, noisy]) == list(range(7))


def test_equal_hashes_are_not_sufficient():
    """Two images with the same coarse pattern; one has a large inverted spot."""
    small = thumbnails([texture(0), texture(0)]).copy()
    small[1, 4:20, 4:20] = 255 - small[1, 4:20, 4:20]
    assert group_near_duplicates(np.zeros(2, np.uint64), small).tolist() == [0, 1]
    assert group_near_duplicates(np.zeros(2, np.uint64), small[[0, 0]]).tolist() == [0, 0]


def test_groups_are_connected_components_of_pairs():
    hashes = np.array([0, (1 << 10) - 1, (1 << 20) - 1, (1 << 64) - 1], np.uint64)
    same = np.repeat(thumbnails([texture(0)]), 4, axis=0)
    assert MAX_DIFFERING_BITS == 10
    assert group_near_duplicates(hashes, same).tolist() == [0, 0, 0, 3]


def test_photos_in_different_blocks_are_compared():
    """The reference compares every pair, for more photos than one block has."""
    images = [texture(seed, (64, 48)) for seed in range(300)]
    for original, position in ((3, 290), (5, 6), (290, 40), (260, 299)):
        images[position] = CHANGES["quality 20"](images[original])
    small = thumbnails(images)
    flat = small.reshape(300, -1).astype(float)
    bits = np.unpackbits(perceptual_hashes(small).view(np.uint8).reshape(300, 8), axis=1)
    same = (np.corrcoef(flat) >= MIN_CORRELATION) & ((bits[:, None] != bits).sum(axis=2) <= MAX_DIFFERING_BITS)
    for _ in range(3):
        same = same @ same
    assert group_near_duplicates(perceptual_hashes(small), small).tolist() == same.argmax(axis=1).tolist()
    assert (same.sum(axis=1) > 1).sum() == 7


def test_no_photos_give_no_groups():
    assert group_near_duplicates(np.zeros(0, np.uint64), np.zeros((0, 32, 32), np.uint8)).tolist() == []


def test_hashes_are_equal_to_those_of_imagehash():
    small = thumbnails([*(texture(seed) for seed in range(40)), Image.new("L", (40, 40), 77)])
    expected = [str(imagehash.phash(Image.fromarray(gray))) for gray in small]
    assert [f"{value:016x}" for value in perceptual_hashes(small)] == expected


def test_hashes_are_similar_to_those_of_the_whole_photo():
    images = [texture(seed, (500, 375)) for seed in range(40)]
    whole = np.array([int(str(imagehash.phash(image)), 16) for image in images], np.uint64)
    assert np.bitwise_count(whole ^ perceptual_hashes(thumbnails(images))).max() <= 6


def test_the_first_copy_is_kept():
    assert find_copies(["a", "b", "c", "d"], np.array([0, 1, 0, 0]), ["x", "y", "x", "x"]) == {
        2: ("duplicate", "the same content as a"),
        3: ("duplicate", "the same content as a"),
    }


def test_no_copy_of_a_photo_with_both_labels_is_kept():
    reason = "the same content has both labels: a, b, c"
    assert find_copies(["a", "b", "c"], np.array([0, 0, 1]), ["x", "x", "x"]) == dict.fromkeys(
        range(3), ("conflicting", reason)
    )


def test_photos_without_copies_get_no_verdict():
    assert find_copies(["a", "b"], np.array([0, 1]), ["x", "y"]) == {}
