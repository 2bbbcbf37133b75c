"""How long a job is expected to take, which decides how much of a study's progress it is.

Only the ratios of these numbers matter: what a run measures of its own jobs replaces them, see `progress.py`.
"""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from canigatti.config import Convolutional, Experiment, Spec, Split, Study
from canigatti.terminal.naming import verb_and_noun

# Seconds of the demonstration's jobs on two cores (`make demo`, 28 November 2026), the mean of each rule; they hardly
# depend on the experiment. Those of training runs are computed below, where the experiment is known.
_RULES = {
    "train": 27.0,
    "train_trial": 8.0,
    "train_first_rung": 6.0,
    "train_next_rung": 8.0,
    "fetch_weights": 4.0,
    "propose_trials": 5.0,
    "propose_round": 10.0,
    "generate_photos": 6.0,
    "extract_features": 6.0,
    "audit_labels": 4.0,
    "evaluate": 5.0,
    "measure_robustness": 4.0,
    "augment_tests": 3.0,
    "check_results": 4.0,
    "write_report": 11.0,
}
_OTHER_RULE = 2.0  # plots, splits, metrics

# From the training runs of the same demonstration: `base-801010-rgb-aug` (13.6 million multiplications and 1.9 ms per
# photo) and `wider` (50.7 million, 3.8 ms) give the first two. They predict `deeper` within 5%, and the four runs with
# backbones within 30%.
_SECONDS_PER_MULTIPLICATION = 5e-11  # forward and backward
_SECONDS_PER_PIXEL = 3e-7  # of a photo: reading, augmentation, steps
_SECONDS_PER_START = 6.0  # imports, loading, saving
_FORWARD_ONLY = 1 / 3  # of the multiplications: a frozen backbone has no backward pass, which takes two of three
# Multiplications per pixel, from the networks' papers, at 224×224 pixels: VGG16 15.5e9, MobileNetV2 0.30e9,
# EfficientNetV2-B0 0.7e9, ConvNeXt-T 4.5e9; other backbones count as ResNet50, 3.9e9.
_BACKBONES = {"vgg16": 308_000, "mobilenetv2": 6_000, "efficientnetv2b0": 14_000, "convnexttiny": 90_000}
_OTHER_BACKBONE = 78_000
_PHOTOS = 1_000  # of a study whose photos have not been counted yet

_announced: dict[int, tuple[str, float]] = {}


def announce_jobs(jobs: Iterable[Any], study: Study) -> None:
    """Set the expected seconds of the jobs that a run of Snakemake will start; the logger plugin reads them.

    Args:
        jobs: Snakemake's jobs.
        study: the study that their experiments and splits are from.
    """
    _announced.clear()
    experiments = study.experiments | {
        name: one for members in study.curve_experiments().values() for name, one in members.items()
    }
    for job in jobs:
        wildcards, rule = dict(job.wildcards_dict), job.rule.name
        experiment, rung = experiments.get(wildcards.get("experiment", "")), int(wildcards.get("rung", 1))
        _announced[job.jobid] = rule, expected_seconds(rule, experiment, study, rung)


def announced() -> Mapping[int, tuple[str, float]]:
    """Return rule and expected seconds of jobs by Snakemake's number of the job; empty if none were announced."""
    return _announced


def expected_seconds(
    rule: str, experiment: Experiment | None = None, study: Study | None = None, rung: int = 1
) -> float:
    """Return how long a job is expected to take on two usual cores.

    Args:
        rule: name of its rule, perhaps with a prefix, see :func:`canigatti.terminal.naming.verb_and_noun`.
        experiment: its experiment, if it has one.
        study: the study.
        rung: number of its rung, of a job of a search by halving.
    """
    verb, noun = verb_and_noun(rule)
    if verb == "train" and experiment and study:
        spec = experiment.resolve()
        if noun and experiment.search:
            spec = spec.model_copy(update={"epochs": experiment.search.job_epochs(rung)})
        return training_seconds(spec, training_photos(experiment, study))
    return _RULES.get(f"{verb}_{noun}".strip("_"), _OTHER_RULE)


def training_seconds(spec: Spec, photos: float) -> float:
    """Return how long a training run is expected to take.

    Args:
        spec: the experiment. All of its epochs are counted, because when early stopping ends a run is not known.
        photos: number of photos in the training set.
    """
    pixels = spec.image_size**2
    multiplications, epochs = _multiplications(spec), spec.epochs
    if not isinstance(spec.network, Convolutional) and spec.unfreeze == "nothing":
        multiplications *= _FORWARD_ONLY
        epochs = 1 if spec.augmentation is None else epochs  # the features of each photo are computed once
    photo = pixels * _SECONDS_PER_PIXEL + multiplications * _SECONDS_PER_MULTIPLICATION
    return _SECONDS_PER_START + epochs * photos * photo


def _multiplications(spec: Spec) -> float:
    """Return the multiplications of the convolutions for one photo."""
    network = spec.network
    if not isinstance(network, Convolutional):
        return float(spec.image_size**2 * _BACKBONES.get(network.backbone, _OTHER_BACKBONE))
    total, channels, size = 0, 3 if spec.color == "rgb" else 1, spec.image_size
    for filters in network.filters:
        for _ in range(network.convolutions_per_block):
            total += network.kernel_size**2 * channels * filters * size**2
            channels = filters
        size //= 2  # max pooling
    return float(total)


def training_photos(experiment: Experiment, study: Study) -> float:
    """Return the number of photos that an experiment is trained on: counted if its split exists, else estimated."""
    rows = Path("results", study.study, "splits", f"{experiment.split}.csv")
    if rows.is_file():
        with rows.open(encoding="utf-8", newline="") as stream:
            count = sum(row.get("part") == "train" for row in csv.DictReader(stream))
    else:
        count = round(_photos(study) * _train_share(study, experiment.split))
    return count * experiment.train_fraction


def _photos(study: Study) -> int:
    photos = study.photos
    if photos.generate:
        return photos.generate.count
    return photos.limit_per_class * len(study.classes or ("", "")) if photos.limit_per_class else _PHOTOS


def _train_share(study: Study, name: str | None) -> float:
    split = study.splits.get(name) if name else None
    return split.train if isinstance(split, Split) else 0.8
