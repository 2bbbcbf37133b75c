"""A process that has imported the libraries, and forks one process for each Snakemake and each of its jobs.

A job of the tiny study takes a second; importing TensorFlow takes several. Only libraries are imported beforehand, not
the package: each job reads the project's modules as they are. Commands that will be killed, or that are to run exactly
as a user runs them, run without this process. It ends with the process that started it.
"""

import atexit
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_HERE = Path(__file__).parent
_LIBRARIES = (
    *(
        "snakemake.cli",
        "keras",
        "tensorflow",
        "pandas",
        "matplotlib.pyplot",
        "sklearn.metrics",
        "sklearn.model_selection",
    ),
    *("statsmodels.stats.multitest", "statsmodels.stats.contingency_tables", "statsmodels.stats.proportion"),
    *("statsmodels.stats.weightstats", "scipy.stats", "cv2", "PIL.Image", "pydantic", "typer", "yaml", "jinja2"),
    *("keras_tuner", "psutil", "filelock", "tqdm", "scipy.sparse.csgraph"),
)
_START_SECONDS = 300
_POLL_SECONDS = 0.02
_ORPHAN_SECONDS = 2  # between looking whether the parent still lives


@contextmanager
def warm_process(folder: Path) -> Iterator[dict[str, str]]:
    """Start the process; yield the environment variables with which Snakemake and its jobs run in it."""
    address = folder / "warm"
    process = subprocess.Popen([sys.executable, "-P", __file__, str(address)], stdin=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not address.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the warm process did not start")
            time.sleep(0.1)
        yield {"CANIGATTI_WARM_SERVER": str(address), "PYTHONPATH": str(_HERE / "hook")}
    finally:
        process.kill()
        process.wait()


def _serve(address: str) -> None:
    parent = os.getppid()
    for name in _LIBRARIES:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the processes that answer
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(f"{address}-starting")
        listener.listen(64)
        listener.settimeout(_ORPHAN_SECONDS)
        os.rename(f"{address}-starting", address)
        while os.getppid() == parent:
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            if os.fork() == 0:
                listener.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _answer(connection)
            connection.close()


def _answer(connection: socket.socket) -> None:
    """Run one request in a process of its own, which is killed when whoever asked for it is."""
    data, streams, _, _ = socket.recv_fds(connection, 2**20, 3)
    worker = os.fork()
    if worker == 0:
        connection.close()
        os.setsid()
        _run(json.loads(data), streams)
    while True:
        ended, status = os.waitpid(worker, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            with suppress(OSError):
                connection.send(str(code if code >= 0 else 128 - code).encode())
            os._exit(0)
        if select.select([connection], [], [], _POLL_SECONDS)[0]:  # the other end has been closed
            with suppress(ProcessLookupError):
                os.killpg(worker, signal.SIGKILL)
            os._exit(0)


def _run(request: dict, streams: list[int]) -> None:
    """Do what `python -m` does."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = request["arguments"]
    sys.path[:0] = os.environ["PYTHONPATH"].split(os.pathsep)
    code = 1
    try:
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve(sys.argv[1])
