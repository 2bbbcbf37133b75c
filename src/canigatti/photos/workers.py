"""Parallel processing of photos, in processes or threads, with ordered results."""

import pickle
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from tqdm import tqdm

from canigatti.files import InputError
from canigatti.ownership import end_with_parent

Item = TypeVar("Item")
Result = TypeVar("Result")

_CHUNK = 32  # photos per message; to send single photos would take as long as to decode them
_task: Any = None  # the task of this worker process


def map_processes(task: Callable[[Item], Result], items: Sequence[Item], workers: int, title: str) -> Iterator[Result]:
    """Yield `task(item)` for every item, in order, and show a progress bar.

    Args:
        task: a picklable function; each process has its own copy.
        items: picklable arguments; the results should be small.
        workers: number of processes; 1 runs the task in the current process.
        title: title of the progress bar on stderr.

    Raises:
        InputError: a process was killed, usually because the memory was exhausted.
        Exception: any error of the task.
    """
    interval = 0.2 if sys.stderr.isatty() else 30  # seconds; a log file needs few lines
    results = map(task, items) if workers == 1 else _run_processes(task, items, workers)
    yield from tqdm(results, title, total=len(items), unit="photo", mininterval=interval)


def _run_processes(task: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[Result]:
    chunks = [items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK)]
    # Pickled even for forked processes, because a zip opened by the parent has one file position for all of them.
    pool = ProcessPoolExecutor(workers, initializer=_set_task, initargs=(pickle.dumps(task),))
    try:
        for results in pool.map(_run_task, chunks):
            yield from results
    except BrokenProcessPool as error:
        raise InputError("a worker process was killed, possibly for lack of memory; try fewer --workers") from error
    finally:
        pool.shutdown(cancel_futures=True)


def _set_task(pickled: bytes) -> None:
    global _task
    end_with_parent()
    _task = pickle.loads(pickled)


def _run_task(chunk: Sequence[Any]) -> list[Any]:
    return [_task(item) for item in chunk]


def map_threads(task: Callable[[Item], Result], items: Iterable[Item], threads: int, ahead: int) -> Iterator[Result]:
    """Yield `task(item)` for every item, in order, while threads work on the next ones.

    Threads suit a task that releases Python's global interpreter lock, as Pillow's decoding does, and has large
    results: these are not copied, at most `ahead` of them are in memory, and no process that runs TensorFlow is forked.

    Args:
        task: a thread-safe function.
        items: arguments, consumed one by one as the results are.
        threads: number of threads.
        ahead: number of results that are computed in advance.

    Raises:
        Exception: any error of the task.
    """
    pending: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(threads)
    try:
        for item in items:
            pending.append(pool.submit(task, item))
            if len(pending) > ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
