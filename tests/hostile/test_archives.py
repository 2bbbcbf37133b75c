"""Damaged and malicious archives are rejected before anything is read from them."""

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


def error_message(path: Path) -> str:
    with pytest.raises(InputError) as raised:
        check_archive(path)
    return str(raised.value)


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
def test_a_name_that_leads_out_of_the_archive_is_rejected(path: Path, name: str, reason: str) -> None:
    write_zip(path, "Cat/0.jpg", name)
    assert repr(name) in error_message(path)
    assert reason in error_message(path)
    assert str(path) in error_message(path)
    assert [*path.parent.iterdir()] == [path]


def test_a_name_with_a_zero_byte_is_rejected(path: Path) -> None:
    write_zip(path, "Cat/0.jpg_evil")
    path.write_bytes(path.read_bytes().replace(b"Cat/0.jpg_", b"Cat/0.jpg\0"))
    assert "zero byte" in error_message(path)


@pytest.mark.parametrize("name", ["Cat/..0.jpg", "Cat/0..jpg", "...", "Cat/a:b.jpg", "./Cat/0.jpg"])
def test_harmless_names_with_dots_and_colons_are_accepted(path: Path, name: str) -> None:
    write_zip(path, name)
    check_archive(path)


def test_a_symbolic_link_is_rejected(path: Path) -> None:
    link = zipfile.ZipInfo("Cat/0.jpg")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "'Cat/0.jpg' is rejected: it is a symbolic link" in error_message(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_duplicate_name_is_rejected(path: Path) -> None:
    write_zip(path, "Cat/0.jpg", "Dog/0.jpg", "Cat/0.jpg")
    assert "'Cat/0.jpg' is rejected: its name occurs twice" in error_message(path)


@pytest.mark.parametrize("flag", [0x1, 0x40, 0x2000])
def test_an_encrypted_member_is_rejected(path: Path, flag: int) -> None:
    write_zip(path, "Cat/0.jpg")
    patch_directory(path, 8, "<H", flag)
    assert "'Cat/0.jpg' is rejected: it is encrypted" in error_message(path)


def test_an_unsupported_compression_is_rejected(path: Path) -> None:
    write_zip(path, "Cat/0.jpg")
    patch_directory(path, 10, "<H", 9)
    assert "method 9" in error_message(path)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_supported_compression_is_accepted(path: Path, compression: int) -> None:
    write_zip(path, "Cat/0.jpg", compression=compression)
    check_archive(path)


def test_a_member_that_is_too_large_is_rejected(path: Path) -> None:
    write_zip(path, "Cat/0.jpg")
    patch_directory(path, 24, "<L", MEMBER_LIMIT + 1)
    assert f"'Cat/0.jpg' is rejected: it unpacks to {MEMBER_LIMIT + 1} bytes" in error_message(path)


def test_an_archive_that_is_too_large_is_rejected(path: Path) -> None:
    write_zip(path, *(f"Cat/{number}.jpg" for number in range(3)))
    content = path.read_bytes()
    entries = content.split(b"PK\1\2")
    large = [entry[:20] + struct.pack("<L", MEMBER_LIMIT // 2) + entry[24:] for entry in entries[1:]]
    path.write_bytes(b"PK\1\2".join([entries[0], *large]))
    assert f"would unpack to {3 * (MEMBER_LIMIT // 2)}" in error_message(path)


def test_a_small_archive_with_a_high_compression_ratio_is_accepted(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Cat/black.bmp", bytes(5_000_000))
    check_archive(path)


def test_a_large_archive_with_a_low_compression_ratio_is_accepted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "TOTAL_LIMIT", 1000)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Cat/0.jpg", bytes(5000))
    check_archive(path)


def test_a_member_with_a_false_size_is_not_read_beyond_that_size(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Cat/0.jpg", bytes(5_000_000))
    patch_directory(path, 24, "<L", 100)
    check_archive(path)
    with pytest.raises(OSError, match=r"Cat/0\.jpg"):
        ZipSource(path).read("Cat/0.jpg")


@pytest.mark.parametrize(
    ("content", "description"),
    [
        (b"<!DOCTYPE html><html>Sign in</html>", "a web page that starts with '<!DOCTYPE html>"),
        (b"\xef\xbb\xbf\r\n <html>", "a web page that starts with"),
        (b"", "an empty file"),
        (b'{"error": "expired"}', 'a file that starts with \'{"error"'),
        (b"\x1f\x8b\x08 tar.gz", "a file that starts with '\\x1f"),
        (b"PK\3\4 and no more", "a damaged or incomplete one"),
    ],
)
def test_another_file_is_rejected_with_a_description(path: Path, content: bytes, description: str) -> None:
    path.write_bytes(content)
    assert error_message(path).startswith(f"{path}: expected a zip archive, received {description}")


def test_an_incomplete_download_is_rejected(path: Path) -> None:
    write_zip(path, *(f"Cat/{number}.jpg" for number in range(20)))
    path.write_bytes(path.read_bytes()[:-200])
    assert "damaged or incomplete" in error_message(path)


def test_damage_at_any_position_raises_no_unexpected_error(path: Path) -> None:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("Cat/0.jpg", b"some content", zipfile.ZIP_DEFLATED)
        archive.writestr("Dog/é.jpg", b"more content", zipfile.ZIP_LZMA)
    outcomes = set()
    for position in range(len(whole.getvalue())):
        for value in (0x00, 0x7F, 0xFF):
            content = bytearray(whole.getvalue())
            content[position] = value
            path.write_bytes(content)
            outcomes.add(_outcome(path))
    assert outcomes == {"rejected", "unreadable", "read"}


def _outcome(path: Path) -> str:
    """Classify an archive; any other error fails the test."""
    try:
        check_archive(path)
    except InputError:
        return "rejected"
    source = ZipSource(path)
    try:
        for member in source.members():
            source.read(member)
    except OSError:
        return "unreadable"
    return "read"


def test_an_archive_without_read_permission_is_rejected(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def open_with_error(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(zipfile, "ZipFile", open_with_error)
    assert error_message(path) == f"{path}: cannot be read: Permission denied"
