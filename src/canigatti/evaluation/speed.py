"""How long a trained model takes for a photo."""

import time
from typing import TYPE_CHECKING

import numpy as np

from canigatti.evaluation.prediction import predict
from canigatti.evaluation.records import Speed
from canigatti.training.device import device_name

if TYPE_CHECKING:
    import keras

_FEWEST, _MOST = 3, 20  # batches that are timed
_ENOUGH_SECONDS = 2.0  # after which no more than the fewest are needed


def measure_speed(model: "keras.Model", images: np.ndarray, rows: np.ndarray, batch_size: int = 64) -> Speed:
    """Measure the time from a decoded photo to its probability, in batches.

    The same batch is shown again and again. Its first showing is not timed: there TensorFlow traces the network and
    the photos come from the disk. The median of the others passes over what else the machine did meanwhile.

    Args:
        model: see :func:`canigatti.evaluation.prediction.predict`.
        images: (photos, size, size, 3), uint8, RGB.
        rows: (n,), positions in `images`, at least one.
        batch_size: photos shown at once, at most.
    """
    batch = rows[:batch_size]
    predict(model, images, batch, batch_size)
    seconds: list[float] = []
    while len(seconds) < _FEWEST or (len(seconds) < _MOST and sum(seconds) < _ENOUGH_SECONDS):
        started = time.perf_counter()
        predict(model, images, batch, batch_size)
        seconds.append(time.perf_counter() - started)
    return Speed(
        milliseconds_per_photo=1000 * float(np.median(seconds)) / len(batch),
        batch_size=len(batch),
        batches=len(seconds),
        device=device_name(),
    )
