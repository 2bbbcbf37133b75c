"""Ratios of speeds. They are measured alternately, because the speed of a machine varies from minute to minute."""

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
"""Processes photos and returns photos per second."""


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        name: what is measured or compared.
        value: a ratio, or a quantity with its unit.
        target: `at least` or `at most` a number.
        met: whether the value meets the target.
        detail: the two speeds of a ratio.
    """

    name: str
    value: str
    target: str
    met: bool
    detail: str = ""


def speeds(tasks: dict[str, Task], rounds: int = ROUNDS) -> dict[str, float]:
    """Return the photos per second of each task: the median over rounds of all tasks, after a warm-up round."""
    measured: dict[str, list[float]] = {name: [] for name in tasks}
    for task in tasks.values():
        task()
    for _ in range(rounds):
        for name, task in tasks.items():
            measured[name].append(task())
    return {name: statistics.median(values) for name, values in measured.items()}


def timed(function: Callable[[], int], before: Callable[[], object] = lambda: None) -> Task:
    """Return a task that times a function that returns a number of photos; `before` is not timed."""

    def task() -> float:
        before()
        started = time.perf_counter()
        return function() / (time.perf_counter() - started)

    return task


def fitted(
    model: "keras.Model", batch_size: int, steps: int, /, *data: object, skipped: int = 1, **options: object
) -> Task:
    """Return a task that trains for `steps` batches with Keras' `fit`, timed after the first `skipped` batches.

    The start of a fit is not timed, because a run has only one, and neither is its end: the datasets of Keras and
    of the recipe use tf.data's autotuning, and releasing such a dataset takes seconds.
    """
    import keras

    class Clock(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
            times.append(time.perf_counter())

    times: list[float] = []

    def task() -> float:
        times.clear()
        model.fit(*data, **options, epochs=1, verbose=0, shuffle=False, callbacks=[Clock()])
        return (steps - skipped) * batch_size / (times[steps - 1] - times[skipped - 1])

    return task


def ratio(name: str, first: float, second: float, *, target: float, unit: str = "photos/s") -> Row:
    """Return the row of a ratio of speeds that should be at least `target`."""
    value = first / second
    return Row(name, f"{value:.2f}", f"at least {target:g}", value >= target, f"{first:,.3g} and {second:,.3g} {unit}")


def limit(name: str, value: float, *, target: float, unit: str, detail: str = "") -> Row:
    """Return the row of a quantity that should be at most `target`."""
    return Row(name, f"{value:.3g} {unit}".strip(), f"at most {target:g} {unit}".strip(), value <= target, detail)


def machine() -> str:
    """Return a description of the machine and the libraries."""
    from importlib.metadata import version

    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    import tensorflow as tf

    libraries = f"Python {platform.python_version()}, TensorFlow {tf.__version__}, Keras {version('keras')}"
    return f"{model or platform.processor()}, {os.cpu_count()} cores; {platform.system()}; {libraries}"


HEADER = "| benchmark | measured | target | met | speeds |\n| --- | ---: | ---: | --- | --- |"


def as_markdown(row: Row) -> str:
    """Return a row as a line of the Markdown table."""
    met = "yes" if row.met else "**no**"
    return f"| {row.name} | {row.value} | {row.target} | {met} | {row.detail} |"
