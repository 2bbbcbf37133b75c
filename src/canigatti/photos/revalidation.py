"""Whether the file behind a URL has changed since it was downloaded."""

import sys
from pathlib import Path

import requests

from canigatti.files import InputError, printable
from canigatti.records import Record

_TIMEOUT = 3.0  # seconds; a study must also start without a network
_HEAD_REFUSED = (400, 403, 404, 405, 501)  # some servers and signed URLs allow only GET


class DownloadedVersion(Record):
    """`.version.json` next to a download: its version on the server, see :func:`remote_version`."""

    version: str


def version_to_use(url: str, path: Path) -> str:
    """Ask the server for the version of a file, and say on stderr if it is not the one that was downloaded.

    Args:
        url: an http or https URL.
        path: the earlier download; it may be missing.

    Returns:
        The version on the server. If the server does not answer, that of the earlier download; empty if that is not
        known either.
    """
    earlier = read_version(path) if path.is_file() else None
    try:
        current = remote_version(url)
    except requests.RequestException as error:
        if path.is_file():
            reason = printable(str(error))
            _warn(url, f"it is not known whether the file has changed ({reason}); the earlier download is used")
        return earlier or ""
    if not current:
        _warn(url, "the server declares no ETag, date or size, so that changes cannot be noticed; set photos.sha256")
    elif path.is_file() and earlier != current:
        reason = "has changed since it was downloaded" if earlier else "was downloaded without a record of its version"
        _warn(url, f"the file {reason}; it is downloaded again")
    return current


def remote_version(url: str) -> str:
    """Return what a server declares about the version of a file: its ETag, or else its date and size.

    Returns:
        A text that changes with the file; empty if the server declares nothing.

    Raises:
        requests.RequestException: the server does not answer within seconds, or answers with an error.
    """
    options = {"headers": {"Accept-Encoding": "identity"}, "timeout": _TIMEOUT, "allow_redirects": True}
    response = requests.head(url, **options)  # type: ignore[arg-type]
    if response.status_code in _HEAD_REFUSED:
        response = requests.get(url, stream=True, **options)  # type: ignore[arg-type]
        response.close()  # the headers suffice
    response.raise_for_status()
    headers = response.headers
    # A weak ETag guarantees less than equal bytes, but it changes with the file (RFC 9110, 8.8.1).
    etag = headers.get("ETag", "").removeprefix("W/")
    return etag or " ".join(headers[name] for name in ("Last-Modified", "Content-Length") if name in headers)


def read_version(path: Path) -> str | None:
    """Return the version of a download; None if it is not known."""
    try:
        return DownloadedVersion.read(_note(path)).version
    except InputError:
        return None


def write_version(path: Path, version: str) -> None:
    """Record the version of a download."""
    DownloadedVersion(version=version).write(_note(path))


def delete_version(path: Path) -> None:
    """Delete the record of the version, before the download is replaced."""
    _note(path).unlink(missing_ok=True)


def _note(path: Path) -> Path:
    return path.with_name(".version.json")


def _warn(url: str, message: str) -> None:
    print(f"canigatti: {url}: {message}", file=sys.stderr)
