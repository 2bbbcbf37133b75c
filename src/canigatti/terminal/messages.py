"""Messages of Snakemake for the terminal: what is left out, why a job would run, why one failed."""

import re
from collections.abc import Iterable
from pathlib import Path

from canigatti.files import printable

WIDTH = 160  # characters of a line at most, without the messages of Snakemake itself and shell commands
_CAUSE_LINES = 8
_CAUSE_WIDTH = 480  # of an error message, which people search and copy: it is not broken into lines
_CAUSE_BYTES = 8192

# What Snakemake says in every run and nobody acts on; any other message is shown.
_LEFT_OUT = (
    *("Using shell: ", "Provided cores: ", "Provided resources: ", "Provided remote nodes: ", "Group jobs: inactive"),
    *("Rules claiming more threads will be scaled down.", "Conda environments: ignored", "Singularity containers: "),
    *("Assuming unrestricted shared filesystem usage.", "Select jobs to execute...", "Elapsed time: ", "Execute "),
    *(
        "Workflow has started!",
        "Shutting down, this might take some time.",
        "Reasons:\n",
        "Some jobs were triggered by ",
        "DAG of jobs will be updated ",
        "Updating checkpoint dependencies.",
        "The run involves checkpoint jobs, ",
    ),
)
_LONG_REASONS = re.compile(r"^(Params|Set of input files|Code|Software environment definition) ha(?:s|ve) changed")
_UPDATED = "Input files updated by another job"


def is_left_out(message: str) -> bool:
    """Return whether an informational message of Snakemake is not shown."""
    return message.startswith(_LEFT_OUT)


def shorten(text: str, width: int = WIDTH) -> str:
    """Return the text on one line of at most `width` characters, without control characters."""
    line = printable(" ".join(text.split()))
    return line if len(line) <= width else line[: width - 1] + "…"


def short_reason(reason: str) -> str:
    """Return why a job runs, without Snakemake's lists of files: the first file of each list stands for it."""
    parts = [_without_list(part) for part in reason.split("; ") if part]
    named = [part for part in parts if part != _UPDATED.lower()]
    return "; ".join(dict.fromkeys(named or parts))


def _without_list(part: str) -> str:
    if match := _LONG_REASONS.match(part):
        return match.group().lower()
    name, _, files = part.partition(": ")
    if not files or name == _UPDATED:
        return name.lower()
    first, *others = files.split(", ")
    return f"{name.lower()}: {first}" + (f" and {len(others)} more" if others else "")


def cause(logs: Iterable[str]) -> list[str]:
    """Return the last lines of a failed job's logs, without empty ones; none if there is nothing in them.

    Of a traceback, this is the code that raised the exception, and the exception.
    """
    for log in logs:
        lines = [line for line in _tail(Path(log)).splitlines() if line.strip()]
        if any(line.startswith("Traceback (most recent call last)") for line in lines):
            frames = [place for place, line in enumerate(lines) if line.lstrip().startswith('File "')]
            lines = lines[frames[-1] if frames else 0 :]
        if lines:
            return [shorten(line, _CAUSE_WIDTH) for line in lines[-_CAUSE_LINES:]]
    return []


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - _CAUSE_BYTES))
            return stream.read().decode("utf-8", errors="replace").replace("\r", "\n")
    except OSError:  # the job failed before its log existed
        return ""
