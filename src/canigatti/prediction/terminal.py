"""Terminal input and output: paths from stdin, results, error messages, a progress bar, no TensorFlow log messages."""

import io
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

from canigatti.files import InputError, printable
from canigatti.prediction.files import Prediction


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Suppress what C++ libraries write to the process's stderr, unless the block raises an unexpected exception.

    TensorFlow prints five lines about its build before it applies any log level.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if sys.stderr is None:  # closed
        yield
        return
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as captured:
        os.dup2(captured.fileno(), 2)
        failed = True
        try:
            yield
            failed = False
        except InputError:
            failed = False  # its message is sufficient
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            if failed:
                captured.seek(0)
                os.write(2, captured.read())


def report_error(path: str, error: str) -> None:
    """Write on stderr, on one line, why a file or folder cannot be used."""
    report(f"{printable(path)}: {printable(error)}")


def report(line: str) -> None:
    """Write a line on stderr, unless that is closed."""
    if sys.stderr:
        tqdm.write(f"canigatti: {line}", file=sys.stderr)


def require_stdout() -> None:
    """Check that there is a place for the results.

    Raises:
        InputError: standard output is closed.
    """
    if sys.stdout is None:
        raise InputError("standard output is closed, so there is no place for the predictions")


def readable(predictions: Iterable[Prediction], total: int, errors: dict[str, str]) -> Iterator[Prediction]:
    """Yield the predictions of readable photos; report the errors of the others and add them to `errors`.

    A progress bar is shown if stderr is a terminal and stdout is not, so that it does not interrupt the results.
    """
    hidden = sys.stdout.isatty() or sys.stderr is None or not sys.stderr.isatty()
    for prediction in tqdm(predictions, "predict", total=total, unit="photo", disable=hidden):
        if prediction.error:
            errors[prediction.path] = prediction.error
            report_error(prediction.path, prediction.error)
        else:
            yield prediction


def expand_stdin(paths: Iterable[str]) -> Iterator[str]:
    """Yield the paths, with `-` replaced by the paths on standard input, one per line."""
    for path in paths:
        if path == "-":
            if sys.stdin is None:
                raise InputError("standard input is closed, so - gives no paths")
            lines = (line.removesuffix(b"\r") for line in sys.stdin.buffer.read().split(b"\n"))
            yield from map(os.fsdecode, filter(None, lines))
        else:
            yield path


def write(pieces: Iterable[str]) -> None:
    """Write to stdout, flushing each piece; characters that it cannot encode are written as backslash escapes."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    for piece in pieces:
        sys.stdout.write(piece)
        sys.stdout.flush()
