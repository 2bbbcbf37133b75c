"""The CPU cores that this process may use."""

import os


def usable_cores() -> int:
    """Return the number of cores that were given to this process, by a scheduler such as Slurm or by `taskset`.

    `os.cpu_count` is the number of the machine's cores, most of which may belong to other jobs.
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
