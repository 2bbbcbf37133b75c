"""One HTTP request that resumes a partial download, and the note that makes resuming safe.

pooch's own downloader starts every retry at the first byte. The 825 MB of the study's photos then never arrive over a
connection that drops more often than that; here every retry continues (`test_resuming_completes_what_pooch_cannot` in
tests/photos/test_download.py compares the two).
"""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import requests
from tqdm import tqdm

from canigatti.files import InputError
from canigatti.photos.archives import is_web_page
from canigatti.records import Record

_CHUNK = 2**16  # bytes; a dropped connection loses less than this
_TRANSIENT_STATUSES = (408, 416, 425, 429)  # statuses below 500 after which a retry may succeed


class RemoteFile(Record):
    """What a server declares about a whole file.

    Attributes:
        size: bytes; None if it is not declared.
        validator: the ETag or the date, which changes with the file (RFC 9110, 8.8); None if there is none.
    """

    size: int | None
    validator: str | None


def receive_rest(url: str, part: Path, timeout: float) -> None:
    """Request the bytes that are missing from `part` once, and append them.

    After a failure, `part` and a note next to it remain for the next call. A server that does not support ranges, or
    whose file has changed since, sends the whole file again.

    Args:
        url: an http or https URL.
        part: the partial download; it may be missing.
        timeout: seconds without data after which the connection counts as dropped.

    Raises:
        requests.RequestException: the file is incomplete, and a retry may succeed.
        InputError: the response is not the file, or the disk is too small for it.
    """
    begun = _read_note(part)
    start = part.stat().st_size if begun else 0
    if begun and begun.size == start:
        return
    with requests.get(url, headers=_headers(begun, start), stream=True, timeout=timeout) as response:
        _check_status(response, part)
        remote = _remote_file(response)
        if response.status_code == 200:
            start = 0
        elif begun is None or not _continues(response, start, remote, begun):
            delete_partial(part)
            raise requests.ConnectionError("the file changed while it was being downloaded")
        _append(response, part, start, remote)
    size = part.stat().st_size
    if remote.size not in (None, size):
        raise requests.ConnectionError(f"the connection ended after {size} of {remote.size} bytes")


def delete_partial(part: Path) -> None:
    """Delete a partial download and the note next to it."""
    _note_path(part).unlink(missing_ok=True)
    part.unlink(missing_ok=True)


def _headers(begun: RemoteFile | None, start: int) -> dict[str, str]:
    headers = {"Accept-Encoding": "identity"}  # a compressed response cannot be resumed by position
    if begun and start:
        headers["Range"] = f"bytes={start}-"
        if begun.validator:
            headers["If-Range"] = begun.validator
    return headers


def _check_status(response: requests.Response, part: Path) -> None:
    status = response.status_code
    if status in (200, 206):
        return
    if status == 416:
        delete_partial(part)
    if status in _TRANSIENT_STATUSES or status >= 500:
        raise requests.HTTPError(f"the server answered {status} {response.reason}")
    raise InputError(f"expected the file, the server answered {status} {response.reason}")


def _remote_file(response: requests.Response) -> RemoteFile:
    """Return the whole file's size and validator, from a response with all of it or with its end."""
    headers = response.headers
    size = headers.get("Content-Length", "") if response.status_code == 200 else _range(response).rpartition("/")[2]
    compressed = headers.get("Content-Encoding", "identity") != "identity"
    etag = headers.get("ETag", "W/")  # a weak ETag does not guarantee equal bytes (RFC 9110, 13.1.5)
    validator = headers.get("Last-Modified") if etag.startswith("W/") else etag
    return RemoteFile(size=int(size) if size.isdecimal() and not compressed else None, validator=validator)


def _range(response: requests.Response) -> str:
    return str(response.headers.get("Content-Range", ""))


def _continues(response: requests.Response, start: int, remote: RemoteFile, begun: RemoteFile) -> bool:
    same_validator = remote.validator in (None, begun.validator)
    same_size = begun.size is None or remote.size == begun.size
    return same_validator and same_size and _range(response).startswith(f"bytes {start}-")


def _append(response: requests.Response, part: Path, start: int, remote: RemoteFile) -> None:
    """Write the body after the first `start` bytes of `part`, with a progress bar on stderr."""
    chunks = response.iter_content(_CHUNK)
    chunk = next(chunks, b"")
    if start == 0:
        _check_first_bytes(chunk)
        _begin(part, remote)
    _check_disk_space(part.parent, remote, start)
    interval = 0.5 if sys.stderr.isatty() else 30.0  # seconds; a log file needs few lines
    bar: Any = tqdm(total=remote.size, initial=start, unit="B", unit_scale=True, desc="download", mininterval=interval)
    with part.open("ab") as stream, bar:
        while chunk:
            stream.write(chunk)
            bar.update(len(chunk))
            chunk = next(chunks, b"")
        stream.flush()
        os.fsync(stream.fileno())


def _check_first_bytes(start: bytes) -> None:
    if is_web_page(start):
        raise InputError(f"expected the file, received a web page that starts with {start[:60].decode('latin-1')!r}")


def _check_disk_space(folder: Path, remote: RemoteFile, start: int) -> None:
    missing, free = (remote.size or 0) - start, shutil.disk_usage(folder).free
    if missing > free:
        raise InputError(f"{missing} more bytes are needed and {folder} has {free} free; set CANIGATTI_CACHE")


def _begin(part: Path, remote: RemoteFile) -> None:
    """Empty `part` before the note is written: a kill in between must not leave old bytes with a new note."""
    delete_partial(part)
    part.touch()
    remote.write(_note_path(part))


def _read_note(part: Path) -> RemoteFile | None:
    try:
        return RemoteFile.read(_note_path(part)) if part.exists() else None
    except InputError:
        return None


def _note_path(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")
