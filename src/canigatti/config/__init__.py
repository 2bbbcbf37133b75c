"""The configuration of a study: typed, and validated strictly before any job runs."""

from canigatti.config.errors import ConfigError
from canigatti.config.experiment import (
    Augmentation,
    Convolutional,
    EarlyStopping,
    Experiment,
    Network,
    Probabilities,
    SearchSpec,
    Spec,
    Table,
)
from canigatti.config.file_record import ConfigurationRecord, check_owner, names_study, record_owner
from canigatti.config.loading import effective_overrides, load_study, parse_study
from canigatti.config.optimizers import SGD, Adam, Optimizer, RMSprop
from canigatti.config.outline import OutlinedExperiment
from canigatti.config.photos import FROM_FOLDERS, AnySplit, GeneratedPhotos, Photos, Split
from canigatti.config.pretrained import BACKBONES, Head, Pretrained, Weights
from canigatti.config.search import CountRange, Objective, RateRange, Search, Space
from canigatti.config.squares import Resize, Square
from canigatti.config.study import Outline, Study, schema

__all__ = [
    "BACKBONES",
    "FROM_FOLDERS",
    "SGD",
    "Adam",
    "AnySplit",
    "Augmentation",
    "ConfigError",
    "ConfigurationRecord",
    "Convolutional",
    "CountRange",
    "EarlyStopping",
    "Experiment",
    "GeneratedPhotos",
    "Head",
    "Network",
    "Objective",
    "Optimizer",
    "Outline",
    "OutlinedExperiment",
    "Photos",
    "Pretrained",
    "Probabilities",
    "RMSprop",
    "RateRange",
    "Resize",
    "Search",
    "SearchSpec",
    "Space",
    "Spec",
    "Split",
    "Square",
    "Study",
    "Table",
    "Weights",
    "check_owner",
    "effective_overrides",
    "load_study",
    "names_study",
    "parse_study",
    "record_owner",
    "schema",
]
