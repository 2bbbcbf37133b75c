"""The terminal: paths that come in, results that go out, faults, progress, and none of TensorFlow's chatter."""

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
    """Hold back what C++ libraries write to the process's stderr, and show it only where the block fails.

    TensorFlow tells how it was built, in five lines, before it heeds any log level.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        failed = True
        try:
            yield
            failed = False
        except InputError:
            failed = False  # its message says it better
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            if failed:
                said.seek(0)
                os.write(2, said.read())


def report_error(path: str, fault: str) -> None:
    """Say on stderr, in one line, why a file or folder gives no result."""
    tqdm.write(f"canigatti: {printable(path)}: {printable(fault)}", file=sys.stderr)


def usable(predictions: Iterable[Prediction], total: int, faults: dict[str, str]) -> Iterator[Prediction]:
    """The predictions of what is a photo; of the rest, each fault is told and added to `faults`.

    A progress bar is shown where it does not run through the results: stderr is a terminal, and stdout is none.
    """
    hidden = sys.stdout.isatty() or not sys.stderr.isatty()
    for prediction in tqdm(predictions, "predict", total=total, unit="photo", disable=hidden):
        if prediction.fault:
            faults[prediction.path] = prediction.fault
            report_error(prediction.path, prediction.fault)
        else:
            yield prediction


def expand_stdin(given: Iterable[str]) -> Iterator[str]:
    """The paths given as arguments, and in the place of `-` those on standard input, one a line."""
    for path in given:
        if path == "-":
            lines = (line.removesuffix(b"\r") for line in sys.stdin.buffer.read().split(b"\n"))
            yield from map(os.fsdecode, filter(None, lines))
        else:
            yield path


def write(pieces: Iterable[str]) -> None:
    """To stdout, each piece at once; what it cannot encode, such as a file name that is no text, in JSON's escapes."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    for piece in pieces:
        sys.stdout.write(piece)
        sys.stdout.flush()
