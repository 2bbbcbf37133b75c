"""Photos of a folder that change after the study has finished, or while it runs."""

import io
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from canigatti.files import InputError
from canigatti.photos import folder_hashes
from canigatti.photos.commands.fetch import fetch
from canigatti.photos.commands.inspect import inspect
from canigatti.photos.folder_hashes import hash_folder
from canigatti.photos.origin import source_digest
from canigatti.photos.records import SourceRecord

DOWNSTREAM_OF_THE_PHOTOS = {
    *("fetch_photos", "inspect_photos", "plot_photos", "split_photos half", "store_photos 16"),
    *("correct_split half training", "correct_split half test"),
    *(
        f"{job} {name}"
        for job in ("train", "plot_training", "evaluate", "measure", "calibrate", "explain_photos", "plot_evaluation")
        for name in ("plain", "extra")
    ),
    *("check_results", "plot_report", "write_report", "write_explorer", "write_cards"),
}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CANIGATTI_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def patient(monkeypatch):
    """As if the photos of a test had been there for longer than two seconds."""
    monkeypatch.setattr(folder_hashes, "_RACY_NANOSECONDS", -(10**12))


def photo(color, side=16) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (side, side), color).save(stream, "PNG")
    return stream.getvalue()


def rewrite(path: Path, content: bytes) -> None:
    """Replace the content in place and restore the time of modification."""
    times = path.stat()
    assert len(content) == times.st_size
    with path.open("r+b") as stream:
        stream.write(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.fixture
def folder(tmp_path):
    """Files of equal size."""
    for name in ("cat/0.png", "cat/1.png", "dog/0.png", "dog/1.png"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path / "photos"


def exchange(first: Path, second: Path) -> None:
    one, other = first.read_bytes(), second.read_bytes()
    rewrite(first, other)
    rewrite(second, one)


@pytest.mark.usefixtures("patient")
class TestDigest:
    def test_files_of_equal_size_that_exchange_their_contents_change_it(self, folder):
        before = source_digest(str(folder))
        exchange(folder / "cat/0.png", folder / "dog/0.png")
        assert source_digest(str(folder)) != before
        exchange(folder / "cat/0.png", folder / "dog/0.png")
        assert source_digest(str(folder)) == before

    def test_a_renamed_pair_of_files_changes_it(self, folder):
        before = source_digest(str(folder))
        (folder / "cat/0.png").rename(folder / "spare")
        (folder / "dog/0.png").rename(folder / "cat/0.png")
        (folder / "spare").rename(folder / "dog/0.png")
        assert source_digest(str(folder)) != before

    def test_touching_copying_and_moving_leave_it(self, folder, tmp_path):
        before = source_digest(str(folder))
        for path in folder.rglob("*.png"):
            path.touch()
        assert source_digest(str(folder)) == before
        assert source_digest(str(folder.rename(tmp_path / "elsewhere"))) == before

    def test_fetch_records_what_planning_sees(self, folder, tmp_path):
        fetch(str(folder), tmp_path / "source.json", digest=source_digest(str(folder)))
        record = SourceRecord.read(tmp_path / "source.json")
        assert source_digest(str(folder)) == f"folder {record.sha256}"


class TestCache:
    def test_unchanged_files_are_not_read_again(self, folder, patient, monkeypatch):
        before, read = hash_folder(folder), []
        monkeypatch.setattr(folder_hashes, "_hash_file", lambda path: read.append(path.name) or ("", ""))
        assert hash_folder(folder) == before
        assert read == []

    def test_only_changed_files_are_read_again(self, folder, patient, monkeypatch):
        hash_folder(folder)
        rewrite(folder / "cat/1.png", b"other one")
        read, hash_file = [], folder_hashes._hash_file
        monkeypatch.setattr(folder_hashes, "_hash_file", lambda path: read.append(path) or hash_file(path))
        hash_folder(folder)
        assert read == [folder / "cat/1.png"]

    def test_a_file_that_was_just_modified_is_not_cached(self, folder, cache, monkeypatch):
        """Its next change may get the same times."""
        now = time.time_ns()
        before = hash_folder(folder)
        state = folder_hashes._state
        frozen = dict.fromkeys(("st_mtime_ns", "st_ctime_ns"), now)
        monkeypatch.setattr(folder_hashes, "_state", lambda status: f"{status.st_size} {status.st_ino} {frozen}")
        assert hash_folder(folder) == before
        rewrite(folder / "cat/1.png", b"other one")
        assert hash_folder(folder) != before
        assert state

    def test_a_file_from_the_future_is_cached(self, folder, monkeypatch):
        monkeypatch.setattr(folder_hashes, "_RACY_NANOSECONDS", 10**8)
        later = time.time() + 10**6
        for path in folder.rglob("*.png"):
            os.utime(path, (later, later))
        time.sleep(0.3)
        before, read = hash_folder(folder), []
        monkeypatch.setattr(folder_hashes, "_hash_file", lambda path: read.append(path.name) or ("", ""))
        assert hash_folder(folder) == before
        assert read == []

    @pytest.mark.parametrize("damage", [b"", b"\0" * 50, b"\xff\xfe", b"[]\n", None])
    def test_a_damaged_cache_is_rebuilt(self, folder, cache, patient, damage):
        before = hash_folder(folder)
        (file,) = (path for path in cache.rglob("*") if path.is_file())
        content = file.read_bytes()
        middle = len(content) // 2
        file.write_bytes(content[:middle] + b"!" + content[middle + 1 :] if damage is None else damage)
        assert hash_folder(folder) == before
        assert sorted(file.read_bytes()) == sorted(content)

    def test_a_cache_that_cannot_be_written_is_reported(self, folder, cache, patient, capsys):
        cache.write_text("a file")
        assert hash_folder(folder)[1] == 4 * len("cat/0.png")
        assert "CANIGATTI_CACHE" in capsys.readouterr().err

    def test_many_processes_write_it_at_the_same_time(self, folder, cache):
        time.sleep(2.1)
        code = f"from canigatti.photos.origin import source_digest; print(source_digest({str(folder)!r}))"
        processes = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(6)]
        assert len({process.communicate(timeout=60)[0] for process in processes}) == 1
        assert len([path for path in cache.rglob("*") if path.is_file()]) == 1


class TestDuringARun:
    """A photo changes after planning, and is restored later: results of neither state may count as up to date."""

    @pytest.fixture
    def photos(self, tmp_path):
        for number in range(4):
            for position, kind in enumerate(("cat", "dog")):
                path = tmp_path / "photos" / kind / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(photo((60 * number, 200 * position, 90)))
        return tmp_path / "photos"

    def test_before_fetch(self, photos, tmp_path):
        planned = source_digest(str(photos))
        exchange_contents(photos)
        with pytest.raises(InputError, match="photos have changed since the study was started"):
            fetch(str(photos), tmp_path / "source.json", digest=planned)
        assert not (tmp_path / "source.json").exists()

    def test_between_fetch_and_inspect(self, photos, tmp_path):
        fetch(str(photos), tmp_path / "source.json", digest=source_digest(str(photos)))
        exchange_contents(photos)
        with pytest.raises(InputError, match="photos have changed since the study was started"):
            inspect(tmp_path / "source.json", ["cat", "dog"], tmp_path / "results")
        assert not (tmp_path / "results").exists()
        fetch(str(photos), tmp_path / "source.json", digest=source_digest(str(photos)))
        inspect(tmp_path / "source.json", ["cat", "dog"], tmp_path / "results")
        assert (tmp_path / "results/manifest.csv").exists()

    def test_where_the_cache_is_wrong_it_is_rebuilt(self, photos, tmp_path, patient, monkeypatch):
        """On a file system that records neither inodes nor times of change."""
        monkeypatch.setattr(folder_hashes, "_state", lambda status: str(status.st_size))
        hash_folder(photos)
        contents = {path: path.read_bytes() for path in sorted(photos.rglob("*.png"))}
        for path, content in zip(contents, reversed(contents.values()), strict=True):
            path.write_bytes(content)
        fetch(str(photos), tmp_path / "source.json")
        with pytest.raises(InputError, match="run the same command again"):
            inspect(tmp_path / "source.json", ["cat", "dog"], tmp_path / "results")
        fetch(str(photos), tmp_path / "source.json")
        inspect(tmp_path / "source.json", ["cat", "dog"], tmp_path / "results")


def exchange_contents(photos: Path) -> None:
    first, second = photos / "cat/0.png", photos / "dog/0.png"
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)


@pytest.fixture
def kinds(placed, photos_folder_of):
    """The folders of both classes."""
    return sorted(photos_folder_of(placed).iterdir())


@pytest.mark.slow
def test_an_exchange_of_two_photos_reruns_everything_and_its_reversal_nothing(placed, placed_options, kinds):
    arguments, options = placed_options
    assert placed.planned(*arguments, **options) == set()
    first, second = (kind / "1.jpg" for kind in kinds)
    exchange(first, second)
    assert placed.planned(*arguments, **options) == DOWNSTREAM_OF_THE_PHOTOS
    exchange(first, second)
    assert placed.planned(*arguments, **options) == set()


@pytest.mark.slow
def test_after_an_exchange_every_number_is_that_of_a_fresh_folder(placed, placed_options, kinds, copy_project):
    arguments, options = placed_options
    exchange(*(kind / "1.jpg" for kind in kinds))
    fresh = copy_project(placed.folder.with_name("fresh"))
    for name in (kinds[0].parent.name, "my studies"):
        shutil.copytree(placed.folder / name, fresh.folder / name)
    for project in (placed, fresh):
        answer = project.run(*arguments, **options)
        assert answer.returncode == 0, answer.stdout + answer.stderr
    for pattern in ("photos/*.csv", "photos/*.sha256", "splits/*.csv", "evaluation/*/*/predictions.csv"):
        paths = sorted((fresh.folder / "results/chosen").glob(pattern))
        assert paths
        for path in paths:
            assert path.read_bytes() == (placed.folder / path.relative_to(fresh.folder)).read_bytes(), path


@pytest.mark.slow
def test_25000_photos_are_planned_in_seconds_and_one_byte_is_noticed(placed, placed_options, kinds):
    arguments, options = placed_options
    for name, kind in zip(("Cat", "Dog"), kinds, strict=True):
        for number in range(12_500):
            (kind / f"{number}.txt").write_bytes(f"{name} {number:06}".encode())
    time.sleep(2.1)
    assert placed.planned(*arguments, **options) == DOWNSTREAM_OF_THE_PHOTOS
    answer = placed.run("--touch", "--forceall", *arguments, **options)
    assert answer.returncode == 0, answer.stderr
    begin = os.times()
    assert placed.planned(*arguments, **options, warm=False) == set()
    end = os.times()
    seconds = end.children_user + end.children_system - begin.children_user - begin.children_system
    print(f"{seconds:.1f} s of CPU for the dry run")
    rewrite(kinds[1] / "7777.txt", b"Dog 007778")
    assert placed.planned(*arguments, **options) == DOWNSTREAM_OF_THE_PHOTOS
    assert seconds < 6  # on an idle machine less than 3
