"""Prediction speed of a trained model."""

import time
from typing import TYPE_CHECKING

import numpy as np

from canigatti.evaluation.prediction import BATCH_SIZE, predict
from canigatti.evaluation.records import Speed
from canigatti.training.device import device_name

if TYPE_CHECKING:
    import keras

_MIN_BATCHES, _MAX_BATCHES = 3, 20  # batches that are timed
_TARGET_SECONDS = 2.0  # stop timing after this, once the minimum number of batches is reached


def measure_speed(model: "keras.Model", images: np.ndarray, rows: np.ndarray, batch_size: int = BATCH_SIZE) -> Speed:
    """Measure the time from a decoded photo to its probability, in batches.

    The same batch is predicted repeatedly. The first prediction is not timed: it includes TensorFlow's tracing of the
    network and reading the photos from disk. The median is robust against other load on the machine.

    Args:
        model: see :func:`canigatti.evaluation.prediction.predict`.
        images: (photos, size, size, 3), uint8, RGB.
        rows: (n,), positions in `images`, at least one.
        batch_size: the maximum number of photos in a batch.
    """
    batch = rows[:batch_size]
    predict(model, images, batch, batch_size)
    seconds: list[float] = []
    while len(seconds) < _MIN_BATCHES or (len(seconds) < _MAX_BATCHES and sum(seconds) < _TARGET_SECONDS):
        started = time.perf_counter()
        predict(model, images, batch, batch_size)
        seconds.append(time.perf_counter() - started)
    return Speed(
        milliseconds_per_photo=1000 * float(np.median(seconds)) / len(batch),
        batch_size=len(batch),
        batches=len(seconds),
        device=device_name(),
    )
