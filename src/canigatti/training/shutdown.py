"""Ending a training at a good moment when it is asked to end (Ctrl-C, SIGTERM)."""

import os
import signal
import sys
from types import FrameType
from typing import Self


class Interruption:
    """Within its block, notes the first SIGINT or SIGTERM; a second one ends the process at once.

    Attributes:
        signal: the one that came; None while none has.
    """

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None

    def __enter__(self) -> Self:
        """Begin to note signals."""
        self._before = {each: signal.signal(each, self._note) for each in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        """Let signals do again what they did before."""
        for each, handler in self._before.items():
            signal.signal(each, handler)

    def _note(self, number: int, _: FrameType | None) -> None:
        self.signal = signal.Signals(number)
        for each in self._before:
            signal.signal(each, signal.SIG_DFL)
        told = f"{self.signal.name}: ends after this epoch, which is kept; once more ends at once\n"
        os.write(sys.stdout.fileno(), told.encode())  # a print may be what the signal came into

    def end_if_asked(self) -> None:
        """End the process if a signal came.

        Raises:
            SystemExit: with the exit code that shells give for the signal.
        """
        if self.signal is not None:
            raise SystemExit(128 + self.signal)
