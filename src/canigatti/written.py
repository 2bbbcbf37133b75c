"""Notice results that were edited after a command wrote them.

Snakemake compares the inputs of a job with those of its last run, but not the outputs of a job with what it wrote.
Without this module, an edited manifest, split or table would count as a result, and so would all that is computed from
it.
"""

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from canigatti.files import WRITTEN, InputError, sha256_of
from canigatti.records import Record


class WrittenFile(Record):
    """A file as a command wrote it.

    Attributes:
        size: bytes.
        modified: time of modification, nanoseconds; it and the size stand for the content, so that unchanged files are
            not read.
    """

    sha256: str
    size: int
    modified: int


class WrittenFiles(Record):
    """The hidden record next to the output of a command, by path relative to the record: the files that it wrote."""

    files: dict[str, WrittenFile]


def recorded(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command with one more last step: it records the files that it wrote.

    There is no record while the command runs, or after it was killed.

    Args:
        command: takes the file or folder that it writes as `output`.
    """

    @wraps(command)
    def run_and_record(**options: Any) -> None:
        output = Path(os.path.abspath(options["output"]))
        record = output.with_name(f".{output.name}.{command.__name__}.json")
        record.unlink(missing_ok=True)
        first = len(WRITTEN)
        command(**options)
        paths = {Path(os.path.abspath(path)) for path in WRITTEN[first:]}
        own = sorted(path for path in paths if path.is_relative_to(output.parent) and path.is_file())
        WrittenFiles(files={str(path.relative_to(output.parent)): _describe(path) for path in own}).write(record)

    return run_and_record


def check_unedited(folder: Path) -> None:
    """Check that the results are as commands wrote them.

    Deleted files, and those without a record, are not checked.

    Args:
        folder: results/<study>; it may not exist.

    Raises:
        InputError: files were edited; the message names them and what to do.
    """
    edited = sorted({path for record in folder.rglob(".*.json") for path in _edited_files(record)})
    if edited:
        advice = "it has changed since it was written; delete this file and run the same command again to recreate it"
        raise InputError("\n".join(f"{path}: {advice}" for path in edited))


def _describe(path: Path) -> WrittenFile:
    status = path.stat()
    return WrittenFile(sha256=sha256_of(path), size=status.st_size, modified=status.st_mtime_ns)


def _edited_files(record: Path) -> list[Path]:
    written = _read(record)
    edited = [record.parent / name for name, file in written.items() if _is_edited(record.parent / name, file)]
    # A command that started meanwhile has deleted the record before it wrote anything.
    return edited if edited and _read(record) == written else []


def _read(record: Path) -> dict[str, WrittenFile]:
    """Return the files of a record; none if it is missing, damaged, or another hidden file."""
    try:
        return WrittenFiles.read(record).files
    except InputError:
        return {}


def _is_edited(path: Path, written: WrittenFile) -> bool:
    try:
        status = path.stat()
        if (status.st_size, status.st_mtime_ns) == (written.size, written.modified):
            return False
        return status.st_size != written.size or sha256_of(path) != written.sha256
    except OSError:  # deleted, or it cannot be read, which the command that reads it reports
        return False
