"""Where the photos come from: a zip or a folder, read in place, never extracted and never written to."""

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
    """Files under names with '/'; can be pickled, so that worker processes read it too."""

    def members(self) -> list[str]:
        """The name of every file, in natural order."""

    def read(self, member: str) -> bytes:
        """The content of one file.

        Raises:
            OSError: the file is missing, or cannot be read whole; the message names it.
        """


@dataclass(frozen=True)
class FolderSource:
    """A folder and all below it.

    A linked file is read when the link leads to a file inside the folder; a linked folder is not entered, since its
    photos are listed where they lie. Pipes, sockets and devices are not listed.
    """

    path: Path

    def members(self) -> list[str]:
        """The name of every file, in natural order.

        Raises:
            InputError: a link leads nowhere or out of the folder, a folder cannot be listed, or a name is not UTF-8.
        """
        return sorted((name for name, _ in _files_below(self.path)), key=natural_key)

    def read(self, member: str) -> bytes:
        """The content of one file; OSError when it cannot be read."""
        return (self.path / member).read_bytes()


@dataclass(frozen=True)
class ZipSource:
    """A zip archive, opened once in each process that reads it."""

    path: Path

    def members(self) -> list[str]:
        """The name of every file, in natural order."""
        return sorted((info.filename for info in self._archive().infolist() if not info.is_dir()), key=natural_key)

    def read(self, member: str) -> bytes:
        """The unpacked content of one file; OSError when it cannot be unpacked or its checksum is wrong."""
        try:
            return self._archive().read(member)
        except Exception as error:  # damage shows as zlib, LZMA, struct, memory and other errors
            raise OSError(f"{member} in {self.path} cannot be read: {error}") from error

    def _archive(self) -> zipfile.ZipFile:
        status = self.path.stat()
        return _opened(self.path, (status.st_ino, status.st_size, status.st_mtime_ns), os.getpid())


@lru_cache(maxsize=2)
def _opened(path: Path, version: tuple[int, int, int], process: int) -> zipfile.ZipFile:
    """One handle a process: a forked one that used its parent's would move the parent's position in the file."""
    return zipfile.ZipFile(path)


def open_source(record: SourceRecord) -> PhotoSource:
    """The photos that a `source.json` tells of.

    Raises:
        InputError: the zip or folder is no longer there.
    """
    path = Path(record.path)
    if not path.exists():
        raise InputError(f"{path}: the photos were here when they were fetched, and are gone; run `fetch` again")
    return ZipSource(path) if record.kind == "zip" else FolderSource(path)


def describe(source: str, path: Path, sha256: str | None) -> SourceRecord:
    """The content of `source.json`: what lies at `path`, after checking it.

    Args:
        source: What the configuration names: `path` itself, or the address it was downloaded from.
        path: A zip file or a folder.
        sha256: What the zip's SHA-256 must be, 64 hexadecimal digits.

    Raises:
        InputError: nothing is there, the SHA-256 is another, the zip is refused, or a folder is given with a SHA-256.
    """
    if path.is_dir():
        if sha256:
            raise InputError(f"{path}: photos.sha256 is given, expected a zip file, received a folder, which has none")
        size = sum(size for _, size in _files_below(path))
        return SourceRecord(source=source, path=str(path), kind="folder", bytes=size, sha256=None)
    if not path.is_file():
        raise InputError(f"{path}: expected a zip file or a folder of photos, and there is none")
    check_archive(path)
    received = sha256_of(path)
    if sha256 and received != sha256.lower():
        raise InputError(f"{path}: expected SHA-256 {sha256.lower()} (photos.sha256), received {received}")
    return SourceRecord(source=source, path=str(path), kind="zip", bytes=path.stat().st_size, sha256=received)


def _files_below(folder: Path) -> Iterator[tuple[str, int]]:
    """Name and size in bytes of every file, in no order."""
    root = os.path.join(folder, "")
    pending = [root]
    while pending:
        for entry in _entries(pending.pop()):
            if entry.is_symlink():
                _check_link(entry.path, root)
            if entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)
            elif entry.is_file():
                yield _as_text(entry.path.removeprefix(root), folder), entry.stat().st_size


def _entries(folder: str) -> list[os.DirEntry[str]]:
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
        raise InputError(f"{path}: a link that leads nowhere ({error.strerror}); mend or remove it") from error
    if not os.path.join(target, "").startswith(real_root):
        raise InputError(f"{path}: a link to {target}, outside {root}; put the file itself there")


def _as_text(name: str, folder: Path) -> str:
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{folder}: expected file names in UTF-8, received {os.fsencode(name)!r}") from error
    return name.replace(os.sep, "/")


def source_digest(source: str) -> str:
    """Tells two contents of a source apart without reading the photos.

    Returns:
        For an address the address; for a zip, the SHA-256 of the name, size and CRC-32 of every member; for a folder,
        the SHA-256 of all names and sizes. Times do not count.

    Raises:
        InputError: nothing is there, or the folder cannot be listed.
    """
    if is_address(source):
        return source
    path = Path(source)
    if path.is_dir():
        listing = "".join(f"{name}\0{size}\0" for name, size in sorted(_files_below(path)))
        return f"folder {hashlib.sha256(listing.encode()).hexdigest()}"
    if not path.is_file():
        raise InputError(f"{path}: expected a zip file or a folder of photos, and there is none")
    try:
        with zipfile.ZipFile(path) as archive:
            members = [(one.filename, one.file_size, one.CRC) for one in archive.infolist()]
    except (OSError, zipfile.BadZipFile):  # `fetch` reports what is wrong with it
        return f"file {sha256_of(path)}"
    return f"zip {hashlib.sha256(repr(members).encode()).hexdigest()}"
