"""Downloads that resume after an interruption, are verified, and are cached for later studies."""

import hashlib
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pooch
import requests
from filelock import FileLock, Timeout

from canigatti.files import InputError, sha256_of
from canigatti.photos.revalidation import delete_version, read_version, remote_version, write_version
from canigatti.photos.transfer import delete_partial, receive_rest

Check = Callable[[Path], None]
_ADVICE = (
    "Correct the URL or the SHA-256 in the configuration, try again later, or download the file yourself, for "
    "example in a browser, and configure its path instead of the URL (for photos, photos.source)."
)
_TRANSIENT = (
    requests.ConnectionError,
    requests.Timeout,
    requests.HTTPError,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)


@dataclass(frozen=True)
class RetryPolicy:
    """When to give up a download.

    Attributes:
        attempts: number of consecutive failed requests without progress.
        pause: seconds to wait after the first failure, doubled after each further one.
        timeout: seconds without data after which a connection counts as dropped.
    """

    attempts: int = 5
    pause: float = 1.0
    timeout: float = 30.0


def cached_path(url: str, folder: Path) -> Path:
    """Return the path of a URL's download: each URL has its own folder below `folder`, the cache."""
    return folder / hashlib.sha256(url.encode()).hexdigest()[:24] / _file_name(url)


def download(
    url: str, sha256: str | None, folder: Path, check: Check | None = None, retries: RetryPolicy = RetryPolicy()
) -> Path:
    """Return the local copy of a file, after downloading it unless it is cached.

    An incomplete download remains in the cache and the next call completes it.
    If two processes download the same URL, one of them waits.

    Args:
        url: an http or https URL.
        sha256: expected SHA-256 of the file; None accepts any file.
        folder: the cache.
        check: called with the downloaded file; an InputError that it raises rejects the file.
        retries: when to give up.

    Raises:
        InputError: the URL is not reachable or does not return the expected file, or the file cannot be stored.
            The message contains the URL and advice. A rejected file is deleted.
    """
    path = cached_path(url, folder)
    with _errors_named(url, folder):
        if not path.is_file() or sha256 not in (None, sha256_of(path)):
            with _locked(path):
                pooch.get_logger().setLevel("WARNING")  # at INFO it explains how to call pooch
                downloader = partial(_download, check=check, retries=retries)
                pooch.retrieve(url, sha256, path.name, path.parent, downloader=downloader)
    return path


def download_version(
    url: str, version: str, folder: Path, check: Check | None = None, retries: RetryPolicy = RetryPolicy()
) -> Path:
    """Return the local copy of the present version of a file, after downloading it unless it is cached.

    An earlier version stays until the download is complete.

    Args:
        url: an http or https URL.
        version: the version on the server, see :func:`canigatti.photos.revalidation.version_to_use`; if it is empty,
            any version is accepted.
        folder: the cache.
        check: as in :func:`download`.
        retries: when to give up.

    Raises:
        InputError: as in :func:`download`; or the file changed while it was downloaded.
    """
    if not version:
        return download(url, None, folder, check, retries)
    path = cached_path(url, folder)
    with _errors_named(url, folder), _locked(path):
        if path.is_file() and read_version(path) == version:
            return path
        _download(url, str(path), None, check, retries)
        if not _differs(url, version):
            write_version(path, version)
            return path
    raise InputError(
        f"{url}: the file changed while it was downloaded; run the same command again. If this happens every time, the "
        f"server declares another version in every answer: set photos.sha256 to {sha256_of(path)}"
    )


def _differs(url: str, version: str) -> bool:
    try:
        return remote_version(url) != version
    except requests.RequestException:
        return False


@contextmanager
def _errors_named(url: str, folder: Path) -> Iterator[None]:
    """Add the URL and advice to errors."""
    try:
        yield
    except (InputError, ValueError) as error:  # pooch raises ValueError for an unexpected hash
        raise InputError(f"{url}: {error}\n{_ADVICE}") from error
    except OSError as error:
        raise InputError(f"{url}: cannot be stored in {folder} ({error}); set CANIGATTI_CACHE") from error


def _file_name(url: str) -> str:
    """Return a recognizable name for the file; it never starts with a dot, as the temporary files do."""
    name = re.split("[?#]", url)[0].rpartition("/")[2]
    return re.sub("[^A-Za-z0-9._-]", "_", name)[-100:].lstrip(".") or "download"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock of a URL; the operating system releases it if this process dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_name(".lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print("waiting for another process that is downloading the same file", file=sys.stderr)
        lock.acquire()
    try:
        for leftover in set(path.parent.glob("tmp*")) - {path}:  # pooch leaves these if its process is killed
            leftover.unlink()
        yield
    finally:
        lock.release()


def _download(url: str, output: str, _: Any, check: Check | None, retries: RetryPolicy) -> None:
    """Write `output`, as a pooch downloader; pooch then compares the hash and renames the file."""
    part = Path(output).with_name(".part")
    _complete(url, part, retries)
    try:
        if check is not None:
            check(part)
        delete_version(Path(output))
        os.replace(part, output)
    finally:
        delete_partial(part)


def _complete(url: str, part: Path, retries: RetryPolicy) -> None:
    """Request the missing bytes of `part` until it is complete or the retries are used up."""
    failures, largest = 0, 0
    while True:
        try:
            receive_rest(url, part, retries.timeout)
            return
        except _TRANSIENT as error:
            size = part.stat().st_size if part.exists() else 0
            failures, largest = (1, size) if size > largest else (failures + 1, largest)
            if failures >= retries.attempts:
                raise InputError(f"cannot be downloaded: {error}; the partial download is kept") from error
            time.sleep(retries.pause * 2 ** (failures - 1))
        except requests.RequestException as error:
            raise InputError(f"cannot be downloaded: {error}") from error
