"""A digest of all photos in a folder, which reads again only files that may have changed since the last time.

The hash of a file is cached under its size, its times of modification and change, and its inode. Programs can set the
time of modification back, but not the time of change.
"""

import hashlib
import os
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from canigatti.cores import usable_cores
from canigatti.files import write_text
from canigatti.photos.cache import cache_folder
from canigatti.photos.folders import list_files

# A file system may give two changes in quick succession the same time, so that the second goes unnoticed. Git has the
# same problem ("racy-git" in its documentation).
_RACY_NANOSECONDS = 2 * 10**9
_NOTICEABLE_BYTES = 2 * 10**9  # reading more takes so long that it is announced

_Hashes = dict[str, tuple[str, str]]  # by path: the state of the file, and the SHA-256 of its content


def hash_folder(folder: Path) -> tuple[str, int]:
    """Hash the paths and contents of all files in a folder.

    Args:
        folder: the folder; its own path has no effect.

    Returns:
        The digest of :func:`digest_of`, and the size of all files in bytes.

    Raises:
        InputError: the folder cannot be listed; see :func:`canigatti.photos.folders.list_files`.
    """
    states = dict(list_files(folder))
    cache = _cache_file(folder)
    cached = _read_cache(cache)
    changed = [name for name, status in states.items() if cached.get(name, ("", ""))[0] != _state(status)]
    _announce(folder, sum(states[name].st_size for name in changed))
    hashed, lasting = _hash_files(folder, changed)
    unchanged = {name: cached[name] for name in states if name not in hashed}
    if (known := unchanged | lasting) != cached:
        _write_cache(cache, known)
    hashes = {name: sha256 for name, (_, sha256) in unchanged.items()} | hashed
    return digest_of(hashes.items()), sum(status.st_size for status in states.values())


def digest_of(hashes: Iterable[tuple[str, str]]) -> str:
    """Return the SHA-256 over paths and content hashes, in the order of the paths.

    Args:
        hashes: path and SHA-256 of every file; an empty SHA-256 for a file that cannot be read.
    """
    return hashlib.sha256("".join(f"{name}\0{sha256}\0" for name, sha256 in sorted(hashes)).encode()).hexdigest()


def forget_hashes(folder: Path) -> None:
    """Delete what is cached about a folder."""
    _cache_file(folder).unlink(missing_ok=True)


def _state(status: os.stat_result) -> str:
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"


def _hash_files(folder: Path, names: list[str]) -> tuple[dict[str, str], _Hashes]:
    """Return the hash of each file, and those hashes that may be cached."""
    with ThreadPoolExecutor(usable_cores()) as pool:
        results = dict(zip(names, pool.map(lambda name: _hash_file(folder / name), names), strict=True))
    lasting = {name: (state, sha256) for name, (sha256, state) in results.items() if state}
    return {name: sha256 for name, (sha256, _) in results.items()}, lasting


def _hash_file(path: Path) -> tuple[str, str]:
    """Return the SHA-256 of a file, and its state; this is empty if a later change might not show in it."""
    try:
        with path.open("rb") as stream:
            now, before = time.time_ns(), os.fstat(stream.fileno())
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            after = os.fstat(stream.fileno())
    except OSError:  # `inspect` reports the file
        return "", ""
    # Times of change come from the clock; a time of modification may be any, also in the future.
    is_old = now - before.st_ctime_ns > _RACY_NANOSECONDS and abs(now - before.st_mtime_ns) > _RACY_NANOSECONDS
    return sha256, _state(before) if is_old and _state(before) == _state(after) else ""


def _announce(folder: Path, size: int) -> None:
    if size > _NOTICEABLE_BYTES:
        message = (
            f"reading {size / 1e9:.1f} GB of photos in {folder}, to notice changes; the next time only changed ones"
        )
        print(f"canigatti: {message}", file=sys.stderr)


def _cache_file(folder: Path) -> Path:
    name = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:24]
    return cache_folder() / "folders" / name


def _read_cache(path: Path) -> _Hashes:
    """Return the cached hashes; none if there is no cache, or if it is damaged."""
    try:
        checksum, _, content = path.read_bytes().decode().partition("\n")
    except (OSError, UnicodeDecodeError):
        return {}
    if hashlib.sha256(content.encode()).hexdigest() != checksum:
        return {}
    fields = iter(content.split("\0"))  # no path contains this character
    return {name: (state, sha256) for name, state, sha256 in zip(fields, fields, fields, strict=False)}


def _write_cache(path: Path, hashes: _Hashes) -> None:
    content = "".join(f"{name}\0{state}\0{sha256}\0" for name, (state, sha256) in hashes.items())
    try:
        write_text(path, f"{hashlib.sha256(content.encode()).hexdigest()}\n{content}")
    except OSError as error:
        print(f"canigatti: {error}; all photos are read again the next time; set CANIGATTI_CACHE", file=sys.stderr)
