"""This machine: its cores, its device, and the time that a job needs to start."""

import subprocess
import sys
import time
from dataclasses import dataclass

_START = "from canigatti.training.device import prepare_device; prepare_device()"


@dataclass(frozen=True)
class Machine:
    """What jobs run on.

    Attributes:
        cores: number of cores that this process may use.
        device: the device that networks run on.
        start: seconds until a job has loaded TensorFlow.
    """

    cores: int
    device: str
    start: float


def measure_machine() -> Machine:
    """Load TensorFlow in this process, and time a new process that does so."""
    from canigatti.training.device import device_name, prepare_device
    from canigatti.training.machine import describe_machine

    prepare_device()  # first, so that the libraries are in the cache of the disk when their import is timed
    started = time.perf_counter()
    subprocess.run([sys.executable, "-P", "-c", _START], check=True, capture_output=True)
    return Machine(describe_machine().usable_cores, device_name(), time.perf_counter() - started)
