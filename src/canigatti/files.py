"""Writing results so that a file at its final path is always whole, and telling files apart by content."""

import csv
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


class InputError(Exception):
    """What the user gave cannot be used; the message says what, where and what was expected."""


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write to, which takes the name `path` once the block ends well.

    The temporary file keeps the suffixes, since writers such as Pillow and Keras choose the format by them. When the
    block raises, the temporary file is removed and whatever stood at `path` stays.

    Raises:
        OSError: the file cannot be written; the message names `path`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{secrets.token_hex(4)}-{path.name}")
    try:
        yield temporary
        _flush_to_disk(temporary)
        os.replace(temporary, path)
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
    """Give a file its size, and the disk space for it, before it is mapped.

    A mapped file that meets a full disk ends the process without a word (SIGBUS).

    Args:
        stream: the file, open for writing.
        size: bytes.

    Raises:
        OSError: the disk has not enough room.
    """
    stream.truncate(size)
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(stream.fileno(), 0, size)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, whole or not at all."""
    with written_whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, content: Any) -> None:
    """Write `content` as indented JSON, whole or not at all.

    Raises:
        ValueError: `content` holds NaN or an infinity, which JSON cannot say.
    """
    write_text(path, json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def write_csv(path: Path, frame: "pd.DataFrame") -> None:
    """Write a table without its index, numbers in full precision, whole or not at all."""
    text = frame.select_dtypes(["object", "string"]).astype(str)
    # pandas leaves a lone carriage return bare, and a reader would take it for the end of the row (macOS: `Icon\r`).
    returns = any(text[column].str.contains("\r", regex=False).any() for column in text)
    quoting = csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL
    with written_whole(path) as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n", quoting=quoting)


def read_json(path: Path) -> Any:
    """Read a JSON file written by :func:`write_json`."""
    return json.loads(path.read_text(encoding="utf-8"))


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
