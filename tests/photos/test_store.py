import io
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from canigatti.files import InputError, sha256_of, write_csv, write_json
from canigatti.photos import commands
from canigatti.photos.decoding import decode, to_square
from canigatti.photos.manifest import COLUMNS
from canigatti.photos.store import open_store, read_manifest


def photo(seed, size=(60, 45)):
    buffer = io.BytesIO()
    noise = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.fixture
def study(tmp_path):
    """100 inspected photos, two of which are not kept."""
    for number in range(100):
        path = tmp_path / "photos" / ("Cat" if number < 50 else "Dog") / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"" if number in (3, 70) else photo(number, (40 + number, 60)))
    write_json(tmp_path / "source.json", {"path": str(tmp_path / "photos"), "kind": "folder"})
    commands.inspect(
        tmp_path / "source.json",
        ["cat", "dog"],
        tmp_path / "manifest.csv",
        tmp_path / "groups.csv",
        tmp_path / "summary.json",
    )
    return tmp_path


def store(study, name="images.npy", workers=1, size=16):
    inputs = {"source_record": study / "source.json", "manifest": study / "manifest.csv", "workers": workers}
    commands.store(**inputs, size=size, output=study / name, hash=study / f"{name}.sha256")
    return study / name


def test_row_after_row_is_a_kept_photo_as_a_square(study):
    opened = open_store(store(study), study / "manifest.csv")
    assert opened.images.shape == (98, 16, 16, 3)
    assert opened.images.dtype == np.uint8
    assert opened.ids[3] == "cat.4.jpg"
    assert opened.labels.tolist() == [0] * 49 + [1] * 49
    for row, (label, file) in ((0, ("Cat", 0)), (3, ("Cat", 4)), (97, ("Dog", 99))):
        content = (study / "photos" / label / f"{file}.jpg").read_bytes()
        np.testing.assert_array_equal(opened.images[row], to_square(decode(content).image, 16))


def test_rows_are_found_by_id(study):
    opened = open_store(store(study), study / "manifest.csv")
    assert opened.rows(np.array(["dog.99.jpg", "cat.0.jpg"], dtype=object)).tolist() == [97, 0]
    with pytest.raises(InputError, match=r"cat\.3\.jpg"):
        opened.rows(np.array(["cat.3.jpg"], dtype=object))


def test_several_processes_write_the_same_file(study):
    alone, together = store(study, "alone.npy"), store(study, "together.npy", workers=2)
    assert sha256_of(together) == sha256_of(alone)


def test_the_hash_is_that_of_the_images(study):
    path = store(study)
    assert (study / "images.npy.sha256").read_text().strip() == sha256_of(path)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("content", [None, b"", photo(1000)], ids=["gone", "emptied", "replaced"])
def test_a_photo_that_is_no_longer_what_was_inspected_is_named_and_the_old_store_stays(study, content, workers):
    path = store(study)
    before = sha256_of(path)
    victim = study / "photos" / "Dog" / "88.jpg"
    victim.unlink()
    if content is not None:
        victim.write_bytes(content)
    with pytest.raises(InputError, match=r"Dog/88\.jpg"):
        store(study, workers=workers)
    assert sha256_of(path) == before
    assert not list(study.glob(".images*"))


def test_a_disk_without_room_is_told_before_anything_is_decoded(study, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full, raising=False)
    monkeypatch.setattr("canigatti.photos.store_writing.decode", lambda *_: pytest.fail("was decoded"))
    with pytest.raises(OSError, match=r"cannot write .*images\.npy: No space left on device"):
        store(study)
    assert not (study / "images.npy").exists()


def test_no_kept_photo_gives_an_empty_store(study):
    rows = read_manifest(study / "manifest.csv")
    write_csv(study / "manifest.csv", rows[rows["verdict"] != "keep"])
    assert open_store(store(study), study / "manifest.csv").images.shape == (0, 16, 16, 3)


def test_images_of_another_manifest_are_refused(study):
    path = store(study)
    write_csv(study / "manifest.csv", read_manifest(study / "manifest.csv").iloc[1:])
    with pytest.raises(InputError, match=r"holds 98 photos and .*manifest\.csv keeps 97; make the images again"):
        open_store(path, study / "manifest.csv")


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8)
odd = st.sampled_from(["nan", "NA", "None", "", " ", 'a"b', "a,b", "a\nb", "🐱", "1e5", "007", "#", "'", "true"])
numbers = st.none() | st.integers(0, 2**40)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(texts | odd, numbers), min_size=1, max_size=6))
def test_a_manifest_is_read_back_as_it_was_written(content):
    integers = ("label", "width", "height", "bytes")
    frame = pd.DataFrame({name: [number if name in integers else text for text, number in content] for name in COLUMNS})
    frame = frame.astype({name: "Int64" if name in integers else str for name in COLUMNS})
    with tempfile.TemporaryDirectory() as folder:
        write_csv(Path(folder) / "manifest.csv", frame)
        pd.testing.assert_frame_equal(read_manifest(Path(folder) / "manifest.csv"), frame)
