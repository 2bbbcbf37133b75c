"""The study as its configuration file says it: typed, strict, and checked before any work starts."""

from canigatti.config.experiment import (
    SGD,
    Adam,
    Augmentation,
    Convolutional,
    EarlyStopping,
    Experiment,
    Optimizer,
    Probabilities,
    RMSprop,
    Spec,
    Table,
)
from canigatti.config.faults import ConfigError
from canigatti.config.reading import load_study
from canigatti.config.study import GeneratedPhotos, Photos, Split, Study, schema

__all__ = [
    "SGD",
    "Adam",
    "Augmentation",
    "ConfigError",
    "Convolutional",
    "EarlyStopping",
    "Experiment",
    "GeneratedPhotos",
    "Optimizer",
    "Photos",
    "Probabilities",
    "RMSprop",
    "Spec",
    "Split",
    "Study",
    "Table",
    "load_study",
    "schema",
]
