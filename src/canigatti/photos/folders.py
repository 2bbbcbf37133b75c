"""Files of a folder of photos, with checks of its links and names."""

import os
from collections.abc import Iterator
from pathlib import Path

from canigatti.files import InputError


def list_files(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Yield path and status of every file, of its target for a link, in arbitrary order."""
    root = os.path.join(folder, "")
    pending = [root]
    while pending:
        for entry in _list_entries(pending.pop()):
            if entry.is_symlink():
                _check_link(entry.path, root)
            if entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)
            elif entry.is_file():
                yield _decode_name(entry.path.removeprefix(root), folder), entry.stat()


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
