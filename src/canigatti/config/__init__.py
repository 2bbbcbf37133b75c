"""The study as its configuration file says it: typed, strict, and checked before any work starts."""

from canigatti.config.experiment import (
    SGD,
    Adam,
    Augmentation,
    Convolutional,
    EarlyStopping,
    Experiment,
    Network,
    Optimizer,
    Probabilities,
    RMSprop,
    Spec,
)
from canigatti.config.faults import ConfigError
from canigatti.config.pretrained import BACKBONES, Head, Pretrained, Weights
from canigatti.config.reading import load_study
from canigatti.config.study import GeneratedPhotos, Photos, Split, Study, schema

__all__ = [
    "BACKBONES",
    "SGD",
    "Adam",
    "Augmentation",
    "ConfigError",
    "Convolutional",
    "EarlyStopping",
    "Experiment",
    "GeneratedPhotos",
    "Head",
    "Network",
    "Optimizer",
    "Photos",
    "Pretrained",
    "Probabilities",
    "RMSprop",
    "Spec",
    "Split",
    "Study",
    "Weights",
    "load_study",
    "schema",
]
