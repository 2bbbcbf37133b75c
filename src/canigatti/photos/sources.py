"""Sources of photos: a zip or a folder, which are read in place, never extracted and never modified."""

import os
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from canigatti.files import InputError
from canigatti.photos.folders import list_files
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
        return sorted((name for name, _ in list_files(self.path)), key=natural_key)

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
