"""Safety checks of zip archives before they are read."""

import re
import stat
import zipfile
from pathlib import Path

from canigatti.files import InputError

MEMBER_LIMIT = 10**9  # uncompressed bytes of one member; the largest photo of the study has 10**6
TOTAL_LIMIT = 10**9  # uncompressed bytes of an archive of any size…
RATIO_LIMIT = 200  # …and of a larger archive, as a multiple of its size; photos hardly shrink in a zip
_COMPRESSIONS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}


def check_archive(path: Path) -> None:
    """Check that a zip is intact and safe to read, without unpacking anything.

    Raises:
        InputError: the file is not a zip; a member's name leads out of the archive; a member is a link, a duplicate
            name, encrypted, compressed in a way that Python cannot read, or larger than `MEMBER_LIMIT` bytes when
            unpacked; or all members together unpack to more than `TOTAL_LIMIT` bytes and more than `RATIO_LIMIT`
            times the archive's size.
    """
    members = _list_members(path)
    names: set[str] = set()
    for member in members:
        problem = "its name occurs twice" if member.filename in names else _find_problem(member)
        if problem:
            raise InputError(f"{path}: the member {member.orig_filename!r} is rejected: {problem}")
        names.add(member.filename)
    total, size = sum(member.file_size for member in members), path.stat().st_size
    if total > max(TOTAL_LIMIT, RATIO_LIMIT * size):
        raise InputError(f"{path}: rejected: {size} bytes would unpack to {total}, which is too much for photos")


def _list_members(path: Path) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.infolist()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    except Exception as error:  # a damaged zip raises struct, Unicode, overflow and other errors besides BadZipFile
        raise InputError(f"{path}: expected a zip archive, received {_describe_content(path)} ({error})") from error


def _find_problem(member: zipfile.ZipInfo) -> str | None:
    name, mode = member.orig_filename, member.external_attr >> 16
    problems = {
        "its name is empty or contains a zero byte": not name or "\0" in name,
        "its name contains a backslash": "\\" in name,
        "its name is an absolute path": re.match("/|[A-Za-z]:", name) is not None,
        "its name leads out of the archive": ".." in name.split("/"),
        "it is a symbolic link": stat.S_ISLNK(mode),
        "it is encrypted": bool(member.flag_bits & 0x2041),
        f"it is compressed by method {member.compress_type}, which Python cannot read": (
            member.compress_type not in _COMPRESSIONS
        ),
        f"it unpacks to {member.file_size} bytes, more than {MEMBER_LIMIT}": member.file_size > MEMBER_LIMIT,
    }
    return next((problem for problem, found in problems.items() if found), None)


def _describe_content(path: Path) -> str:
    """Guess from its first bytes what a file that is not a zip contains."""
    with path.open("rb") as stream:
        start = stream.read(60)
    if not start:
        return "an empty file"
    if start.startswith(b"PK"):
        return "a damaged or incomplete one"
    kind = "a web page" if is_web_page(start) else "a file"
    return f"{kind} that starts with {start.decode('latin-1')!r}"


def is_web_page(start: bytes) -> bool:
    """Return whether a file starts like HTML, which servers often send instead of the requested file."""
    return start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")
