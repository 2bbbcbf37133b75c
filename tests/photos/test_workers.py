import threading
import time

import pytest

from canigatti.photos.workers import on_threads


def test_results_of_threads_come_in_order_whichever_is_ready_first():
    def task(number):
        time.sleep(0.02 * (number % 3 == 0))
        return number**2

    assert list(on_threads(task, range(30), threads=4, ahead=8)) == [number**2 for number in range(30)]


def test_threads_work_at_the_same_time():
    together = threading.Barrier(3, timeout=10)
    assert len(list(on_threads(lambda _: together.wait(), range(6), threads=3, ahead=6))) == 6


def test_no_more_is_begun_than_was_asked_for_and_the_number_ahead():
    begun = []
    results = on_threads(begun.append, range(10**6), threads=2, ahead=5)
    for asked in range(1, 20):
        next(results)
        assert len(begun) <= asked + 5
    results.close()
    time.sleep(0.05)
    assert len(begun) <= 19 + 5


def test_an_error_of_a_task_is_raised_in_its_place():
    def task(number):
        if number == 3:
            raise ValueError("three")
        return number

    results = on_threads(task, range(10), threads=2, ahead=4)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="three"):
        next(results)
