import io
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from canigatti.config import Square
from canigatti.files import InputError, sha256_of
from canigatti.photos.commands.inspect import inspect
from canigatti.photos.commands.store import store
from canigatti.photos.decoding import decode
from canigatti.photos.origin import describe
from canigatti.photos.records import MANIFEST
from canigatti.photos.resizing import to_square
from canigatti.photos.store import open_store


def photo(seed, size=(60, 45)):
    buffer = io.BytesIO()
    noise = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.fixture
def study(tmp_path):
    """100 inspected photos, of which 98 are kept."""
    for number in range(100):
        path = tmp_path / "photos" / ("Cat" if number < 50 else "Dog") / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"" if number in (3, 70) else photo(number, (40 + number, 60)))
    describe("photos", tmp_path / "photos", None).write(tmp_path / "source.json")
    inspect(tmp_path / "source.json", ["cat", "dog"], tmp_path)
    return tmp_path


def write_store(study, name="images.npy", workers=1, size="16"):
    store(study / "source.json", study / "manifest.csv", size, study / name, workers)
    return study / name


def test_every_row_is_a_kept_photo_as_a_square(study):
    opened = open_store(write_store(study), study / "manifest.csv")
    assert opened.images.shape == (98, 16, 16, 3)
    assert opened.images.dtype == np.uint8
    assert opened.ids[3] == "cat.4.jpg"
    assert opened.labels.tolist() == [0] * 49 + [1] * 49
    for row, (label, file) in ((0, ("Cat", 0)), (3, ("Cat", 4)), (97, ("Dog", 99))):
        content = (study / "photos" / label / f"{file}.jpg").read_bytes()
        np.testing.assert_array_equal(opened.images[row], to_square(decode(content).image, Square(16)))


@pytest.mark.parametrize("mode", ["crop", "pad"])
def test_photos_are_resized_in_the_mode_that_the_size_names(study, mode):
    opened = open_store(write_store(study, size=f"16-{mode}"), study / "manifest.csv")
    content = (study / "photos" / "Dog" / "99.jpg").read_bytes()  # 139×60 pixels
    np.testing.assert_array_equal(opened.images[97], to_square(decode(content).image, Square(16, mode)))


@pytest.mark.parametrize("size", ["0", "16-stretch"])
def test_an_invalid_size_raises_and_nothing_is_written(study, size):
    with pytest.raises(InputError, match="--size: expected pixels"):
        write_store(study, size=size)
    assert not (study / "images.npy").exists()


def test_rows_are_found_by_id(study):
    opened = open_store(write_store(study), study / "manifest.csv")
    assert opened.rows(np.array(["dog.99.jpg", "cat.0.jpg"], dtype=object)).tolist() == [97, 0]
    with pytest.raises(InputError, match=r"cat\.3\.jpg"):
        opened.rows(np.array(["cat.3.jpg"], dtype=object))


def test_several_processes_write_the_same_file(study):
    single, parallel = write_store(study, "single.npy"), write_store(study, "parallel.npy", workers=2)
    assert sha256_of(parallel) == sha256_of(single)


def test_the_sha256_of_the_images_is_written(study):
    path = write_store(study)
    assert (study / "images.npy.sha256").read_text().strip() == sha256_of(path)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("content", [None, b"", photo(1000)], ids=["deleted", "empty", "replaced"])
def test_a_photo_that_changed_since_the_inspection_is_reported_and_the_old_store_remains(study, content, workers):
    path = write_store(study)
    before = sha256_of(path)
    path_of_photo = study / "photos" / "Dog" / "88.jpg"
    path_of_photo.unlink()
    if content is not None:
        path_of_photo.write_bytes(content)
    with pytest.raises(InputError, match=r"Dog/88\.jpg"):
        write_store(study, workers=workers)
    assert sha256_of(path) == before
    assert not list(study.glob(".images*"))


def test_a_full_disk_is_reported_before_decoding(study, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full, raising=False)
    monkeypatch.setattr("canigatti.photos.store_writing.decode", lambda *_: pytest.fail("was decoded"))
    with pytest.raises(OSError, match=r"cannot write .*images\.npy: No space left on device"):
        write_store(study)
    assert not (study / "images.npy").exists()


def test_a_manifest_without_kept_photos_gives_an_empty_store(study):
    rows = MANIFEST.read(study / "manifest.csv")
    MANIFEST.write(study / "manifest.csv", rows[rows["verdict"] != "keep"])
    assert open_store(write_store(study), study / "manifest.csv").images.shape == (0, 16, 16, 3)


def test_images_of_another_manifest_are_rejected(study):
    path = write_store(study)
    MANIFEST.write(study / "manifest.csv", MANIFEST.read(study / "manifest.csv").iloc[1:])
    with pytest.raises(InputError, match=r"has 98 photos and .*manifest\.csv keeps 97; create the images again"):
        open_store(path, study / "manifest.csv")


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8)
special_texts = st.sampled_from(
    ["nan", "NA", "None", "", " ", 'a"b', "a,b", "a\nb", "🐱", "1e5", "007", "#", "'", "true"]
)
numbers = st.none() | st.integers(0, 2**40)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(texts | special_texts, numbers), min_size=1, max_size=6))
def test_a_manifest_survives_writing_and_reading(content):
    integers = ("label", "width", "height", "bytes")
    values = {name: [number if name in integers else text for text, number in content] for name in MANIFEST.columns}
    frame = pd.DataFrame(values).astype({name: "Int64" if name in integers else str for name in values})
    with tempfile.TemporaryDirectory() as folder:
        MANIFEST.write(Path(folder) / "manifest.csv", frame)
        pd.testing.assert_frame_equal(MANIFEST.read(Path(folder) / "manifest.csv"), frame)
