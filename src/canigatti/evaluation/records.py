"""Every file that the evaluation stage writes for others."""

from canigatti.records import Record, Table

PREDICTIONS = Table({"id": str, "label": int, "probability": float})
UNCERTAIN = Table({"id": str, "probability": float, "true": int, "predicted": int, "distance": float})

Confusion = tuple[tuple[int, int], tuple[int, int]]


class Metrics(Record):
    """`evaluation/…/metrics.json`: how the model does on the test set.

    Attributes:
        accuracy: 0 to 1.
        accuracy_interval: its 95% confidence interval (Wilson 1927).
        loss: mean binary cross-entropy in nats, probabilities clipped to 1e-7 … 1 - 1e-7 as Keras does.
        n: test photos.
        confusion: [[0→0, 0→1], [1→0, 1→1]], the true class first.
        threshold: a photo whose probability exceeds it is classified as class 1.
    """

    accuracy: float
    accuracy_interval: tuple[float, float]
    loss: float
    n: int
    confusion: Confusion
    threshold: float


class Speed(Record):
    """`evaluation/…/speed.json`: the time from a decoded photo to its probability, which differs from run to run.

    Attributes:
        milliseconds_per_photo: median over the timed batches.
        batch_size: photos in each of them.
        batches: how many were timed.
        device: the GPU's name, or the number of CPU cores.
    """

    milliseconds_per_photo: float
    batch_size: int
    batches: int
    device: str
