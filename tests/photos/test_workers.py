import threading
import time

import pytest

from canigatti.photos.workers import map_threads


def test_results_of_threads_are_in_order():
    def task(number):
        time.sleep(0.02 * (number % 3 == 0))
        return number**2

    assert list(map_threads(task, range(30), threads=4, ahead=8)) == [number**2 for number in range(30)]


def test_threads_run_in_parallel():
    barrier = threading.Barrier(3, timeout=10)
    assert len(list(map_threads(lambda _: barrier.wait(), range(6), threads=3, ahead=6))) == 6


def test_at_most_the_number_ahead_is_computed_in_advance():
    started = []
    results = map_threads(started.append, range(10**6), threads=2, ahead=5)
    for requested in range(1, 20):
        next(results)
        assert len(started) <= requested + 5
    results.close()
    time.sleep(0.05)
    assert len(started) <= 19 + 5


def test_an_error_of_a_task_is_raised_in_order():
    def task(number):
        if number == 3:
            raise ValueError("three")
        return number

    results = map_threads(task, range(10), threads=2, ahead=4)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="three"):
        next(results)
