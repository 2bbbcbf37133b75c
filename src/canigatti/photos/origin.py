"""Where the photos come from: the record of a source, and a digest of its content."""

import hashlib
import zipfile
from pathlib import Path

from canigatti.files import InputError, is_url, sha256_of
from canigatti.photos.archives import check_archive
from canigatti.photos.folders import list_files
from canigatti.photos.records import SourceRecord


def describe(source: str, path: Path, sha256: str | None) -> SourceRecord:
    """Check a zip or folder and return the content of `source.json`.

    Args:
        source: the configured source: `path` itself, or the URL of its download.
        path: a zip file or a folder.
        sha256: expected SHA-256 of the zip, 64 hexadecimal digits.

    Raises:
        InputError: `path` does not exist, the SHA-256 differs, the zip is rejected, or a SHA-256 is configured for a
            folder.
    """
    if path.is_dir():
        if sha256:
            raise InputError(f"{path}: photos.sha256 is set; expected a zip file, received a folder")
        size = sum(size for _, size in list_files(path))
        return SourceRecord(source=source, path=str(path), kind="folder", bytes=size, sha256=None)
    if not path.is_file():
        raise InputError(f"{path}: expected a zip file or a folder of photos, but it does not exist")
    check_archive(path)
    received = sha256_of(path)
    if sha256 and received != sha256.lower():
        raise InputError(f"{path}: expected SHA-256 {sha256.lower()} (photos.sha256), received {received}")
    return SourceRecord(source=source, path=str(path), kind="zip", bytes=path.stat().st_size, sha256=received)


def source_digest(source: str) -> str:
    """Return a text that changes with the content of a source, without reading the photos.

    Modification times have no effect.

    Args:
        source: the configured source: a URL, a zip file or a folder.

    Returns:
        For a URL, the URL; for a zip, the SHA-256 of the name, size and CRC-32 of all members; for a damaged
        zip, the SHA-256 of the file; for a folder, the SHA-256 of all paths and sizes.

    Raises:
        InputError: the source does not exist, or the folder cannot be listed.
    """
    if is_url(source):
        return source
    path = Path(source)
    if path.is_dir():
        listing = "".join(f"{name}\0{size}\0" for name, size in sorted(list_files(path)))
        return f"folder {hashlib.sha256(listing.encode()).hexdigest()}"
    if not path.is_file():
        raise InputError(f"{path}: expected a zip file or a folder of photos, but it does not exist")
    try:
        with zipfile.ZipFile(path) as archive:
            members = [(member.filename, member.file_size, member.CRC) for member in archive.infolist()]
    except (OSError, zipfile.BadZipFile):  # `fetch` reports the damage
        return f"file {sha256_of(path)}"
    return f"zip {hashlib.sha256(repr(members).encode()).hexdigest()}"
