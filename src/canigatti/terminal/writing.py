"""How lines are written: colors on a terminal, characters that it has, titles before the lines of a training run."""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, redirect_stderr, redirect_stdout
from functools import wraps
from pathlib import Path
from textwrap import wrap
from typing import IO, Any, NamedTuple, cast

_COLORS = {"error": "\033[31m", "warning": "\033[33m", "command": "\033[2m"}
_RESET = "\033[0m"
_PLAIN = str.maketrans({"·": "|", "…": ".", "×": "x", "–": "-"})
_RUN = re.compile(r"/(?:training|evaluation)/([^/]+)/seed(\d+)(?:/|$)")  # in the path of an output
_TRIAL = re.compile(r"/search/([^/]+)/(?:rung\d+/)?trial(\d+)/execution(\d+)\.json$")
_WIDTH = 180  # characters of a line that a job prints


class Line(NamedTuple):
    """Something to print.

    Attributes:
        text: one line, or several.
        kind: `job`, `note`, `command`, `warning` or `error`.
    """

    text: str
    kind: str = "note"


def is_colored(stream: IO[str] | None, environment: Mapping[str, str]) -> bool:
    """Return whether to print colors: on a terminal that has them, unless NO_COLOR is set (https://no-color.org)."""
    is_terminal = stream is not None and stream.isatty()
    return is_terminal and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def in_color(line: Line) -> str:
    """Return the text of a line, with the color of its kind."""
    color = _COLORS.get(line.kind)
    return f"{color}{line.text}{_RESET}" if color else line.text


def encodable(text: str, encoding: str | None) -> str:
    """Return the text in characters that the encoding of a stream has."""
    try:
        text.encode(encoding or "utf-8")
        return text
    except UnicodeEncodeError:
        known = encoding or "ascii"
        return text.translate(_PLAIN).encode(known, errors="replace").decode(known)


class Lines:
    """A stream that writes whole lines, short enough to read, each with a title.

    Progress bars, which return to the start of their line, become lines: they are for terminals.
    """

    def __init__(self, stream: IO[str], title: str = "") -> None:
        self._stream, self._title, self._rest = stream, title, ""

    def __getattr__(self, name: str) -> Any:
        """Whatever else a stream has."""
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write the lines that are complete."""
        *lines, self._rest = (self._rest + text).replace("\r", "\n").split("\n")
        for line in lines:
            self._write(line)
        return len(text)

    def end(self) -> None:
        """Write what is left, an incomplete line."""
        if self._rest:
            self._write(self._rest)
        self._rest = ""
        self._stream.flush()

    def _write(self, line: str) -> None:
        for part in folded(titled(line, self._title)) if line.strip() else []:
            self._stream.write(f"{part}\n")


def titled(line: str, title: str) -> str:
    """Return a line after its title, without what the line itself begins with, such as `trial 1, execution 2: `."""
    parts = title.split(", ") if title else []
    for place in range(len(parts)):
        if line.startswith(f"{', '.join(parts[place:])}: "):
            return ", ".join([*parts[:place], line])
    return f"{title}: {line}" if title else line


def folded(line: str, width: int = _WIDTH) -> list[str]:
    """Return a line as lines of at most `width` characters, broken at spaces; a longer word is not broken."""
    if len(line) <= width:
        return [line]
    return wrap(line, width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)


def title_of(options: Mapping[str, Any]) -> str:
    """Return the title of what a command prints: the experiment with its seed or trial; empty if it has neither.

    Args:
        options: the command's options; what they do not say is in the path of the output.
    """
    output = Path(options["output"]).absolute()
    if trained := _TRIAL.search(output.as_posix()):
        return f"{trained[1]}, trial {trained[2]}, execution {trained[3]}"
    if {"experiment", "seed"} <= {*options}:
        return f"{options['experiment']}, seed {options['seed']}"
    run = _RUN.search(output.as_posix())
    return f"{run[1]}, seed {run[2]}" if run else ""


def readable(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command with what it prints in lines that say which training run they are of.

    Several jobs of a workflow print to one terminal. The commands that train do not know of this, so that a change of
    what is printed trains nothing again.
    """

    @wraps(command)
    def run_and_print(**options: Any) -> None:
        with ExitStack() as stack:
            if sys.stdout:
                stack.enter_context(_replaced(redirect_stdout, Lines(sys.stdout, title_of(options))))
            if sys.stderr and not sys.stderr.isatty():
                stack.enter_context(_replaced(redirect_stderr, Lines(sys.stderr)))
            command(**options)

    return run_and_print


@contextmanager
def _replaced(redirect: Callable[[IO[str]], AbstractContextManager[Any]], lines: Lines) -> Iterator[None]:
    try:
        with redirect(cast(IO[str], lines)):
            yield
    finally:
        lines.end()
