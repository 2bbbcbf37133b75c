"""Photos of which few remain: the error of the split says why."""

import pytest
from PIL import Image

from canigatti.files import InputError
from canigatti.photos.commands.split import split
from canigatti.photos.records import SPLIT

SPEC = '{"train": 0.6, "validation": 0.2, "test": 0.2, "seed": 42}'


@pytest.fixture
def split_of(inspect_pictures, tmp_path):
    """A function that splits the pictures of two classes and returns the split."""

    def run(cats, dogs):
        classes = {"cat": cats, "dog": dogs}
        pictures = {f"{name}/{number}.png": one for name in classes for number, one in enumerate(classes[name])}
        split(inspect_pictures(pictures), tmp_path / "splits/split.csv", SPEC)
        return SPLIT.read(tmp_path / "splits/split.csv")

    return run


def test_the_frames_of_one_clip_are_described(split_of):
    message = r"splits/split\.csv: the class 'cat' has 60 kept photos in 1 group .*such as cat\.0\.png"
    with pytest.raises(InputError, match=message):
        split_of([(1, number) for number in range(60)], range(100, 160))


def test_three_clips_are_one_for_each_subset(split_of):
    clips = [[(10 * label + clip, number) for clip in range(3) for number in range(20)] for label in (1, 2)]
    rows = split_of(*clips)
    assert rows.groupby(["label", "part"]).size().tolist() == [20] * 6


@pytest.mark.parametrize(
    ("cat", "reasons"), [(Image.new("RGB", (1, 1)), "30 too-small"), (Image.new("RGB", (60, 60)), "29 duplicate")]
)
def test_a_class_without_usable_photos_is_reported_with_its_verdicts(split_of, cat, reasons):
    kept = 0 if "small" in reasons else 1
    message = f"the class 'cat' has {kept} kept of 30 files, .*not kept: {reasons}"
    with pytest.raises(InputError, match=message):
        split_of([cat] * 30, range(30))
