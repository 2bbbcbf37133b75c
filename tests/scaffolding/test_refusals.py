"""What `canigatti init` refuses, before it loads TensorFlow: one message, exit code 1, and nothing is written."""

import io
import os
import time
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from canigatti.photos import decoding

PHOTOS = {"cat": 4, "dog": 5}


@pytest.fixture(autouse=True)
def _without_tensorflow(monkeypatch):
    """Fail if something that must be refused is measured."""
    monkeypatch.setattr("canigatti.scaffolding.proposal.propose", lambda *_: pytest.fail("it was not refused"))


def assert_refused(answer, *parts):
    assert answer.code == 1
    assert "Traceback" not in answer.err
    for part in parts:
        assert part in answer.err
    assert not Path("config").exists()


UNUSABLE = {
    "an empty folder": ({}, "there are no files"),
    "one class": ({"cat": 3}, "expected 2 to 1,000 folders of images"),
    "files without folders": ({".": 3}, "3 images among 3 files and no folder"),
    "a class with two photos": ({"cat": 2, "dog": 5}, "the class 'cat' has 2 photos"),
}


@pytest.mark.parametrize(("counts", "message"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_folder_that_is_no_study(init, write_photos, tmp_path, counts, message):
    (tmp_path / "photos").mkdir()
    write_photos(tmp_path / "photos", counts)
    assert_refused(init(tmp_path / "photos"), str(tmp_path / "photos"), message)


def test_a_missing_path(init):
    assert_refused(init("nowhere"), "nowhere: there is no such folder or zip file")


def test_an_url(init):
    assert_refused(init("https://example.org/photos.zip", "--name", "web"), "download it first")


def test_a_file_that_is_no_zip(init, tmp_path):
    (tmp_path / "photos.zip").write_bytes(b"PK something")
    assert_refused(init(tmp_path / "photos.zip"), "expected a zip archive")


def test_a_zip_that_would_fill_the_disk(init, tmp_path):
    with zipfile.ZipFile(tmp_path / "photos.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("cat/../../0.jpg", b"")
    assert_refused(init(tmp_path / "photos.zip"), "leads out of the archive")


def test_a_folder_that_cannot_be_listed(init, write_photos, tmp_path, monkeypatch):
    folder, scandir = write_photos(tmp_path / "photos", PHOTOS), os.scandir

    def refuse(path):
        if str(path).endswith("cat"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr("canigatti.photos.folders.os.scandir", refuse)  # root may list every folder
    assert_refused(init(folder), "cat: the folder cannot be listed: Permission denied")


def test_photos_that_cannot_be_decoded(init, write_photos, tmp_path):
    folder = write_photos(tmp_path / "photos", PHOTOS)
    for photo in folder.rglob("*.png"):
        photo.write_bytes(b"no photo")
    assert_refused(init(folder), "cat/0.png: no image in a known format")


def test_a_small_class_with_a_broken_photo(init, write_photos, tmp_path):
    folder = write_photos(tmp_path / "photos", {"cat": 3, "dog": 30})
    (folder / "cat" / "1.png").write_bytes(b"")
    assert_refused(init(folder), "the class 'cat' has 2 photos, because cat/1.png is not usable (the file has 0 bytes)")


def test_a_small_class_with_a_copy(init, write_photos, tmp_path):
    folder = write_photos(tmp_path / "photos", {"cat": 3, "dog": 30})
    (folder / "cat" / "1.png").write_bytes((folder / "cat" / "0.png").read_bytes())
    assert_refused(init(folder), "cat/1.png is not usable (a copy of cat/0.png)")


def test_a_decompression_bomb_is_not_decoded(init, write_photos, tmp_path, monkeypatch):
    folder = write_photos(tmp_path / "photos", {"cat": 3, "dog": 30})
    monkeypatch.setattr(decoding, "MAX_PIXELS", 10_000)
    bomb = io.BytesIO()
    Image.new("1", (1000, 1000)).save(bomb, "PNG")
    (folder / "cat" / "1.png").write_bytes(bomb.getvalue())
    assert_refused(init(folder), "1000×1000 pixels, expected at most 10,000")


def test_existing_configurations_and_results_are_not_replaced(init, write_photos, tmp_path):
    folder = write_photos(tmp_path / "photos", PHOTOS)
    Path("config").mkdir()
    Path("config", "photos.yaml").write_text("mine")
    answer = init(folder)
    assert (answer.code, Path("config", "photos.yaml").read_text()) == (1, "mine")
    assert "config/photos.yaml exists already and is not replaced; choose another name with --name" in answer.err
    Path("results", "other").mkdir(parents=True)
    assert "results/other exists already" in init(folder, "--name", "other").err
    assert os.listdir("config") == ["photos.yaml"]


def test_no_permission_to_write(init, write_photos, tmp_path, monkeypatch):
    folder = write_photos(tmp_path / "photos", PHOTOS)
    may_not_write = lambda _, mode: not mode & os.W_OK  # noqa: E731 (root may write everywhere)
    monkeypatch.setattr("canigatti.scaffolding.choice.os.access", may_not_write)
    assert_refused(init(folder), "config/photos.yaml cannot be written: no permission to write into")


def test_a_file_in_place_of_the_folder_of_configurations(init, write_photos, tmp_path):
    Path("config").write_text("mine")
    answer = init(write_photos(tmp_path / "photos", PHOTOS))
    assert answer.code == 1
    assert "config: expected a folder for config/photos.yaml, received a file" in answer.err


OPTIONS = {
    "an invalid name": (["--name", "a b"], "--name: expected a name"),
    "an unknown backbone": (["--backbones", "resnet"], "received 'resnet'"),
    "weights of another backbone": (["--weights", "vgg16=x.h5"], "for one of --backbones (mobilenetv2)"),
    "weights without a backbone": (["--weights", "x.h5"], "expected BACKBONE=FILE"),
    "missing weights": (["--weights", "mobilenetv2=x.h5"], "there is no file 'x.h5'"),
}


@pytest.mark.parametrize(("options", "message"), OPTIONS.values(), ids=OPTIONS)
def test_invalid_options(init, write_photos, tmp_path, options, message):
    assert_refused(init(write_photos(tmp_path / "photos", PHOTOS), *options), message)


def test_a_folder_without_a_usable_name(init, write_photos, tmp_path):
    assert_refused(init(write_photos(tmp_path / "写真", PHOTOS)), "--name: expected a name", "写真 gives none")


def test_time_that_is_no_time(init, write_photos, tmp_path):
    assert init(write_photos(tmp_path / "photos", PHOTOS), "--minutes", "0").code == 1


@pytest.mark.slow
def test_a_hundred_thousand_files_are_listed_within_seconds(write_photos, tmp_path):
    """20 s with everything that follows, see the issue; without hashing or decoding them all."""
    from canigatti.scaffolding.survey import survey

    folder = write_photos(tmp_path / "photos", {"cat": 1, "dog": 1})
    for name in ("cat", "dog"):
        for number in range(1, 50_000):
            os.link(folder / name / "0.png", folder / name / f"{number}.png")
    started = time.process_time()
    assert survey(folder).total == 100_000
    assert time.process_time() - started < 12
