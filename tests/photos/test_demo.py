"""Generated photos are reproducible, have real faults, and do not differ in color between the classes."""

import io
import re
import zipfile

import imagehash
import numpy as np
import pytest
from PIL import Image, ImageOps, UnidentifiedImageError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from canigatti.config import GeneratedPhotos
from canigatti.files import InputError
from canigatti.photos.commands.generate import generate
from canigatti.photos.demo.archive import draw_members, zip_bytes
from canigatti.photos.demo.faults import sideways_jpeg_bytes
from canigatti.photos.records import PLANTED

COUNT, SEED = 40, 3
VERDICTS = {
    "empty": "empty",
    "text": "unreadable",
    "truncated": "unreadable",
    "Thumbs.db": "unreadable",
    "GIF": "keep",
    "PNG": "keep",
    "CMYK": "keep",
    "EXIF rotated": "keep",
    "near duplicate": "keep",
    "exact duplicate": "duplicate",
    "both labels": "conflicting",
}


def is_dog(member):
    return member.path.startswith("PetImages/Dog/")


def opened(content):
    return Image.open(io.BytesIO(content))


def pixels(image):
    return np.asarray(image.convert("RGB"), dtype=float)


@pytest.fixture(scope="module")
def members():
    return draw_members(COUNT, SEED)


@pytest.fixture(scope="module")
def ordinary(members):
    return [member for member in members if member.fault is None]


@pytest.fixture(scope="module")
def planted(members):
    """The planted files by fault."""
    by_fault = {}
    for member in members:
        if member.fault:
            by_fault.setdefault(member.fault, []).append(member)
    return by_fault


@pytest.fixture(scope="module")
def demonstration():
    """Photos and labels of `make demo`: 800 photos, seed 42."""
    photos = [member for member in draw_members(800, 42) if member.fault is None]
    return [opened(member.content) for member in photos], np.array([is_dog(member) for member in photos], dtype=int)


def test_the_archive_depends_only_on_count_and_seed(members):
    assert zip_bytes(draw_members(COUNT, SEED)) == zip_bytes(members)


def test_another_seed_gives_other_photos(ordinary):
    other = {member.content for member in draw_members(COUNT, SEED + 1) if member.fault is None}
    assert not other & {member.content for member in ordinary}


def test_each_class_has_half_of_the_photos(ordinary):
    expected = [f"PetImages/{name}/{number}.jpg" for name in ("Cat", "Dog") for number in range(COUNT // 2)]
    assert [member.path for member in ordinary] == expected


def test_an_odd_count_gives_one_more_cat():
    ordinary = [member for member in draw_members(5, SEED) if member.fault is None]
    assert [is_dog(member) for member in ordinary] == [False, False, False, True, True]


def test_names_are_unique_and_planted_photos_continue_the_numbering(members):
    paths = [member.path for member in members]
    assert len(set(paths)) == len(paths)
    for name in ("Cat", "Dog"):
        numbers = [int(found[1]) for path in paths if (found := re.fullmatch(rf"PetImages/{name}/(\d+)\.jpg", path))]
        assert numbers == list(range(len(numbers)))


def test_ordinary_photos_are_rgb_jpegs_of_varied_sizes_and_shapes(ordinary):
    photos = [opened(member.content) for member in ordinary]
    assert {(photo.format, photo.mode) for photo in photos} == {("JPEG", "RGB")}
    assert all(90 <= side <= 260 for photo in photos for side in photo.size)
    assert len({photo.size for photo in photos}) > 0.9 * len(photos)
    shapes = [photo.width / photo.height for photo in photos]
    assert min(shapes) < 0.85
    assert max(shapes) > 1.2


def test_every_fault_is_planted_with_its_expected_verdict(planted):
    assert {fault: found[0].verdict for fault, found in planted.items()} == VERDICTS


def test_both_classes_have_planted_faults(planted):
    members = [member for found in planted.values() for member in found]
    assert sum(map(is_dog, members)) in (len(members) // 2, len(members) // 2 + 1)


def test_the_empty_file_has_no_bytes(planted):
    assert planted["empty"][0].content == b""


@pytest.mark.parametrize("fault", ["text", "Thumbs.db"])
def test_other_files_are_not_images(planted, fault):
    for member in planted[fault]:
        assert member.content
        with pytest.raises(UnidentifiedImageError):
            opened(member.content)


def test_each_class_has_a_thumbnail_cache(planted):
    paths = [member.path for member in planted["Thumbs.db"]]
    assert paths == ["PetImages/Cat/Thumbs.db", "PetImages/Dog/Thumbs.db"]


def test_the_truncated_photo_can_be_opened_but_not_decoded(planted):
    photo = opened(planted["truncated"][0].content)
    with pytest.raises(OSError, match="truncated"):
        photo.load()


@pytest.mark.parametrize(
    ("fault", "file_format", "mode"), [("GIF", "GIF", "P"), ("PNG", "PNG", "RGB"), ("CMYK", "JPEG", "CMYK")]
)
def test_other_formats_have_the_suffix_jpg(planted, fault, file_format, mode):
    (member,) = planted[fault]
    photo = opened(member.content)
    assert (photo.format, photo.mode) == (file_format, mode)
    assert pixels(photo).std() > 5
    assert member.path.endswith(".jpg")


def test_the_rotated_photo_has_an_exif_orientation(planted):
    photo = opened(planted["EXIF rotated"][0].content)
    assert photo.getexif()[0x0112] == 6
    assert ImageOps.exif_transpose(photo).size == photo.size[::-1]


def test_the_exif_orientation_makes_the_rotated_photo_upright(ordinary):
    upright = opened(ordinary[0].content)
    stored = opened(sideways_jpeg_bytes(upright))
    assert np.abs(pixels(ImageOps.exif_transpose(stored)) - pixels(upright)).mean() < 4


def test_the_exact_duplicate_copies_an_ordinary_photo_of_its_class(planted, ordinary):
    (copy,) = planted["exact duplicate"]
    originals = [member for member in ordinary if member.content == copy.content]
    assert [is_dog(member) for member in originals] == [is_dog(copy)]


def test_the_near_duplicate_resembles_an_ordinary_photo_of_its_class(planted, ordinary):
    (copy,) = planted["near duplicate"]
    assert copy.content not in {member.content for member in ordinary}
    perceptual_hash = imagehash.phash(opened(copy.content))
    distances = {member.path: perceptual_hash - imagehash.phash(opened(member.content)) for member in ordinary}
    close = [path for path, distance in distances.items() if distance <= 4]
    assert len(close) == 1
    assert close[0].startswith("PetImages/Dog/") == is_dog(copy)


def test_one_photo_has_both_labels(planted, ordinary):
    first, second = planted["both labels"]
    assert first.content == second.content
    assert is_dog(first) != is_dog(second)
    assert first.content not in {member.content for member in ordinary}


def test_the_classes_have_the_same_colors(demonstration):
    photos, labels = demonstration
    arrays = [pixels(photo) for photo in photos]
    means = np.array([array.mean(axis=(0, 1)) for array in arrays])
    deviations = np.array([array.std(axis=(0, 1)) for array in arrays])
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    for features in (means, np.hstack([means, deviations])):
        model = make_pipeline(StandardScaler(), LogisticRegression())
        assert cross_val_score(model, features, labels, cv=folds).mean() < 0.6


def test_ordinary_photos_are_not_near_duplicates(demonstration):
    photos, _ = demonstration
    bits = np.array([imagehash.phash(photo).hash.ravel() for photo in photos]).astype(np.float32) * 2 - 1
    distances = (64 - bits @ bits.T) / 2 + 64 * np.eye(len(bits))
    assert distances.min() > 4


def test_the_command_writes_the_archive_and_the_list_of_faults(members, tmp_path):
    output, planted = tmp_path / "demo.zip", tmp_path / "planted.csv"
    generate(GeneratedPhotos(count=COUNT, seed=SEED).to_json(), output, planted)
    assert output.read_bytes() == zip_bytes(members)
    rows = [*PLANTED.read(planted).itertuples(index=False, name=None)]
    assert rows == [(member.path, member.fault, member.verdict) for member in members if member.fault]
    with zipfile.ZipFile(output) as archive:
        assert archive.testzip() is None
        assert {information.date_time for information in archive.infolist()} == {(2023, 1, 1, 0, 0, 0)}
        assert set(archive.namelist()) >= {path for path, _, _ in rows}


def test_the_command_rejects_a_count_that_is_too_small(tmp_path):
    with pytest.raises(InputError, match=r"count: .*\(1\)"):
        generate('{"count": 1, "seed": 42}', tmp_path / "demo.zip", tmp_path / "planted.csv")
    assert not list(tmp_path.iterdir())
