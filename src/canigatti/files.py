"""Atomic writes, which keep incomplete files from their final path, and content hashes."""

import csv
import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from canigatti.ownership import require_workflow

if TYPE_CHECKING:
    import pandas as pd

WRITTEN: list[Path] = []  # the files that this process has written, in order
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")


class InputError(Exception):
    """A user error: the message names what is wrong, where, and what was expected."""


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path next to `path`, which replaces `path` when the block succeeds.

    The temporary file has the same suffixes, because Pillow and Keras infer the format from them. If the block raises,
    the temporary file is removed and `path` is unchanged.

    Raises:
        OSError: the file cannot be written; the message names `path`.
        SystemExit: the workflow that started this process has ended; `path` is unchanged.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{secrets.token_hex(4)}-{path.name}")
    try:
        yield temporary
        _flush_to_disk(temporary)
        require_workflow()
        os.replace(temporary, path)
        WRITTEN.append(path)
        _flush_to_disk(path.parent)
    except OSError as error:
        raise OSError(error.errno, f"cannot write {path}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _flush_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def reserve(stream: IO[bytes], size: int) -> None:
    """Set a file's size and allocate its disk space before it is memory mapped.

    Writing to a memory-mapped file on a full disk kills the process without a message (SIGBUS).

    Args:
        stream: the file, open for writing.
        size: bytes.

    Raises:
        OSError: there is not enough disk space.
    """
    stream.truncate(size)
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(stream.fileno(), 0, size)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def neutralize(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would take for a formula (OWASP, CSV injection).

    A text that begins with an apostrophe gets one too, so that :func:`restore` is unambiguous.
    """
    return f"'{text}" if text.startswith(_FORMULA) else text


def restore(text: str) -> str:
    """Undo :func:`neutralize`."""
    return text.removeprefix("'")


def write_csv(path: Path, frame: "pd.DataFrame") -> None:
    """Write a table atomically, without its index, with numbers in full precision and neutralized texts."""
    text = frame.select_dtypes(["object", "string"])
    neutral = {
        name: text[name].map(lambda value: neutralize(value) if isinstance(value, str) else value) for name in text
    }
    frame, text = frame.assign(**neutral), text.astype(str)
    # pandas does not quote a lone carriage return (macOS: `Icon\r`), which readers take for the end of a row.
    has_return = any(text[column].str.contains("\r", regex=False).any() for column in text)
    quoting = csv.QUOTE_NONNUMERIC if has_return else csv.QUOTE_MINIMAL
    with atomic_path(path) as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n", quoting=quoting)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content, 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def recorded_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, from `<file>.sha256` if that exists, because image stores are large.

    Raises:
        InputError: there is neither the file nor its hash.
    """
    hash_file = path.with_name(f"{path.name}.sha256")
    try:
        return hash_file.read_text(encoding="utf-8").strip() if hash_file.exists() else sha256_of(path)
    except OSError as error:
        raise InputError(f"{path}: expected the file or its hash ({error.strerror or error})") from None


def is_url(source: str) -> bool:
    """Return whether a source is an http or https URL, which must be downloaded."""
    return re.match(r"https?://", source) is not None


def is_csv(name: str) -> bool:
    """Return whether a configured name is that of a CSV file."""
    return name.lower().endswith(".csv")


def printable(text: str) -> str:
    """Replace control characters and line breaks by question marks, so that a name cannot affect the terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
