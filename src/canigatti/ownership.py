"""One writer per output: a command locks what it writes, and ends with the workflow that started it.

A workflow that is killed leaves its commands running. Without this module, such a command would later replace the
outputs of a command with newer settings.
"""

import multiprocessing
import os
import socket
import threading
import time
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psutil
    from filelock import FileLock

WORKFLOW = "CANIGATTI_WORKFLOW"  # environment variable: the workflows that started a command, outermost first

_POLL_SECONDS = 0.25  # between two checks of the workflow; each takes 0.1 ms
_RETRY_SECONDS = 0.5  # between two attempts to lock an output
_PATIENCE_SECONDS, _PATIENT_RETRY_SECONDS = 0.3, 0.02  # a page that looks whether an output is locked is no writer
_locks: "dict[Path, FileLock]" = {}  # never released: the operating system does it when the process ends or is killed


def announce_workflow() -> None:
    """Make this process the workflow of all commands that it starts: they end with it."""
    known = os.environ.get(WORKFLOW, "").split()
    os.environ[WORKFLOW] = " ".join(dict.fromkeys([*known, f"{os.getpid()}@{_place()}{_slurm_step()}"]))


def one_writer(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command with one more first step, see :func:`claim`.

    Args:
        command: takes the file or folder that it writes as `output`.
    """

    @wraps(command)
    def claim_and_run(**options: Any) -> None:
        claim(options["output"])
        command(**options)

    return claim_and_run


def claim(output: Path) -> None:
    """Wait until no other process writes this output, and keep others from writing it until this process ends.

    The lock is a hidden file next to the output, which remains: deleting a locked file would let two processes lock two
    files of the same name. From here on the process ends when a workflow that started it ends.

    Args:
        output: the file or folder; outputs of one command in different places need one claim.

    Raises:
        OSError: the lock cannot be created; the message names `output`.
    """
    from filelock import FileLock, Timeout

    _watch_workflow()
    path = _lock_file(output)
    if path in _locks:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, mode=0o666)  # another user of a shared folder must be able to lock it too
        try:
            lock.acquire(timeout=_PATIENCE_SECONDS, poll_interval=_PATIENT_RETRY_SECONDS)
        except Timeout:
            print(f"{output}: another process is writing it; waiting until that process has ended", flush=True)
            lock.acquire(poll_interval=_RETRY_SECONDS)
    except OSError as error:
        raise OSError(error.errno, f"cannot write {output}: {error.strerror or error}") from error
    _locks[path] = lock


def _lock_file(output: Path) -> Path:
    path = Path(os.path.abspath(output))
    return path.parent / f".{path.name}.lock"


def is_claimed(output: Path) -> bool:
    """Return whether a process writes this output now, see :func:`claim`; nothing is written or waited for."""
    import fcntl

    try:
        descriptor = os.open(_lock_file(output), os.O_RDONLY)
    except OSError:  # no process has ever written it, or this user may not look
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)  # held for microseconds, which `claim` waits out
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def this_workflow() -> tuple[str, float]:
    """Return this process for :func:`workflow_is_alive`: its ID and place, and when it started (seconds, Unix time)."""
    import psutil

    return f"{os.getpid()}@{_place()}", psutil.Process().create_time()


def workflow_is_alive(process: str, started: float) -> bool | None:
    """Return whether a workflow still runs; None if it is a process of another machine.

    Args:
        process: its ID and place, from :func:`this_workflow`.
        started: when it started; another process may have its ID later.
    """
    pid, _, place = process.partition("@")
    if place != _place():
        return None
    found = _process(int(pid))
    try:
        return found is not None and abs(found.create_time() - started) < 1 and _is_alive(found)
    except Exception:  # psutil's errors: it has ended meanwhile
        return False


def require_workflow() -> None:
    """Call this before a file gets its final name.

    Raises:
        SystemExit: a workflow that started this process has ended.
    """
    if _workflow_has_ended():
        raise SystemExit("canigatti: the workflow that started this command has ended; nothing more is written")


@cache  # one thread per process
def _watch_workflow() -> None:
    if os.environ.get(WORKFLOW):
        threading.Thread(target=_end_with_workflow, daemon=True).start()


def _end_with_workflow() -> None:
    while not _workflow_has_ended():
        time.sleep(_POLL_SECONDS)
    os._exit(1)


def _workflow_has_ended() -> bool:
    return not all(map(_is_alive, _workflows(os.environ.get(WORKFLOW, ""))))


@cache
def _workflows(announced: str) -> "tuple[psutil.Process | None, ...]":
    """Return the processes of the workflows on this machine, in a Slurm job those in the same step of it.

    None stands for one that has ended already.

    psutil recognizes another process that later gets the same process ID.
    """
    return tuple(
        _process(int(pid))
        for pid, _, place in (one.partition("@") for one in announced.split())
        if place == f"{_place()}{_slurm_step()}"
    )


def _process(pid: int) -> "psutil.Process | None":
    import psutil

    try:
        return psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None


def _is_alive(process: "psutil.Process | None") -> bool:
    import psutil

    try:
        # A killed process remains as a zombie until its parent, such as a terminal, takes notice.
        return process is not None and process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@cache
def _place() -> str:
    """Return where a process ID is valid: the host, and on Linux the namespace, of which each container has one."""
    namespace = Path("/proc/self/ns/pid")
    return f"{socket.gethostname()}/{namespace.stat().st_ino if namespace.exists() else ''}"


def _slurm_step() -> str:
    """Return the step of a Slurm job that this process is part of; an empty text outside of one.

    A job outlives the Snakemake that submitted it, which usually runs on another machine; the next one waits for it.
    The Snakemakes of its other steps do not matter either: Slurm ends them together, with SIGTERM and then time to
    complete the epoch, and those without an epoch to complete end first.
    """
    job = os.environ.get("SLURM_JOB_ID")
    return f"/slurm{job}.{os.environ.get('SLURM_STEP_ID', 'batch')}" if job else ""


def end_with_parent() -> None:
    """End this worker process of `multiprocessing` at once when its parent ends, even if the parent is killed."""
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)
