"""Sources of photos: a zip or a folder, which are read in place, never extracted and never modified."""

import hashlib
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from canigatti.files import InputError, is_address, sha256_of
from canigatti.photos.archives import check_archive
from canigatti.photos.layouts import natural_key
from canigatti.photos.records import SourceRecord


class PhotoSource(Protocol):
    """A collection of files; picklable, so that worker processes can read it."""

    def members(self) -> list[str]:
        """Return the path of every file, with '/', in natural order."""

    def read(self, member: str) -> bytes:
        """Return the content of one file.

        Raises:
            OSError: the file is missing or cannot be read completely; the message names it.
        """


@dataclass(frozen=True)
class FolderSource:
    """A folder with all its subfolders.

    A link to a file inside the folder is read like a file. A link to a folder inside is not followed, because its
    photos are listed in their own place. Pipes, sockets and devices are ignored.
    """

    path: Path

    def members(self) -> list[str]:
        """Return the path of every file, with '/', in natural order.

        Raises:
            InputError: a link is broken or leads out of the folder, a folder cannot be listed, or a name is not UTF-8.
        """
        return sorted((name for name, _ in _files_below(self.path)), key=natural_key)

    def read(self, member: str) -> bytes:
        """Return the content of one file; raise OSError if it cannot be read."""
        return (self.path / member).read_bytes()


@dataclass(frozen=True)
class ZipSource:
    """A zip archive, opened once per process."""

    path: Path

    def members(self) -> list[str]:
        """Return the path of every file, in natural order."""
        return sorted((info.filename for info in self._archive().infolist() if not info.is_dir()), key=natural_key)

    def read(self, member: str) -> bytes:
        """Return the unpacked content of one file; raise OSError if it is damaged."""
        try:
            return self._archive().read(member)
        except Exception as error:  # a damaged member raises zlib, LZMA, struct, memory and other errors
            raise OSError(f"{member} in {self.path} cannot be read: {error}") from error

    def _archive(self) -> zipfile.ZipFile:
        status = self.path.stat()
        return _open_zip(self.path, (status.st_ino, status.st_size, status.st_mtime_ns), os.getpid())


@lru_cache(maxsize=2)
def _open_zip(path: Path, version: tuple[int, int, int], process: int) -> zipfile.ZipFile:
    """Open one file per process: a forked process would otherwise move the file position of its parent."""
    return zipfile.ZipFile(path)


def open_source(record: SourceRecord) -> PhotoSource:
    """Open the source that a `source.json` describes.

    Raises:
        InputError: the zip or folder no longer exists.
    """
    path = Path(record.path)
    if not path.exists():
        raise InputError(f"{path}: the photos no longer exist; run `fetch` again")
    return ZipSource(path) if record.kind == "zip" else FolderSource(path)


def describe(source: str, path: Path, sha256: str | None) -> SourceRecord:
    """Check a zip or folder and return the content of `source.json`.

    Args:
        source: the configured source: `path` itself, or the address of its download.
        path: a zip file or a folder.
        sha256: expected SHA-256 of the zip, 64 hexadecimal digits.

    Raises:
        InputError: `path` does not exist, the SHA-256 differs, the zip is rejected, or a SHA-256 is configured for a
            folder.
    """
    if path.is_dir():
        if sha256:
            raise InputError(f"{path}: photos.sha256 is set; expected a zip file, received a folder")
        size = sum(size for _, size in _files_below(path))
        return SourceRecord(source=source, path=str(path), kind="folder", bytes=size, sha256=None)
    if not path.is_file():
        raise InputError(f"{path}: expected a zip file or a folder of photos, but it does not exist")
    check_archive(path)
    received = sha256_of(path)
    if sha256 and received != sha256.lower():
        raise InputError(f"{path}: expected SHA-256 {sha256.lower()} (photos.sha256), received {received}")
    return SourceRecord(source=source, path=str(path), kind="zip", bytes=path.stat().st_size, sha256=received)


def _files_below(folder: Path) -> Iterator[tuple[str, int]]:
    """Yield path and size in bytes of every file, in arbitrary order."""
    root = os.path.join(folder, "")
    pending = [root]
    while pending:
        for entry in _list_entries(pending.pop()):
            if entry.is_symlink():
                _check_link(entry.path, root)
            if entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)
            elif entry.is_file():
                yield _decode_name(entry.path.removeprefix(root), folder), entry.stat().st_size


def _list_entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise InputError(f"{folder}: the folder cannot be listed: {error.strerror}") from error


def _check_link(path: str, root: str) -> None:
    real_root = os.path.join(os.path.realpath(root), "")
    try:
        target = os.path.realpath(path, strict=True)
    except OSError as error:
        raise InputError(f"{path}: a broken link ({error.strerror}); repair or remove it") from error
    if not os.path.join(target, "").startswith(real_root):
        raise InputError(f"{path}: a link to {target}, outside {root}; replace it with the file itself")


def _decode_name(name: str, folder: Path) -> str:
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{folder}: expected file names in UTF-8, received {os.fsencode(name)!r}") from error
    return name.replace(os.sep, "/")


def source_digest(source: str) -> str:
    """Return a text that changes with the content of a source, without reading the photos.

    Modification times have no effect.

    Args:
        source: the configured source: an address, a zip file or a folder.

    Returns:
        For an address, the address; for a zip, the SHA-256 of the name, size and CRC-32 of all members; for a damaged
        zip, the SHA-256 of the file; for a folder, the SHA-256 of all paths and sizes.

    Raises:
        InputError: the source does not exist, or the folder cannot be listed.
    """
    if is_address(source):
        return source
    path = Path(source)
    if path.is_dir():
        listing = "".join(f"{name}\0{size}\0" for name, size in sorted(_files_below(path)))
        return f"folder {hashlib.sha256(listing.encode()).hexdigest()}"
    if not path.is_file():
        raise InputError(f"{path}: expected a zip file or a folder of photos, but it does not exist")
    try:
        with zipfile.ZipFile(path) as archive:
            members = [(member.filename, member.file_size, member.CRC) for member in archive.infolist()]
    except (OSError, zipfile.BadZipFile):  # `fetch` reports the damage
        return f"file {sha256_of(path)}"
    return f"zip {hashlib.sha256(repr(members).encode()).hexdigest()}"
