"""Start-up time of a job: from the command to the first line of its own work."""

import statistics
import subprocess
import sys
import time

from measure import Row, limit

ROUNDS = 5
COMMANDS = "import canigatti.__main__"
NETWORK = f"{COMMANDS}; from canigatti.training.device import prepare_device; prepare_device()"


def rows() -> list[Row]:
    """Measure a job that runs a network, and one that does not."""
    return [
        limit("start of a job that runs a network", seconds(NETWORK), target=3, unit="s"),
        limit("start of another job", seconds(COMMANDS), target=1, unit="s"),
    ]


def seconds(code: str) -> float:
    """Return the median time that Python takes for this code, after one round for the caches."""
    measured = []
    for _ in range(ROUNDS + 1):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-P", "-c", code], check=True, capture_output=True)
        measured.append(time.perf_counter() - started)
    return statistics.median(measured[1:])
