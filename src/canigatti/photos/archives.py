"""Zip archives before they are read: refusing the harmful, telling two apart."""

import re
import stat
import zipfile
from pathlib import Path

from canigatti.files import InputError

MEMBER_LIMIT = 10**9  # bytes one member may unpack to; the largest photo of the study has 10**6
TOTAL_LIMIT = 10**9  # bytes an archive may unpack to whatever its own size…
RATIO_LIMIT = 200  # …and beyond that, this many times its own size; photos hardly shrink in a zip
_COMPRESSIONS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}


def check_archive(path: Path) -> None:
    """Refuse a zip that is damaged, cannot be read whole, or was made to do harm. Nothing is unpacked.

    Raises:
        InputError: the file is not a zip; a member's name leads out of the archive, is a link, is given twice, is
            encrypted, is packed in a way Python cannot read or unpacks to more than `MEMBER_LIMIT` bytes; or all
            together unpack to more than `TOTAL_LIMIT` bytes and `RATIO_LIMIT` times the archive's size.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    except Exception as error:  # besides BadZipFile, damage shows as struct, Unicode, overflow and other errors
        raise InputError(f"{path}: expected a zip archive, received {_looks(path)} ({error})") from error
    names: set[str] = set()
    for member in members:
        fault = "its name is given twice" if member.filename in names else _fault(member)
        if fault:
            raise InputError(f"{path}: the member {member.orig_filename!r} is refused: {fault}")
        names.add(member.filename)
    total, size = sum(member.file_size for member in members), path.stat().st_size
    if total > max(TOTAL_LIMIT, RATIO_LIMIT * size):
        raise InputError(f"{path}: refused: its {size} bytes would unpack to {total}, more than photos can")


def _fault(member: zipfile.ZipInfo) -> str | None:
    name, mode = member.orig_filename, member.external_attr >> 16
    faults = {
        "its name is empty or holds a zero byte": not name or "\0" in name,
        "its name holds a backslash": "\\" in name,
        "its name is an absolute path": re.match("/|[A-Za-z]:", name) is not None,
        "its name leads out of the archive": ".." in name.split("/"),
        "it is a symbolic link": stat.S_ISLNK(mode),
        "it is encrypted": bool(member.flag_bits & 0x2041),
        f"it is packed by method {member.compress_type}, which Python cannot read": (
            member.compress_type not in _COMPRESSIONS
        ),
        f"it unpacks to {member.file_size} bytes, more than {MEMBER_LIMIT}": member.file_size > MEMBER_LIMIT,
    }
    return next((fault for fault, holds in faults.items() if holds), None)


def _looks(path: Path) -> str:
    """What a file that is not a zip seems to be, by its first bytes."""
    with path.open("rb") as stream:
        start = stream.read(60)
    if not start:
        return "an empty file"
    if start.startswith(b"PK"):
        return "a damaged or incomplete one"
    kind = "a web page" if is_web_page(start) else "a file"
    return f"{kind} that starts with {start.decode('latin-1')!r}"


def is_web_page(start: bytes) -> bool:
    """Whether a file's first bytes are those of HTML, which servers send in place of what was asked for."""
    return start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")
