"""Downloads that go on where they stopped, are checked, and are kept for the next study."""

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
from canigatti.photos.transfer import discard, receive_rest

Check = Callable[[Path], None]
_ADVICE = (
    "Correct the address or the SHA-256 in the configuration, try again later, or get the file by hand, in a browser "
    "for instance, and give its path in place of the address (for photos, as photos.source)."
)
_PASSING = (
    requests.ConnectionError,
    requests.Timeout,
    requests.HTTPError,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)


@dataclass(frozen=True)
class Patience:
    """When to give up.

    Attributes:
        attempts: Failures in a row, none of which brought a byte more than before.
        pause: Seconds to wait after the first failure; twice as long after each further one.
        timeout: Seconds without a byte after which a connection counts as dropped.
    """

    attempts: int = 5
    pause: float = 1.0
    timeout: float = 30.0


def cache_folder() -> Path:
    """Where downloads are kept: `$CANIGATTI_CACHE`, or else the user's cache folder."""
    return Path(os.environ.get("CANIGATTI_CACHE") or pooch.os_cache("canigatti")).expanduser().absolute()


def download(
    address: str, sha256: str | None, folder: Path, check: Check | None = None, patience: Patience = Patience()
) -> Path:
    """Have the file of an address on this machine, downloading it unless it is there already.

    Each address has a folder of its own below `folder`. Half a download is kept there and completed by the next call;
    of two processes that ask for one address, one waits for the other.

    Args:
        address: An http or https address.
        sha256: What the file's SHA-256 must be; None accepts any.
        folder: Where downloads are kept.
        check: Called with the downloaded file before it is accepted; an InputError from it refuses the file.
        patience: When to give up.

    Raises:
        InputError: the address cannot be reached or does not give the file expected, or the file cannot be kept; the
            message names the address and says what can be done. A refused file is removed.
    """
    place = folder / hashlib.sha256(address.encode()).hexdigest()[:24] / _file_name(address)
    try:
        if not place.is_file() or sha256 not in (None, sha256_of(place)):
            with _alone(place):
                pooch.get_logger().setLevel("WARNING")  # its advice is on calling pooch
                receive = partial(_receive, check=check, patience=patience)
                pooch.retrieve(address, sha256, place.name, place.parent, downloader=receive)
    except (InputError, ValueError) as error:  # ValueError is how pooch tells of another hash
        raise InputError(f"{address}: {error}\n{_ADVICE}") from error
    except OSError as error:
        raise InputError(f"{address}: cannot be kept in {folder} ({error}); set CANIGATTI_CACHE") from error
    return place


def _file_name(address: str) -> str:
    """The address's last part, for people to recognise; never starts with a dot, as the files we work with do."""
    last = re.split("[?#]", address)[0].rpartition("/")[2]
    return re.sub("[^A-Za-z0-9._-]", "_", last)[-100:].lstrip(".") or "download"


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Hold the lock of an address, which the system frees should this process die."""
    place.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(place.with_name(".lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print("waiting for another process that downloads the same file", file=sys.stderr)
        lock.acquire()
    try:
        for leftover in set(place.parent.glob("tmp*")) - {place}:  # pooch's, when a process was killed
            leftover.unlink()
        yield
    finally:
        lock.release()


def _receive(address: str, output: str, _: Any, check: Check | None, patience: Patience) -> None:
    """Fill `output`, as a pooch downloader does; pooch compares the hash and gives it its final name."""
    part = Path(output).with_name(".part")
    failures, reached = 0, 0
    while not _is_received(address, part, patience, failures):
        size = part.stat().st_size if part.exists() else 0
        failures = 1 if size > reached else failures + 1
        reached = max(reached, size)
        time.sleep(patience.pause * 2 ** (failures - 1))
    try:
        if check is not None:
            check(part)
        os.replace(part, output)
    finally:
        discard(part)


def _is_received(address: str, part: Path, patience: Patience, failures: int) -> bool:
    """Ask once more; InputError when it is one failure too many, or one that asking again cannot mend."""
    try:
        receive_rest(address, part, patience.timeout)
    except _PASSING as error:
        if failures + 1 >= patience.attempts:
            raise InputError(f"cannot be downloaded: {error}; what was received is kept") from error
        return False
    except requests.RequestException as error:
        raise InputError(f"cannot be downloaded: {error}") from error
    return True
