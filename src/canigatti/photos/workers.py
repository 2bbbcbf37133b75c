"""The same task for many photos, on several processes or threads, with results in order."""

import pickle
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from tqdm import tqdm

from canigatti.files import InputError

Item = TypeVar("Item")
Result = TypeVar("Result")

_CHUNK = 32  # photos a message; single ones would cost as much to send as to decode
_task: Any = None  # what this worker process was started for


def for_each(task: Callable[[Item], Result], items: Sequence[Item], workers: int, title: str) -> Iterator[Result]:
    """Yield `task(item)` for each item, in the items' order, and show a progress bar.

    Args:
        task: can be pickled; each process works with its own copy.
        items: can be pickled; their results should be small.
        workers: processes to use; with 1, everything happens in this one.
        title: what the progress bar on stderr is called.

    Raises:
        InputError: a process was killed, most often because the memory ran out.
        Exception: whatever the task raises.
    """
    # A log file gets a line now and then, a terminal a bar that moves.
    interval = 0.2 if sys.stderr.isatty() else 30
    results = _one_by_one(task, items) if workers == 1 else _on_processes(task, items, workers)
    yield from tqdm(results, title, total=len(items), unit="photo", mininterval=interval)


def _one_by_one(task: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    yield from map(task, items)


def _on_processes(task: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[Result]:
    chunks = [items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK)]
    # Pickled even where processes are forked: an open zip shared with the parent would be read at a common position.
    pool = ProcessPoolExecutor(workers, initializer=_receive, initargs=(pickle.dumps(task),))
    try:
        for results in pool.map(_do, chunks):
            yield from results
    except BrokenProcessPool as error:
        raise InputError("a worker process was killed, perhaps for want of memory; try fewer --workers") from error
    finally:
        pool.shutdown(cancel_futures=True)


def _receive(pickled: bytes) -> None:
    global _task
    _task = pickle.loads(pickled)


def _do(chunk: Sequence[Any]) -> list[Any]:
    return [_task(item) for item in chunk]


def on_threads(task: Callable[[Item], Result], items: Iterable[Item], threads: int, ahead: int) -> Iterator[Result]:
    """Yield `task(item)` for each item, in the items' order, the next ones being worked on meanwhile.

    For a task whose time passes outside Python's lock, as Pillow's decoding does, and whose results are large: threads
    hand them over without a copy, at most `ahead` of them wait, and a process that runs TensorFlow need not be forked.

    Args:
        task: may be called by several threads at once.
        items: taken one by one, as there is room.
        threads: how many work at once.
        ahead: results that are made or being made before they are asked for.

    Raises:
        Exception: whatever the task raises.
    """
    waiting: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(threads)
    try:
        for item in items:
            waiting.append(pool.submit(task, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
