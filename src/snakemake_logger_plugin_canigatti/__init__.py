"""A logger plugin of Snakemake (`--logger canigatti`): one line per job, see `canigatti.terminal`.

Snakemake finds it by the name of this package. `--logger-canigatti-full` or `--verbose` print Snakemake's own messages
instead.
"""

import logging
import os
import sys
from dataclasses import dataclass, field
from typing import TextIO

from snakemake.logging import DefaultFilter, DefaultFormatter
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase

from canigatti.terminal.run import Run
from canigatti.terminal.writing import Line, encodable, in_color, is_colored

__all__ = ["LogHandler", "LogHandlerSettings"]


@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):
    """Options `--logger-canigatti-…` of Snakemake."""

    full: bool = field(
        default=False, metadata={"help": "Print Snakemake's own messages: inputs and outputs of jobs, why they run."}
    )


class LogHandler(LogHandlerBase):
    """Prints the lines of :class:`canigatti.terminal.run.Run`."""

    def __post_init__(self) -> None:
        """Prepare the run and its stream: dry runs print on stdout, as Snakemake's own do."""
        settings = self.common_settings
        quiet = settings.quiet or ()
        self._stream: TextIO | None = sys.stdout if settings.stdout else sys.stderr
        self._is_colored = not settings.nocolor and is_colored(self._stream, os.environ)
        self._is_full = settings.verbose or settings.debug_dag or bool(getattr(self.settings, "full", False))
        self._run = Run({one.name.lower() for one in quiet}, settings.dryrun, settings.printshellcmds)
        self._full = DefaultFormatter(quiet, settings.show_failed_logs)
        self._passes = DefaultFilter(
            quiet, settings.debug_dag, settings.verbose, settings.dryrun, settings.printshellcmds
        )

    def emit(self, record: logging.LogRecord) -> None:
        """Print what a record says, each line in one write: jobs print to the same terminal."""
        try:
            for line in self._lines(record):
                text = in_color(line) if self._is_colored else line.text
                self._print(f"{text}\n")
        except Exception:
            self.handleError(record)

    def _lines(self, record: logging.LogRecord) -> list[Line]:
        if not self._is_full:
            return self._run.lines(record)
        text = str(self._full.format(record)) if self._passes.filter(record) else ""
        return [] if text in ("", "None") else [Line(text)]

    def _print(self, text: str) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(encodable(text, self._stream.encoding))
            self._stream.flush()
        except BrokenPipeError:  # its reader, such as `head`, has ended; the run goes on
            self._stream = None

    @property
    def writes_to_stream(self) -> bool:
        """It replaces Snakemake's own messages."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """Snakemake writes its full messages to .snakemake/log."""
        return False

    @property
    def has_filter(self) -> bool:
        """It chooses the records itself."""
        return True

    @property
    def has_formatter(self) -> bool:
        """It formats them itself."""
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """It does not."""
        return False
