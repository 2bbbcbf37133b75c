"""Photos of which few remain: the error of the split says why."""

import io

import numpy as np
import pytest
from PIL import Image

from canigatti.files import InputError
from canigatti.photos.commands.fetch import fetch
from canigatti.photos.commands.inspect import inspect
from canigatti.photos.commands.split import split
from canigatti.photos.records import SPLIT

SPEC = '{"train": 0.6, "validation": 0.2, "test": 0.2, "seed": 42}'


def noise(seed, size=(48, 36)):
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)


def frame(clip, number):
    """A frame of a clip: the same picture but for one pixel."""
    image = noise(clip)
    image.putpixel((0, 0), (number, 0, 0))
    return image


def encoded(image):
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def split_of(tmp_path):
    """A function that runs `fetch`, `inspect` and `split` on the images of two classes and returns the split."""

    def run(cats, dogs):
        for name, images in (("cat", cats), ("dog", dogs)):
            (tmp_path / "source" / name).mkdir(parents=True)
            for number, image in enumerate(images):
                (tmp_path / "source" / name / f"{number}.png").write_bytes(encoded(image))
        fetch(str(tmp_path / "source"), tmp_path / "photos/source.json", None)
        inspect(tmp_path / "photos/source.json", ["cat", "dog"], tmp_path / "photos")
        split(tmp_path / "photos/manifest.csv", SPEC, tmp_path / "splits/split.csv")
        return SPLIT.read(tmp_path / "splits/split.csv")

    return run


def test_the_frames_of_one_clip_are_described(split_of):
    message = (
        r"splits/split\.csv: the class 'cat' has 60 kept photos in 1 group of near duplicates .*such as cat\.0\.png"
    )
    with pytest.raises(InputError, match=message):
        split_of([frame(1, number) for number in range(60)], [noise(100 + number) for number in range(60)])


def test_three_clips_are_one_for_each_subset(split_of):
    clips = [[frame(10 * label + clip, number) for clip in range(3) for number in range(20)] for label in (1, 2)]
    rows = split_of(*clips)
    assert rows.groupby(["label", "part"]).size().tolist() == [20] * 6


@pytest.mark.parametrize(
    ("cat", "reasons"), [(Image.new("RGB", (1, 1)), "30 too-small"), (Image.new("RGB", (60, 60)), "29 duplicate")]
)
def test_a_class_without_usable_photos_is_reported_with_its_verdicts(split_of, cat, reasons):
    kept = 0 if "small" in reasons else 1
    message = f"the class 'cat' has {kept} kept of 30 files, .*not kept: {reasons}"
    with pytest.raises(InputError, match=message):
        split_of([cat] * 30, [noise(number) for number in range(30)])
