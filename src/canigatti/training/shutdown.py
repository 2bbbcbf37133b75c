"""Graceful shutdown: a training run that receives Ctrl-C or SIGTERM stops after the current epoch."""

import os
import signal
import sys
from types import FrameType
from typing import Self

_ADVICE = {signal.SIGINT: "press Ctrl-C again", signal.SIGTERM: "send SIGINT"}


class GracefulShutdown:
    """A context manager that records the first SIGINT or SIGTERM; a SIGINT after it stops the process immediately.

    A SIGTERM after the first one is ignored: Slurm sends it several times, to all processes of a job and again through
    `srun`, and kills the job itself if it takes too long.

    Attributes:
        signal: the signal that was received; None before.
    """

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None

    def __enter__(self) -> Self:
        """Install the signal handlers."""
        self._previous = {number: signal.signal(number, self._receive) for number in _ADVICE}
        return self

    def __exit__(self, *_: object) -> None:
        """Restore the previous signal handlers."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _receive(self, number: int, _: FrameType | None) -> None:
        self.signal = signal.Signals(number)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_IGN if number == signal.SIGTERM else signal.SIG_DFL)
        message = (
            f"{self.signal.name}: stopping after this epoch, whose checkpoint is kept; "
            f"{_ADVICE[self.signal]} to stop immediately\n"
        )
        os.write(sys.stdout.fileno(), message.encode())  # the signal may have interrupted a print, so print is not safe

    def exit_if_requested(self) -> None:
        """Exit the process if a signal was received.

        Raises:
            SystemExit: with the exit code that shells use for the signal.
        """
        if self.signal is not None:
            raise SystemExit(128 + self.signal)
