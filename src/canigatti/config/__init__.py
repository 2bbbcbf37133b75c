"""The configuration of a study: typed, and validated strictly before any job runs."""

from canigatti.config.audit import Audit
from canigatti.config.augmentation import Augmentation, Probabilities
from canigatti.config.basis import Pooling, Precision
from canigatti.config.errors import ConfigError
from canigatti.config.experiment import EarlyStopping, Experiment, SearchSpec, Spec, Table
from canigatti.config.file_record import ConfigurationRecord, check_owner, names_study, read_owner, record_owner
from canigatti.config.learning_curve import LearningCurve
from canigatti.config.loading import effective_overrides, load_study, parse_study
from canigatti.config.networks import Convolutional, Network
from canigatti.config.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop
from canigatti.config.outline import Outline, OutlinedCurve, OutlinedExperiment, RankBy
from canigatti.config.photos import FROM_FOLDERS, AnySplit, GeneratedPhotos, Photos, Split
from canigatti.config.pretrained import BACKBONES, Head, Pretrained, Weights
from canigatti.config.schedules import Cosine, Plateau, Schedule
from canigatti.config.search import CountRange, HeadSpace, LogRange, Method, Objective, RateRange, Search, Space
from canigatti.config.squares import Resize, Square, most_viewable
from canigatti.config.study import Study, schema

__all__ = [
    "BACKBONES",
    "FROM_FOLDERS",
    "SGD",
    "Adam",
    "AdamW",
    "AnySplit",
    "Audit",
    "Augmentation",
    "ConfigError",
    "ConfigurationRecord",
    "Convolutional",
    "Cosine",
    "CountRange",
    "EarlyStopping",
    "Experiment",
    "GeneratedPhotos",
    "Head",
    "HeadSpace",
    "LearningCurve",
    "LogRange",
    "Method",
    "Network",
    "Objective",
    "Optimizer",
    "Outline",
    "OutlinedCurve",
    "OutlinedExperiment",
    "Photos",
    "Plateau",
    "Pooling",
    "Precision",
    "Pretrained",
    "Probabilities",
    "RMSprop",
    "RankBy",
    "RateRange",
    "Resize",
    "Schedule",
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
    "most_viewable",
    "names_study",
    "parse_study",
    "read_owner",
    "record_owner",
    "schema",
]
