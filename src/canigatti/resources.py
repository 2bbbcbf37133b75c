"""Memory and time to request for a training job."""

from pathlib import Path

from canigatti.config import Experiment, Pretrained

# In MB: a constant for TensorFlow and the prefetched batches, which exceeds every measured peak of a small network, and
# an estimate of the activations per million pixels in a batch. See "Memory of the jobs" in docs/performance.md.
_TRAINING_MB = 2000
_MB_PER_MEGAPIXEL = {"convolutional": 400, "pretrained": 3000}
_MB_PER_MINUTE = 40  # image data that the slowest networks of the study train on; `base` is ten times as fast
_MAX_MINUTES = 24 * 60


def training_memory(experiment: Experiment) -> float:
    """Return the memory that a training run needs, in MB."""
    searched = experiment.search.space.batch_size if experiment.search else None
    megapixels = max(searched or (experiment.batch_size,)) * experiment.image_size**2 / 1e6
    kind = "pretrained" if isinstance(experiment.network, Pretrained) else "convolutional"
    return _TRAINING_MB + _MB_PER_MEGAPIXEL[kind] * megapixels


def training_minutes(experiment: Experiment, images: Path) -> float:
    """Return the time limit of a training run in minutes, at most a day; `images` is the image store, if it exists."""
    images_mb = images.stat().st_size / 1e6 if images.exists() else 0
    return min(_MAX_MINUTES, 15 + experiment.epochs * experiment.train_fraction * images_mb / _MB_PER_MINUTE)
