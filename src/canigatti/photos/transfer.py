"""One request that goes on where the last one stopped, and what is kept between requests to make that safe."""

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

_CHUNK = 2**16  # bytes; at most so many are lost when a connection drops
_PASSING = (408, 416, 425, 429)  # answers below 500 after which asking again may help


class Offer(Record):
    """What a server says of a whole file.

    Attributes:
        size: Bytes; None when it does not say.
        mark: An ETag or date that changes when the file does; None when it gives none.
    """

    size: int | None
    mark: str | None


def receive_rest(address: str, part: Path, timeout: float) -> None:
    """Ask once for the bytes that `part` lacks, and append them; `part` and a note beside it survive a failure.

    A server that cannot resume, or whose file is no longer the one that was begun, sends it from the start.

    Raises:
        requests.RequestException: the file is not whole, and asking again may help.
        InputError: the answer is not the file, or there is no room for it.
    """
    offer = _noted(part)
    start = part.stat().st_size if offer else 0
    if offer and offer.size == start:
        return
    with requests.get(address, headers=_headers(offer, start), stream=True, timeout=timeout) as answer:
        _check_status(answer, part)
        received = _offer_of(answer)
        if answer.status_code == 200:
            start = 0
        elif offer is None or not _continues(answer, start, received, offer):
            discard(part)
            raise requests.ConnectionError("the file changed while it was being downloaded")
        _append(answer, part, start, received)
    size = part.stat().st_size
    if received.size not in (None, size):
        raise requests.ConnectionError(f"the connection ended after {size} of {received.size} bytes")


def discard(part: Path) -> None:
    """Remove a partial download and the note beside it."""
    _note_of(part).unlink(missing_ok=True)
    part.unlink(missing_ok=True)


def _headers(offer: Offer | None, start: int) -> dict[str, str]:
    headers = {"Accept-Encoding": "identity"}  # a packed answer has no positions to resume from
    if offer and start:
        headers["Range"] = f"bytes={start}-"
        if offer.mark:
            headers["If-Range"] = offer.mark
    return headers


def _check_status(answer: requests.Response, part: Path) -> None:
    status = answer.status_code
    if status in (200, 206):
        return
    if status == 416:
        discard(part)
    if status in _PASSING or status >= 500:
        raise requests.HTTPError(f"the server answered {status} {answer.reason}")
    raise InputError(f"expected the file, the server answered {status} {answer.reason}")


def _offer_of(answer: requests.Response) -> Offer:
    """The whole file's size and mark, whether the answer holds all of it or its end."""
    headers = answer.headers
    size = headers.get("Content-Length", "") if answer.status_code == 200 else _range_of(answer).rpartition("/")[2]
    packed = headers.get("Content-Encoding", "identity") != "identity"
    etag = headers.get("ETag", "W/")  # a weak one does not promise the same bytes: RFC 9110, 13.1.5
    mark = headers.get("Last-Modified") if etag.startswith("W/") else etag
    return Offer(size=int(size) if size.isdecimal() and not packed else None, mark=mark)


def _range_of(answer: requests.Response) -> str:
    return str(answer.headers.get("Content-Range", ""))


def _continues(answer: requests.Response, start: int, received: Offer, begun: Offer) -> bool:
    same_mark = received.mark in (None, begun.mark)
    same_size = begun.size is None or received.size == begun.size
    return same_mark and same_size and _range_of(answer).startswith(f"bytes {start}-")


def _append(answer: requests.Response, part: Path, start: int, offer: Offer) -> None:
    """Write the body behind the first `start` bytes of `part`, with a progress bar on standard error."""
    chunks = answer.iter_content(_CHUNK)
    chunk = next(chunks, b"")
    if start == 0:
        _check_first_bytes(chunk)
        _begin(part, offer)
    _check_room(part.parent, offer, start)
    bar: Any = tqdm(total=offer.size, initial=start, unit="B", unit_scale=True, desc="download", mininterval=_pace())
    with part.open("ab") as stream, bar:
        while chunk:
            stream.write(chunk)
            bar.update(len(chunk))
            chunk = next(chunks, b"")
        stream.flush()
        os.fsync(stream.fileno())


def _pace() -> float:
    """Seconds between two states of the progress bar: few where they end up in a log."""
    return 0.5 if sys.stderr.isatty() else 30.0


def _check_first_bytes(start: bytes) -> None:
    if is_web_page(start):
        raise InputError(f"expected the file, received a web page that starts with {start[:60].decode('latin-1')!r}")


def _check_room(folder: Path, offer: Offer, start: int) -> None:
    missing, free = (offer.size or 0) - start, shutil.disk_usage(folder).free
    if missing > free:
        raise InputError(f"{missing} bytes are missing and {folder} has room for {free}; set CANIGATTI_CACHE")


def _begin(part: Path, offer: Offer) -> None:
    """Empty `part` before noting what it will hold: a kill in between must not pair old bytes with a new offer."""
    discard(part)
    part.touch()
    offer.write(_note_of(part))


def _noted(part: Path) -> Offer | None:
    try:
        return Offer.read(_note_of(part)) if part.exists() else None
    except InputError:
        return None


def _note_of(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")
