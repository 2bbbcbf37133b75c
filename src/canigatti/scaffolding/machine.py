"""This machine: its cores, its device, and the time that a job needs to start."""

import subprocess
import sys
import time
from dataclasses import dataclass

_START = "from canigatti.training.device import prepare_device; prepare_device()"
_COLD_SECONDS = 6.0  # a longer import probably waited for the disk
_MIN_SECONDS = 1.0  # in case the libraries are already loaded


@dataclass(frozen=True)
class Machine:
    """What jobs run on.

    Attributes:
        cores: number of cores that this process may use.
        device: the device that networks run on.
        start: seconds to load TensorFlow, which most of the start of a job is.
    """

    cores: int
    device: str
    start: float


def measure_machine() -> Machine:
    """Load TensorFlow and return how long that takes, with its files in the cache of the disk."""
    from canigatti.training.device import device_name, prepare_device
    from canigatti.training.machine import describe_machine

    started = time.perf_counter()
    prepare_device()
    seconds = time.perf_counter() - started
    if seconds > _COLD_SECONDS:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-P", "-c", _START], check=True, capture_output=True)
        seconds = min(seconds, time.perf_counter() - started)
    return Machine(describe_machine().usable_cores, device_name(), max(_MIN_SECONDS, seconds))
