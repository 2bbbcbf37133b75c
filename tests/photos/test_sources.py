"""Reading of photos from a zip or a folder, source records, and source digests."""

import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import nullcontext
from multiprocessing import get_context
from pathlib import Path

import pytest

from canigatti.files import InputError, is_url, sha256_of
from canigatti.photos.folder_hashes import hash_folder
from canigatti.photos.origin import describe, source_digest
from canigatti.photos.records import SourceRecord
from canigatti.photos.sources import FolderSource, PhotoSource, ZipSource, open_source

FILES = {
    "PetImages/Cat/0.jpg": b"first cat",
    "PetImages/Cat/2.jpg": b"second cat",
    "PetImages/Cat/10.jpg": b"tenth cat",
    "PetImages/Dog/0.jpg": b"first dog",
    "readme.txt": b"about",
}


def write_zip(path: Path, files: dict[str, bytes] = FILES, comment: bytes = b"") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
        archive.comment = comment
    return path


def write_folder(path: Path, files: dict[str, bytes] = FILES) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


@pytest.fixture(params=["zip", "folder"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> PhotoSource:
    path = write_zip(tmp_path / "photos.zip") if request.param == "zip" else write_folder(tmp_path / "photos")
    return open_source(describe(str(path), path, None))


class TestReading:
    def test_lists_every_file_in_natural_order(self, source: PhotoSource) -> None:
        assert source.members() == list(FILES)

    def test_returns_the_bytes_of_a_file(self, source: PhotoSource) -> None:
        assert {member: source.read(member) for member in source.members()} == FILES

    def test_can_be_pickled_after_use(self, source: PhotoSource) -> None:
        source.read("readme.txt")
        assert pickle.loads(pickle.dumps(source)).read("readme.txt") == b"about"

    def test_a_missing_file_is_an_os_error_that_names_it(self, source: PhotoSource) -> None:
        with pytest.raises(OSError, match=r"PetImages/Cat/77\.jpg"):
            source.read("PetImages/Cat/77.jpg")

    def test_a_damaged_member_is_an_os_error_that_names_it(self, tmp_path: Path) -> None:
        path = write_zip(tmp_path / "photos.zip", {"a.jpg": b"x" * 100, "b.jpg": b"intact"})
        path.write_bytes(path.read_bytes().replace(b"a.jpg", b"a.jpg\xff", 1))
        with pytest.raises(OSError, match=r"a\.jpg in .*photos\.zip"):
            ZipSource(path).read("a.jpg")

    def test_forked_workers_read_a_zip_that_is_open_in_the_parent(self, tmp_path: Path) -> None:
        files = {f"{number}.jpg": bytes([number]) * 20_000 for number in range(40)}
        source = ZipSource(write_zip(tmp_path / "photos.zip", files))
        source.read("0.jpg")
        with get_context("fork").Pool(2) as pool:
            assert pool.map(source.read, [*files] * 4, chunksize=1) == [*files.values()] * 4

    def test_a_replaced_zip_is_opened_again(self, tmp_path: Path) -> None:
        source = ZipSource(write_zip(tmp_path / "photos.zip", {"a.jpg": b"old"}))
        source.read("a.jpg")
        write_zip(tmp_path / "new.zip", {"a.jpg": b"new content"}).replace(source.path)
        assert source.read("a.jpg") == b"new content"

    def test_the_source_is_not_modified(self, source: PhotoSource) -> None:
        parent = source.path.parent
        before = {path: path.stat().st_mtime_ns for path in parent.rglob("*")}
        for member in source.members():
            source.read(member)
        assert {path: path.stat().st_mtime_ns for path in parent.rglob("*")} == before


class TestLinksInAFolder:
    def test_a_loop_of_links_is_not_followed(self, tmp_path: Path) -> None:
        write_folder(tmp_path)
        (tmp_path / "PetImages/Cat/loop").symlink_to(tmp_path)
        assert FolderSource(tmp_path).members() == list(FILES)

    def test_a_link_to_a_file_inside_is_read(self, tmp_path: Path) -> None:
        write_folder(tmp_path)
        (tmp_path / "PetImages/Cat/11.jpg").symlink_to("10.jpg")
        assert "PetImages/Cat/11.jpg" in FolderSource(tmp_path).members()
        assert FolderSource(tmp_path).read("PetImages/Cat/11.jpg") == b"tenth cat"

    @pytest.mark.parametrize("target", ["/etc/hostname", "/etc", "../beside.jpg", "no-such-file", "1.jpg"])
    def test_a_broken_link_or_one_out_of_the_folder_is_rejected(self, tmp_path: Path, target: str) -> None:
        folder = write_folder(tmp_path / "photos")
        (tmp_path / "beside.jpg").write_bytes(b"private")
        (folder / "1.jpg").symlink_to(target)
        with pytest.raises(InputError, match=r"1\.jpg: a (link to|broken link)"):
            FolderSource(folder).members()

    def test_a_folder_with_the_same_prefix_is_outside(self, tmp_path: Path) -> None:
        folder = write_folder(tmp_path / "photos")
        write_folder(tmp_path / "photos-private")
        (folder / "1.jpg").symlink_to(tmp_path / "photos-private/readme.txt")
        with pytest.raises(InputError, match="outside"):
            FolderSource(folder).members()

    def test_the_source_itself_may_be_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(write_folder(tmp_path / "photos"))
        (tmp_path / "photos/PetImages/Cat/11.jpg").symlink_to("10.jpg")
        assert {*FolderSource(tmp_path / "link").members()} == {*FILES, "PetImages/Cat/11.jpg"}


class TestOddFolders:
    def test_a_pipe_is_ignored(self, tmp_path: Path) -> None:
        os.mkfifo(write_folder(tmp_path) / "PetImages/Cat/pipe.jpg")
        assert FolderSource(tmp_path).members() == list(FILES)

    def test_a_name_that_is_not_utf8_is_rejected(self, tmp_path: Path) -> None:
        Path(os.fsdecode(os.fsencode(write_folder(tmp_path)) + b"/caf\xe9.jpg")).write_bytes(b"x")
        with pytest.raises(InputError, match="caf"):
            FolderSource(tmp_path).members()

    def test_an_unreadable_folder_is_reported(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        locked = write_folder(tmp_path) / "PetImages/Dog"
        scandir = os.scandir

        def scandir_with_error(path: str) -> object:
            if Path(path) == locked:
                raise PermissionError(13, "Permission denied")
            return scandir(path)

        monkeypatch.setattr(os, "scandir", scandir_with_error)
        with pytest.raises(InputError, match=r"PetImages/Dog.*Permission denied"):
            FolderSource(tmp_path).members()


class TestDescribing:
    def test_a_zip(self, tmp_path: Path) -> None:
        path = write_zip(tmp_path / "photos.zip")
        assert describe("https://x.org/photos.zip", path, sha256_of(path).upper()) == SourceRecord(
            source="https://x.org/photos.zip",
            path=str(path),
            kind="zip",
            bytes=path.stat().st_size,
            sha256=sha256_of(path),
        )

    def test_a_folder(self, tmp_path: Path) -> None:
        path = write_folder(tmp_path / "photos")
        size = sum(map(len, FILES.values()))
        expected = SourceRecord(source="photos", path=str(path), kind="folder", bytes=size, sha256=hash_folder(path)[0])
        assert describe("photos", path, None) == expected

    def test_an_unexpected_sha256_is_reported_with_both_values(self, tmp_path: Path) -> None:
        path = write_zip(tmp_path / "photos.zip")
        with pytest.raises(InputError, match=f"photos.zip: expected SHA-256 {'0' * 64}.*{sha256_of(path)}"):
            describe(str(path), path, "0" * 64)

    def test_a_sha256_for_a_folder_is_rejected(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"photos\.sha256"):
            describe(str(tmp_path), tmp_path, "0" * 64)

    def test_a_file_that_is_not_an_archive_is_rejected(self, tmp_path: Path) -> None:
        (tmp_path / "photos.zip").write_bytes(b"<html>")
        with pytest.raises(InputError, match="web page"):
            describe("photos.zip", tmp_path / "photos.zip", None)

    def test_a_missing_source_is_rejected(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="nowhere"):
            describe("nowhere", tmp_path / "nowhere", None)

    def test_photos_deleted_since_they_were_fetched_are_reported(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"gone\.zip"):
            open_source(SourceRecord(source="", path=str(tmp_path / "gone.zip"), kind="zip", bytes=1, sha256=""))


class TestSourceDigest:
    def test_a_url_is_its_own_digest(self) -> None:
        assert source_digest("https://example.org/a.zip", "0" * 64) == "https://example.org/a.zip"
        assert is_url("http://example.org")
        assert not is_url("photos.zip")

    @pytest.mark.parametrize("write", [write_zip, write_folder])
    def test_touching_the_files_has_no_effect(self, tmp_path: Path, write: Callable[..., Path]) -> None:
        path = write(tmp_path / "photos")
        before = source_digest(str(path))
        for file in [path, *path.rglob("*")]:
            os.utime(file, (1, 1))
        assert source_digest(str(path)) == before

    @pytest.mark.parametrize("write", [write_zip, write_folder])
    @pytest.mark.parametrize(
        "change", [{"PetImages/Cat/11.jpg": b"new"}, {"PetImages/Cat/0.jpg": b"longer than before"}]
    )
    def test_a_new_or_longer_photo_changes_the_digest(
        self, tmp_path: Path, write: Callable[..., Path], change: dict[str, bytes]
    ) -> None:
        assert source_digest(str(write(tmp_path / "a"))) != source_digest(
            str(write(tmp_path / "b", {**FILES, **change}))
        )

    def test_in_a_zip_other_content_of_the_same_length_changes_the_digest(self, tmp_path: Path) -> None:
        first = write_zip(tmp_path / "a.zip", {"a.jpg": b"abcd" * 2000, "b.jpg": b"x" * 9000})
        other = write_zip(tmp_path / "b.zip", {"a.jpg": b"abce" * 2000, "b.jpg": b"x" * 9000})
        assert first.stat().st_size == other.stat().st_size
        assert source_digest(str(first)) != source_digest(str(other))

    def test_the_location_of_a_folder_has_no_effect(self, tmp_path: Path) -> None:
        first, other = write_folder(tmp_path / "a"), write_folder(tmp_path / "b" / "c")
        assert source_digest(str(first)) == source_digest(str(other)) == source_digest(f"{first}/")

    def test_the_order_of_a_folder_listing_has_no_effect(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        before = source_digest(str(write_folder(tmp_path)))
        scandir = os.scandir
        monkeypatch.setattr(os, "scandir", lambda path: nullcontext(reversed([*scandir(path)])))
        assert source_digest(str(tmp_path)) == before

    def test_in_a_folder_a_renamed_photo_changes_the_digest(self, tmp_path: Path) -> None:
        before = source_digest(str(write_folder(tmp_path)))
        (tmp_path / "readme.txt").rename(tmp_path / "readne.txt")
        assert source_digest(str(tmp_path)) != before

    def test_a_zip_made_again_of_the_same_files_has_the_same_digest(self, tmp_path: Path) -> None:
        first, second = write_zip(tmp_path / "a.zip"), write_zip(tmp_path / "b.zip", comment=b"made again")
        assert first.read_bytes() != second.read_bytes()
        assert source_digest(str(first)) == source_digest(str(second))

    def test_a_64_bit_archive_has_a_digest_of_its_members(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        expected = source_digest(str(write_zip(tmp_path / "a.zip")))
        monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 2)
        path = write_zip(tmp_path / "b.zip")
        assert b"PK\6\6" in path.read_bytes()
        assert source_digest(str(path)) == expected

    def test_a_damaged_zip_has_a_digest_of_its_bytes(self, tmp_path: Path) -> None:
        path = write_zip(tmp_path / "a.zip")
        whole = source_digest(str(path))
        path.write_bytes(path.read_bytes()[:-10])
        damaged = source_digest(str(path))
        path.write_bytes(path.read_bytes()[:-10])
        assert whole.startswith("zip ")
        assert damaged.startswith("file ")
        assert source_digest(str(path)) not in (whole, damaged)

    @pytest.mark.parametrize("position", range(0, 400, 7))
    def test_a_zip_damaged_anywhere_has_a_digest(self, tmp_path: Path, position: int) -> None:
        path = write_zip(tmp_path / "a.zip")
        content = bytearray(path.read_bytes())
        content[-position - 1] ^= 0xFF
        path.write_bytes(content)
        assert source_digest(str(path))

    @pytest.mark.parametrize(
        "content", [b"", b"PK\5\6", b"not a zip", b"PK\6\7" + b"x" * 16 + b"PK\5\6" + b"\xff" * 18]
    )
    def test_a_file_that_is_not_a_zip_has_a_digest_of_its_bytes(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "a.zip").write_bytes(content)
        (tmp_path / "b.zip").write_bytes(content + b"y" * 30)
        assert source_digest(str(tmp_path / "a.zip")) != source_digest(str(tmp_path / "b.zip"))

    def test_a_missing_source_is_rejected(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="nowhere"):
            source_digest(str(tmp_path / "nowhere"))

    def test_importing_it_imports_no_library_besides_those_of_the_configuration(self) -> None:
        code = (
            "import sys, canigatti.config; before = set(sys.modules); import canigatti.photos.origin; "
            "print({name.split('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names)"
        )
        answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert answer.stdout.strip() == "{'canigatti'}"
