"""Lookups and estimates that the rules need before any job runs: experiments, files, memory and time of jobs.

Rules call these functions; commands do not.
"""

from pathlib import Path

from canigatti.config import Experiment, Pretrained, Search, Study, Weights
from canigatti.files import InputError, sha256_of
from canigatti.search.space import size

# Peak memory of a training job in MB, measured on two CPU cores: a constant for TensorFlow and the prefetched batches,
# plus activations per million pixels in a batch. docs/performance.md has the measurements.
_TRAINING_MB = 2000
_MB_PER_MEGAPIXEL = {"convolutional": 400, "pretrained": 3000}
# Image data that the slowest network of the study trains on; `base` is ten times as fast on two cores.
_MB_PER_MINUTE = 40
_MAX_MINUTES = 24 * 60
_MIN_PROPOSALS = 100


def find_experiment(study: Study, name: str) -> Experiment:
    """Return the experiment that a path names.

    Raises:
        InputError: the study has no experiment of this name.
    """
    if name not in study.experiments:
        known = ", ".join(study.experiments)
        raise InputError(f"no experiment is named {name}; the study {study.study} has {known}")
    return study.experiments[name]


def find_searched(study: Study, name: str) -> Experiment:
    """Return the experiment that a path names, which must have a search.

    Raises:
        InputError: the study has no experiment of this name, or the experiment has no search.
    """
    experiment = find_experiment(study, name)
    if experiment.search is None:
        raise InputError(f"the experiment {name} has no search")
    return experiment


def find_weights(study: Study, backbone: str) -> Weights:
    """Return where the weights of a backbone come from.

    Raises:
        InputError: the study does not set it.
    """
    if backbone not in study.weights:
        raise InputError(f"weights.{backbone}: the study {study.study} does not set their source")
    return study.weights[backbone]


def weights_digest(weights: Weights) -> str:
    """Return a text that changes with the content of a local weights file."""
    return weights.source if weights.source == "imagenet" else sha256_of(Path(weights.source))


def initial_backbone(experiment: Experiment) -> str | None:
    """Return the backbone whose pretrained weights a training starts with; None if it needs no weights file."""
    if isinstance(experiment.network, Pretrained) and not experiment.start_from:
        return experiment.network.backbone
    return None


def executions(search: Search) -> list[tuple[int, int]]:
    """Return (trial, execution) of every training of a search, both from 1; a small space limits the trials."""
    trials = min(search.trials, size(search.space))
    return [(trial, number) for trial in range(1, trials + 1) for number in range(1, search.executions + 1)]


def proposal_count(search: Search) -> int:
    """Return the number of proposed combinations, at least 100 unless the space is smaller.

    All trials depend on the file of proposals. Proposing more than needed leaves it unchanged when `trials` grows, so
    that completed trials do not run again.
    """
    return min(max(search.trials, _MIN_PROPOSALS), size(search.space))


def training_memory(experiment: Experiment) -> int:
    """Return the memory that a training needs, in MB."""
    megapixels = experiment.batch_size * experiment.image_size**2 / 1e6
    kind = "pretrained" if isinstance(experiment.network, Pretrained) else "convolutional"
    return round(_TRAINING_MB + _MB_PER_MEGAPIXEL[kind] * megapixels)


def training_minutes(experiment: Experiment, images_mb: float) -> int:
    """Return the time limit of a training job in minutes, at most a day; a retried job resumes the training.

    Args:
        experiment: the experiment to train.
        images_mb: size of the image store, 10^6 bytes.
    """
    return round(min(_MAX_MINUTES, 15 + experiment.epochs * images_mb / _MB_PER_MINUTE))
