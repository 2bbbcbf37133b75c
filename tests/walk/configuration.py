"""The configuration of the tiny study, and random edits of it."""

import random
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from edit import Edit, Editor

from canigatti.config import parse_study
from canigatti.files import InputError

Settings = dict[str, Any]

_SEARCH = {"trials": 2, "executions": 1, "epochs": 1, "seed": 7, "space": {"optimizer": ["adam", "sgd", "rmsprop"]}}
_START: Settings = {
    "study": "walk",
    "classes": ["cat", "dog"],
    "photos": {"source": "photos"},
    "splits": {
        "half": {"train": 0.5, "validation": 0.25, "test": 0.25, "seed": 1},
        "most": {"train": 0.6, "validation": 0.2, "test": 0.2},
    },
    "seeds": [1],
    "defaults": {
        "split": "half",
        "image_size": 32,
        "batch_size": 8,
        "epochs": 2,
        "network": {"filters": [4], "dense_units": 4, "dropout": [0.1, 0.1]},
        "optimizer": {"name": "adam", "learning_rate": 0.01},
    },
    "experiments": {"plain": {}, "augmented": {"augment": True}, "found": {"color": "grayscale", "search": _SEARCH}},
}
# Experiments that an edit may add; each trains in seconds.
_MORE: list[Settings] = [
    {},
    {"augment": True},
    {"color": "grayscale"},
    {"split": "most", "color": "grayscale"},
    {"start_from": "plain", "epochs": 1, "optimizer": {"name": "sgd", "learning_rate": 0.01}},
    {"start_from": "plain", "augment": True},
    {"batch_size": 16},
    {"search": _SEARCH},
    {"image_size": 24},
    {"resize": "crop"},
    {"table": "modifications", "network": {"filters": [6], "dense_units": 4, "dropout": [0.1, 0.1]}},
]
_MOST_EXPERIMENTS, _FEWEST_EXPERIMENTS = 4, 2
_NETWORKS = [
    {"filters": [4], "dense_units": 4, "dropout": [0.1, 0.1]},
    {"filters": [6], "dense_units": 4, "dropout": [0.1, 0.1]},
    {"filters": [4, 4], "dense_units": 6, "dropout": [0.1, 0.1, 0.2]},
    {"filters": [4], "dense_units": 4, "dropout": [0.0, 0.0], "batch_normalization": True},
]
_FRACTIONS = [(0.5, 0.25, 0.25), (0.6, 0.2, 0.2), (0.4, 0.3, 0.3), (0.25, 0.25, 0.5)]


@dataclass
class Configuration:
    """A configuration file.

    Attributes:
        settings: its content.
        style: decides the order of keys and the comments.
    """

    file: Path
    settings: Settings = field(default_factory=lambda: deepcopy(_START))
    style: int = 0

    def write(self) -> None:
        """Write the file; a style other than 0 shuffles keys whose order has no meaning, and adds comments."""
        dice = random.Random(self.style)
        text = yaml.safe_dump(_shuffle(self.settings, dice) if self.style else self.settings, sort_keys=False)
        lines = [
            f"{line}  # {dice.random()}" if self.style and dice.random() < 0.2 else line for line in text.split("\n")
        ]
        self.file.write_text("\n".join(lines), encoding="utf-8")

    def accept(self, settings: Settings) -> bool:
        """Write other settings, if they are valid and differ from the present ones."""
        photos = {**settings["photos"], "source": str(self.file.with_name("photos"))}
        try:
            parse_study({**settings, "photos": photos}, self.file.name)
        except InputError:
            return False
        if settings == self.settings and list(settings["experiments"]) == list(self.settings["experiments"]):
            return False
        self.settings = settings
        self.write()
        return True


def _shuffle(settings: Settings, dice: random.Random) -> Settings:
    """Return the settings in another order, except experiments, whose order is that of the tables, and splits."""
    keys = list(settings)
    dice.shuffle(keys)
    return {
        key: {name: _shuffle(one, dice) for name, one in settings[key].items()}
        if key in ("experiments", "splits")
        else _shuffle(settings[key], dice)
        if isinstance(settings[key], dict)
        else settings[key]
        for key in keys
    }


def _changed(configuration: Configuration, dice: random.Random) -> tuple[Settings, Settings, str]:
    """Return a copy of the settings, and a section in it that sets an experiment's keys, with its name."""
    settings = deepcopy(configuration.settings)
    name = dice.choice(["defaults", *settings["experiments"], *settings["experiments"]])
    return settings, settings["defaults"] if name == "defaults" else settings["experiments"][name], name


def _set_key(key: str, values: list[Any]) -> Editor:
    """Return an editor that sets a key of an experiment or of the defaults."""

    def set_key(configuration: Configuration, dice: random.Random) -> Edit | None:
        settings, section, name = _changed(configuration, dice)
        section[key] = deepcopy(dice.choice(values))
        return Edit(f"{name}.{key}: {section[key]}") if configuration.accept(settings) else None

    return set_key


def remove_key(configuration: Configuration, dice: random.Random) -> Edit | None:
    settings, section, name = _changed(configuration, dice)
    if name == "defaults" or not section:
        return None
    key = dice.choice(sorted(section))
    del section[key]
    return Edit(f"{name}: without {key}") if configuration.accept(settings) else None


def change_split(configuration: Configuration, dice: random.Random) -> Edit | None:
    settings = deepcopy(configuration.settings)
    name = dice.choice(list(settings["splits"]))
    fractions = dict(zip(("train", "validation", "test"), dice.choice(_FRACTIONS), strict=True))
    settings["splits"][name].update(dice.choice([fractions, {"seed": dice.randint(1, 3)}]))
    return Edit(f"splits.{name}: {settings['splits'][name]}") if configuration.accept(settings) else None


def change_seeds(configuration: Configuration, dice: random.Random) -> Edit | None:
    settings = deepcopy(configuration.settings)
    settings["seeds"] = [1] if len(settings["seeds"]) > 1 else dice.choice([[1], [2], [1, 2]])
    return Edit(f"seeds: {settings['seeds']}") if configuration.accept(settings) else None


def limit_photos(configuration: Configuration, dice: random.Random) -> Edit | None:
    settings = deepcopy(configuration.settings)
    limit = dice.choice([None, 10, 12])
    settings["photos"].pop("limit_per_class", None)
    settings["photos"] |= {"limit_per_class": limit} if limit else {}
    return Edit(f"photos.limit_per_class: {limit}") if configuration.accept(settings) else None


def exchange_classes(configuration: Configuration, dice: random.Random) -> Edit | None:
    settings = deepcopy(configuration.settings)
    settings["classes"].reverse()
    return Edit(f"classes: {settings['classes']}") if configuration.accept(settings) else None


def change_search(configuration: Configuration, dice: random.Random) -> Edit | None:
    settings = deepcopy(configuration.settings)
    searched = [name for name, one in settings["experiments"].items() if "search" in one]
    if not searched:
        return None
    name, key = dice.choice(searched), dice.choice(["trials", "seed", "epochs", "objective"])
    value = dice.choice(["val_accuracy", "val_loss"]) if key == "objective" else dice.randint(1, 3)
    settings["experiments"][name]["search"] = {**settings["experiments"][name]["search"], key: value}
    return Edit(f"{name}.search.{key}: {value}") if configuration.accept(settings) else None


def add_experiment(configuration: Configuration, dice: random.Random) -> Edit | None:
    settings = deepcopy(configuration.settings)
    if len(settings["experiments"]) >= _MOST_EXPERIMENTS:
        return None
    name = dice.choice(["augmented", "found", "extra", "other"])
    if name in settings["experiments"]:
        return None
    settings["experiments"][name] = deepcopy(dice.choice(_MORE))
    return Edit(f"new experiment {name}: {settings['experiments'][name]}") if configuration.accept(settings) else None


def remove_experiment(configuration: Configuration, dice: random.Random) -> Edit | None:
    settings = deepcopy(configuration.settings)
    if len(settings["experiments"]) <= _FEWEST_EXPERIMENTS:
        return None
    name = dice.choice(list(settings["experiments"]))
    del settings["experiments"][name]
    return Edit(f"without experiment {name}") if configuration.accept(settings) else None


def rename_experiments(configuration: Configuration, dice: random.Random) -> Edit | None:
    """Rename one experiment, or exchange the names of two."""
    settings = deepcopy(configuration.settings)
    old = dice.choice(list(settings["experiments"]))
    new = dice.choice([*settings["experiments"], "renamed", "extra"])
    names = {old: new, new: old}
    experiments = {names.get(name, name): one for name, one in settings["experiments"].items()}
    for one in experiments.values():
        if "start_from" in one:
            one["start_from"] = names.get(one["start_from"], one["start_from"])
    settings["experiments"] = experiments
    return Edit(f"experiment {old} is now {new}") if old != new and configuration.accept(settings) else None


def reorder_experiments(configuration: Configuration, dice: random.Random) -> Edit | None:
    settings = deepcopy(configuration.settings)
    names = list(settings["experiments"])
    dice.shuffle(names)
    settings["experiments"] = {name: settings["experiments"][name] for name in names}
    return Edit(f"order of experiments: {', '.join(names)}") if configuration.accept(settings) else None


def change_style(configuration: Configuration, dice: random.Random) -> Edit:
    configuration.style = dice.randint(1, 10**6)
    configuration.write()
    return Edit("comments and order of keys", reruns_nothing=True)


EDITORS: dict[Editor, int] = {
    _set_key("epochs", [1, 2, 3]): 3,
    _set_key("optimizer", [{"name": "adam", "learning_rate": rate} for rate in (0.005, 0.01, 0.02)]): 3,
    _set_key("network", _NETWORKS): 2,
    _set_key("batch_size", [8, 16]): 1,
    _set_key("color", ["rgb", "grayscale"]): 1,
    _set_key("image_size", [24, 32]): 1,
    _set_key("resize", ["squeeze", "crop", "pad"]): 1,
    _set_key("augment", [False, True]): 1,
    _set_key("augmentation", [{"zoom": 0.1}, {"zoom": 0.2}]): 1,
    _set_key("early_stopping", [{"patience": 1}, {"patience": 5}]): 1,
    _set_key("schedule", [None, {"name": "cosine"}, {"name": "plateau", "patience": 1}]): 1,
    _set_key("class_weight", [None, "balanced"]): 1,
    _set_key("label_smoothing", [0.0, 0.1]): 1,
    _set_key("split", ["half", "most"]): 2,
    _set_key("table", ["base", "modifications", "ablations"]): 2,
    remove_key: 3,
    change_split: 2,
    change_seeds: 1,
    limit_photos: 2,
    exchange_classes: 1,
    change_search: 2,
    add_experiment: 4,
    remove_experiment: 3,
    rename_experiments: 3,
    reorder_experiments: 2,
    change_style: 4,
}
