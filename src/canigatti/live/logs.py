"""Why a job failed, from its log."""

import re
from pathlib import Path

_TAIL = 64_000  # bytes at the end of a log that are read
_LONGEST = 400  # characters of a reason
# A user error of a command, or the last line of a traceback: `ValueError: …`, `keras.src.errors.SomeError: …`.
_ERROR = re.compile(r"canigatti: .+|(?:[a-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Interrupt|Failure)\b.*")
_PROGRESS = re.compile(r".*: epoch +\d+/\d+ |.*: [\d,]+ photos in batches of |.*\btrial \d+, execution \d+: ")


def failure_in(log: Path) -> str | None:
    """Return the last error in a log, on one line.

    Training logs have all attempts, one after the other: an error before the last attempt began is not one of it.

    Args:
        log: the log; it may not exist.

    Returns:
        The error; None if there is none.
    """
    for line in reversed(_last_lines(log)):
        if _ERROR.fullmatch(line):
            text = line.removeprefix("canigatti: ")
            return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
        if _PROGRESS.match(line):
            return None
    return None


def _last_lines(log: Path) -> list[str]:
    try:
        with log.open("rb") as stream:
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - _TAIL))
            return stream.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return []


def last_change(log: Path) -> float | None:
    """Return when a log was last written, seconds (Unix time); None if it is missing or empty."""
    try:
        status = log.stat()
    except OSError:
        return None
    return status.st_mtime if status.st_size else None
