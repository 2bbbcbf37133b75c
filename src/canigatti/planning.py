"""What the workflow asks before any job runs: names to experiments and files, and the memory and time of a job.

The rules call these functions; no command does.
"""

from pathlib import Path

from canigatti.config import Experiment, Pretrained, Search, Study, Weights
from canigatti.files import InputError, sha256_of
from canigatti.search.space import size

# Peak memory of a job that trains, in MB, measured on two CPU cores: TensorFlow with the batches made ahead, and per
# million pixels in a batch what the activations take. docs/performance.md has the measurements.
_TRAINING_MB = 2000
_MB_PER_MEGAPIXEL = {"convolutional": 400, "pretrained": 3000}
_MB_PER_MINUTE = (
    40  # image data that the slowest network of the study trains on; two cores do ten times that for `base`
)
_LONGEST_MINUTES = 24 * 60
_PROPOSALS = 100


def find_experiment(study: Study, name: str) -> Experiment:
    """Return the experiment that a path names.

    Raises:
        InputError: the study has none of this name.
    """
    if name not in study.experiments:
        known = ", ".join(study.experiments)
        raise InputError(f"no experiment is named {name}; the study {study.study} has {known}")
    return study.experiments[name]


def find_searched(study: Study, name: str) -> Experiment:
    """Return the searched experiment that a path names.

    Raises:
        InputError: there is none of this name, or it has no search.
    """
    experiment = find_experiment(study, name)
    if experiment.search is None:
        raise InputError(f"the experiment {name} has no search")
    return experiment


def find_weights(study: Study, backbone: str) -> Weights:
    """Return where a backbone's weights come from.

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
    """Return the backbone whose pretrained weights a training starts with; None if it starts without any."""
    if isinstance(experiment.network, Pretrained) and not experiment.start_from:
        return experiment.network.backbone
    return None


def executions(search: Search) -> list[tuple[int, int]]:
    """Return trial and execution of every training of a search, from 1; at most every combination of its space."""
    trials = min(search.trials, size(search.space))
    return [(trial, number) for trial in range(1, trials + 1) for number in range(1, search.executions + 1)]


def proposal_count(search: Search) -> int:
    """Return how many combinations are proposed: more than are tried, so that more trials change no proposal.

    All trials depend on the proposal, and would run again with it.
    """
    return min(max(search.trials, _PROPOSALS), size(search.space))


def training_memory(experiment: Experiment) -> int:
    """Return the memory that a training needs, in MB."""
    megapixels = experiment.batch_size * experiment.image_size**2 / 1e6
    kind = "pretrained" if isinstance(experiment.network, Pretrained) else "convolutional"
    return round(_TRAINING_MB + _MB_PER_MEGAPIXEL[kind] * megapixels)


def training_minutes(experiment: Experiment, images_mb: float) -> int:
    """Return the time after which a cluster may stop a training, in minutes, at most a day; it resumes when retried.

    Args:
        experiment: what is trained.
        images_mb: size of the image store, 10^6 bytes.
    """
    return round(min(_LONGEST_MINUTES, 15 + experiment.epochs * images_mb / _MB_PER_MINUTE))
