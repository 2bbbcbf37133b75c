"""Graceful shutdown: a training that receives Ctrl-C or SIGTERM stops after the current epoch."""

import os
import signal
import sys
from types import FrameType
from typing import Self


class GracefulShutdown:
    """A context manager that records the first SIGINT or SIGTERM; a second one stops the process immediately.

    Attributes:
        signal: the signal that was received; None while there is none.
    """

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None

    def __enter__(self) -> Self:
        """Install the signal handlers."""
        self._previous = {each: signal.signal(each, self._record) for each in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        """Restore the previous signal handlers."""
        for each, handler in self._previous.items():
            signal.signal(each, handler)

    def _record(self, number: int, _: FrameType | None) -> None:
        self.signal = signal.Signals(number)
        for each in self._previous:
            signal.signal(each, signal.SIG_DFL)
        name = "Ctrl-C" if self.signal == signal.SIGINT else "it"
        message = (
            f"{self.signal.name}: stopping after this epoch, whose checkpoint is kept; "
            f"{f'press {name}' if name == 'Ctrl-C' else f'send {name}'} again to stop immediately\n"
        )
        os.write(sys.stdout.fileno(), message.encode())  # not print: the signal may have interrupted one

    def exit_if_requested(self) -> None:
        """Exit the process if a signal was received.

        Raises:
            SystemExit: with the exit code that shells use for the signal.
        """
        if self.signal is not None:
            raise SystemExit(128 + self.signal)
