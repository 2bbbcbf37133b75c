"""Ratios of speeds, measured alternately in one run, since a machine's speed changes from minute to minute."""

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

ROUNDS = 5

Task = Callable[[], float]
"""Does something to photos and gives how many a second."""


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        what: what is compared or measured.
        value: a ratio, or a size or a time with its unit.
        wanted: `at least` or `at most`, and the figure.
        holds: whether it is reached.
        detail: the two speeds behind a ratio.
    """

    what: str
    value: str
    wanted: str
    holds: bool
    detail: str = ""


def speeds(tasks: dict[str, Task], rounds: int = ROUNDS) -> dict[str, float]:
    """Photos a second of each task, medians over rounds in which each is done once, after one that is not counted."""
    measured: dict[str, list[float]] = {name: [] for name in tasks}
    for task in tasks.values():
        task()
    for _ in range(rounds):
        for name, task in tasks.items():
            measured[name].append(task())
    return {name: statistics.median(values) for name, values in measured.items()}


def timed(function: Callable[[], int], before: Callable[[], object] = lambda: None) -> Task:
    """A task from what gives the number of photos, and what is done before it, untimed."""

    def task() -> float:
        before()
        started = time.perf_counter()
        return function() / (time.perf_counter() - started)

    return task


def fitted(
    model: "keras.Model", batch_size: int, steps: int, /, *data: object, skipped: int = 1, **options: object
) -> Task:
    """A task that trains for so many batches through Keras' own `fit`, timed from the end of the skipped ones on.

    So neither the start of a fit counts, which a training has once, nor its end: Keras' and the recipe's own datasets
    are tuned by tf.data, and letting go of one takes seconds.
    """
    import keras

    class Clock(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
            moments.append(time.perf_counter())

    moments: list[float] = []

    def task() -> float:
        moments.clear()
        model.fit(*data, **options, epochs=1, verbose=0, shuffle=False, callbacks=[Clock()])
        return (steps - skipped) * batch_size / (moments[steps - 1] - moments[skipped - 1])

    return task


def ratio(what: str, first: float, second: float, wanted: float, unit: str = "photos/s") -> Row:
    """A row that wants the first to be at least so many times the second."""
    value = first / second
    return Row(what, f"{value:.2f}", f"at least {wanted:g}", value >= wanted, f"{first:,.3g} to {second:,.3g} {unit}")


def limit(what: str, value: float, most: float, unit: str, detail: str = "") -> Row:
    """A row that wants a value of at most so much."""
    return Row(what, f"{value:.3g} {unit}".strip(), f"at most {most:g} {unit}".strip(), value <= most, detail)


def machine() -> str:
    """What the figures were measured on."""
    from importlib.metadata import version

    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    import tensorflow as tf

    libraries = f"Python {platform.python_version()}, TensorFlow {tf.__version__}, Keras {version('keras')}"
    return f"{model or platform.processor()}, {os.cpu_count()} cores; {platform.system()}; {libraries}"


HEAD = "| what | measured | wanted | reached | from |\n| --- | ---: | ---: | --- | --- |"


def as_markdown(row: Row) -> str:
    """A line of the table."""
    reached = "yes" if row.holds else "**no**"
    return f"| {row.what} | {row.value} | {row.wanted} | {reached} | {row.detail} |"
