"""Where the photos come from: the record of a source, and a digest of its content."""

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

from canigatti.files import InputError, is_url, sha256_of
from canigatti.photos.archives import check_archive
from canigatti.photos.cache import cache_folder
from canigatti.photos.folder_hashes import digest_of, forget_hashes, hash_folder
from canigatti.photos.records import SourceRecord

_CHANGED = "the photos have changed since the study was started; run the same command again"


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
        digest, size = hash_folder(path)
        return SourceRecord(source=source, path=str(path), kind="folder", bytes=size, sha256=digest)
    if not path.is_file():
        raise InputError(f"{path}: expected a zip file or a folder of photos, but it does not exist")
    check_archive(path)
    received = sha256_of(path)
    if sha256 and received != sha256.lower():
        raise InputError(f"{path}: expected SHA-256 {sha256.lower()} (photos.sha256), received {received}")
    return SourceRecord(source=source, path=str(path), kind="zip", bytes=path.stat().st_size, sha256=received)


def check_unchanged(record: SourceRecord, hashes: Mapping[str, str]) -> None:
    """Check that the photos which were read are those that `fetch` recorded.

    Otherwise results of other photos would count as up to date if the photos changed and were then restored.

    Args:
        record: the source.
        hashes: SHA-256 of the content of every file in the source, by path; empty for one that cannot be read.

    Raises:
        InputError: the source has changed since.
    """
    path = Path(record.path)
    received = digest_of(hashes.items()) if record.kind == "folder" else sha256_of(path)
    if received != record.sha256:
        if record.kind == "folder":
            forget_hashes(path)  # on a file system that does not record all times, they may be what is wrong
        raise InputError(f"{path}: {_CHANGED}")


def source_digest(source: str, sha256: str | None = None) -> str:
    """Return a text that changes with the content of a source; unchanged photos are not read again.

    Modification times have no effect.

    Args:
        source: the configured source: a URL, a zip file or a folder.
        sha256: the configured SHA-256 of the zip file; with it, the server of a URL is not asked for changes.

    Returns:
        For a URL, the URL and the version on the server; for a zip, the SHA-256 of the name, size and CRC-32 of all
        members; for a damaged zip, the SHA-256 of the file; for a folder, the SHA-256 of all paths and contents.

    Raises:
        InputError: the source does not exist, or the folder cannot be listed.
    """
    if is_url(source):
        return source if sha256 else f"{source} {_current_version(source)}".rstrip()
    path = Path(source)
    if path.is_dir():
        return f"folder {hash_folder(path)[0]}"
    if not path.is_file():
        raise InputError(f"{path}: expected a zip file or a folder of photos, but it does not exist")
    try:
        with zipfile.ZipFile(path) as archive:
            members = [(member.filename, member.file_size, member.CRC) for member in archive.infolist()]
    except (OSError, zipfile.BadZipFile):  # `fetch` reports the damage
        return f"file {sha256_of(path)}"
    return f"zip {hashlib.sha256(repr(members).encode()).hexdigest()}"


def locate(source: str, sha256: str | None, planned: str | None) -> Path:
    """Return the zip or folder of a source, after downloading it if it is a URL.

    Args:
        source: the configured source.
        sha256: the configured SHA-256 of the zip file.
        planned: the :func:`source_digest` that the job was planned with; None if it was not planned.

    Raises:
        InputError: the download failed, or the source has changed since the job was planned.
    """
    if not is_url(source):
        if planned and source_digest(source) != planned:
            raise InputError(f"{source}: {_CHANGED}")
        return Path(source)
    from canigatti.photos.download import download, download_version  # here, because it imports large libraries

    if sha256:
        return download(source, sha256, cache_folder(), check_archive)
    digest = source_digest(source) if planned is None else planned
    return download_version(source, digest.removeprefix(source).strip(), cache_folder(), check_archive)


def _current_version(url: str) -> str:
    from canigatti.photos.download import cached_path
    from canigatti.photos.revalidation import version_to_use

    return version_to_use(url, cached_path(url, cache_folder()))
