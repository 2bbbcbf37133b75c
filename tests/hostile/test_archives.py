"""Archives that are damaged or made to do harm are refused whole, by name, before anything is read from them."""

import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from canigatti.files import InputError
from canigatti.photos import archives
from canigatti.photos.archives import MEMBER_LIMIT, check_archive
from canigatti.photos.sources import ZipSource


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "photos.zip"


def write_zip(path: Path, *names: str, compression: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), f"content of {name}", compression)


def patch_directory(path: Path, offset: int, form: str, value: int) -> None:
    """Write a field of the first entry of the central directory (PKWARE APPNOTE 4.3.12)."""
    content = bytearray(path.read_bytes())
    struct.pack_into(form, content, content.index(b"PK\1\2") + offset, value)
    path.write_bytes(content)


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as told:
        check_archive(path)
    return str(told.value)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../evil.jpg", "leads out"),
        ("PetImages/../../evil.jpg", "leads out"),
        ("PetImages/..", "leads out"),
        ("/etc/passwd", "absolute"),
        ("C:/evil.jpg", "absolute"),
        ("c:evil.jpg", "absolute"),
        ("..\\evil.jpg", "backslash"),
        ("C:\\evil.jpg", "backslash"),
        ("\\\\server\\share\\evil.jpg", "backslash"),
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(path: Path, name: str, reason: str) -> None:
    write_zip(path, "Cat/0.jpg", name)
    assert repr(name) in refusal(path)
    assert reason in refusal(path)
    assert str(path) in refusal(path)
    assert [*path.parent.iterdir()] == [path]


def test_a_name_cut_short_by_a_zero_byte_is_refused(path: Path) -> None:
    write_zip(path, "Cat/0.jpg_evil")
    path.write_bytes(path.read_bytes().replace(b"Cat/0.jpg_", b"Cat/0.jpg\0"))
    assert "zero byte" in refusal(path)


@pytest.mark.parametrize("name", ["Cat/..0.jpg", "Cat/0..jpg", "...", "Cat/a:b.jpg", "./Cat/0.jpg"])
def test_harmless_names_with_dots_and_colons_pass(path: Path, name: str) -> None:
    write_zip(path, name)
    check_archive(path)


def test_a_symbolic_link_is_refused(path: Path) -> None:
    link = zipfile.ZipInfo("Cat/0.jpg")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "'Cat/0.jpg' is refused: it is a symbolic link" in refusal(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_given_twice_is_refused(path: Path) -> None:
    write_zip(path, "Cat/0.jpg", "Dog/0.jpg", "Cat/0.jpg")
    assert "'Cat/0.jpg' is refused: its name is given twice" in refusal(path)


@pytest.mark.parametrize("flag", [0x1, 0x40, 0x2000])
def test_an_encrypted_member_is_refused(path: Path, flag: int) -> None:
    write_zip(path, "Cat/0.jpg")
    patch_directory(path, 8, "<H", flag)
    assert "'Cat/0.jpg' is refused: it is encrypted" in refusal(path)


def test_a_packing_that_python_cannot_read_is_refused(path: Path) -> None:
    write_zip(path, "Cat/0.jpg")
    patch_directory(path, 10, "<H", 9)
    assert "method 9" in refusal(path)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_packing_that_python_can_read_passes(path: Path, compression: int) -> None:
    write_zip(path, "Cat/0.jpg", compression=compression)
    check_archive(path)


def test_a_member_that_unpacks_to_too_much_is_refused(path: Path) -> None:
    write_zip(path, "Cat/0.jpg")
    patch_directory(path, 24, "<L", MEMBER_LIMIT + 1)
    assert f"'Cat/0.jpg' is refused: it unpacks to {MEMBER_LIMIT + 1} bytes" in refusal(path)


def test_an_archive_that_unpacks_to_too_much_in_all_is_refused(path: Path) -> None:
    write_zip(path, *(f"Cat/{number}.jpg" for number in range(3)))
    content = path.read_bytes()
    entries = content.split(b"PK\1\2")
    large = [entry[:20] + struct.pack("<L", MEMBER_LIMIT // 2) + entry[24:] for entry in entries[1:]]
    path.write_bytes(b"PK\1\2".join([entries[0], *large]))
    assert f"would unpack to {3 * (MEMBER_LIMIT // 2)}" in refusal(path)


def test_a_small_archive_that_shrank_a_lot_passes(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Cat/black.bmp", bytes(5_000_000))
    check_archive(path)


def test_a_large_archive_that_hardly_shrank_passes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "TOTAL_LIMIT", 1000)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Cat/0.jpg", bytes(5000))
    check_archive(path)


def test_a_member_that_hides_its_size_unpacks_to_no_more_than_it_declares(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Cat/0.jpg", bytes(5_000_000))
    patch_directory(path, 24, "<L", 100)
    check_archive(path)
    with pytest.raises(OSError, match=r"Cat/0\.jpg"):
        ZipSource(path).read("Cat/0.jpg")


@pytest.mark.parametrize(
    ("content", "looks"),
    [
        (b"<!DOCTYPE html><html>Sign in</html>", "a web page that starts with '<!DOCTYPE html>"),
        (b"\xef\xbb\xbf\r\n <html>", "a web page that starts with"),
        (b"", "an empty file"),
        (b'{"error": "expired"}', 'a file that starts with \'{"error"'),
        (b"\x1f\x8b\x08 tar.gz", "a file that starts with '\\x1f"),
        (b"PK\3\4 and no more", "a damaged or incomplete one"),
    ],
)
def test_what_is_no_zip_is_refused_with_what_it_looks_like(path: Path, content: bytes, looks: str) -> None:
    path.write_bytes(content)
    assert refusal(path).startswith(f"{path}: expected a zip archive, received {looks}")


def test_half_a_download_is_refused(path: Path) -> None:
    write_zip(path, *(f"Cat/{number}.jpg" for number in range(20)))
    path.write_bytes(path.read_bytes()[:-200])
    assert "damaged or incomplete" in refusal(path)


def test_an_archive_damaged_anywhere_is_refused_or_read_without_another_error(path: Path) -> None:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("Cat/0.jpg", b"some content", zipfile.ZIP_DEFLATED)
        archive.writestr("Dog/é.jpg", b"more content", zipfile.ZIP_LZMA)
    outcomes = set()
    for place in range(len(whole.getvalue())):
        for value in (0x00, 0x7F, 0xFF):
            content = bytearray(whole.getvalue())
            content[place] = value
            path.write_bytes(content)
            outcomes.add(_outcome(path))
    assert outcomes == {"refused", "unreadable", "read"}


def _outcome(path: Path) -> str:
    """What becomes of an archive; any error but these two goes through to the test."""
    try:
        check_archive(path)
    except InputError:
        return "refused"
    source = ZipSource(path)
    try:
        for member in source.members():
            source.read(member)
    except OSError:
        return "unreadable"
    return "read"


def test_an_archive_that_may_not_be_read_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(zipfile, "ZipFile", refusing)
    assert refusal(path) == f"{path}: cannot be read: Permission denied"
