"""The search for photos in folders, by content, without reading anything but regular files."""

import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from canigatti.photos.decoding import is_image
from canigatti.photos.layouts import IMAGE_SUFFIXES, is_hidden, natural_key

_MAX_FILES = 1_000_000  # of a search, so that a folder such as / ends with a message


@dataclass
class Found:
    """The result of a search.

    Attributes:
        files: the photos, those of a folder in natural order.
        errors: by path, why a folder cannot be searched, or contains no photo.
        skipped: number of paths in the folders that are not predicted, by reason.
    """

    files: list[str] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)

    def describe_skipped(self) -> str:
        """Return a line such as `skipped 3 paths: not an image: 2, hidden: 1`; empty if there are none."""
        count = self.skipped.total()
        reasons = ", ".join(f"{reason}: {number:,}" for reason, number in self.skipped.most_common())
        return f"skipped {count:,} {'path' if count == 1 else 'paths'}: {reasons}" if count else ""


def find_files(paths: Iterable[str]) -> Found:
    """Find the photos in a list of files and folders.

    A folder is searched recursively for what a study would keep: files with the suffix of an image format, and all
    others whose content begins like an image. Hidden files, special files and folders on other file systems are
    skipped, and symbolic links to folders are not followed. Every other path counts as a photo, whatever it contains.
    """
    found = Found()
    for path in paths:
        if os.path.isdir(path):
            before = len(found.files)
            found.files += _find_photos(path, found)
            if len(found.files) == before:
                found.errors.setdefault(path, "the folder contains no photo")
        else:
            found.files.append(path)
    return found


def _find_photos(folder: str, found: Found) -> list[str]:
    names = []
    for number, name in enumerate(_walk(folder, found)):
        if number == _MAX_FILES:
            found.errors[folder] = f"expected at most {_MAX_FILES:,} files in a folder, received more"
            return []
        path = os.path.join(folder, name)
        if reason := _reason_to_skip(path, name):
            found.skipped[reason] += 1
        else:
            names.append(name)
    return [os.path.join(folder, name) for name in sorted(names, key=natural_key)]


def _walk(folder: str, found: Found) -> Iterator[str]:
    """Yield the path of every file below a folder, relative to it; other file systems, such as /proc, are left out."""

    def add_error(error: OSError) -> None:
        found.errors[str(error.filename)] = f"the folder cannot be listed ({error.strerror})"

    device = os.stat(folder).st_dev
    for parent, folders, files in os.walk(folder, onerror=add_error):
        elsewhere = [name for name in folders if os.lstat(os.path.join(parent, name)).st_dev != device]
        if elsewhere:
            found.skipped["folder on another file system"] += len(elsewhere)
        folders[:] = [name for name in folders if name not in elsewhere]
        for name in files:
            yield os.path.relpath(os.path.join(parent, name), folder)


def _reason_to_skip(path: str, name: str) -> str:
    if is_hidden(name.replace(os.sep, "/")):
        return "hidden"
    if os.path.exists(path) and not os.path.isfile(path):
        return "not a regular file"
    if name.lower().endswith(IMAGE_SUFFIXES):
        return ""
    try:
        with open_regular(path) as file:
            return "" if is_image(file) else "not an image"
    except OSError:
        return "unreadable"


def open_regular(path: str) -> BinaryIO:
    """Open a regular file to read; a pipe or device would never end.

    Raises:
        OSError: the file cannot be opened, or is not a regular file.
    """
    # Opening a pipe without a writer would wait for one.
    file = os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(None, "expected a regular file, received a folder, pipe or device")
    return file
