"""Settings that all experiments share, and settings that differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from canigatti.config import Spec
from canigatti.report.notes import ABSENT


@dataclass(frozen=True)
class Settings:
    """Settings of several experiments, as texts.

    Attributes:
        shared: name and value of each setting that has the same value in all experiments that have this setting.
        differing: names of the other settings.
        rows: name of each experiment, and its value of each differing setting.
    """

    shared: list[tuple[str, str]]
    differing: list[str]
    rows: list[tuple[str, list[str]]]


def compare_settings(specs: Sequence[tuple[str, Spec]]) -> Settings:
    """Separate the settings that the named experiments share from those that differ."""
    flat = {experiment: flattened(spec) for experiment, spec in specs}
    names = list(dict.fromkeys(name for settings in flat.values() for name in settings))
    found = {name: [settings[name] for settings in flat.values() if name in settings] for name in names}
    shared = [name for name in names if len(set(found[name])) == 1]
    differing = [name for name in names if name not in shared]
    return Settings(
        shared=[(name, found[name][0]) for name in shared],
        differing=differing,
        rows=[(name, [settings.get(key, ABSENT) for key in differing]) for name, settings in flat.items()],
    )


def flattened(spec: Spec) -> dict[str, str]:
    """Return all settings of an experiment as texts, by their names; those of nested ones have a comma."""
    fields = spec.model_dump(mode="json", exclude={"augment"})
    augmentation = fields.pop("augmentation")
    flat = _leaves(fields, "") | {"augmented": "no" if augmentation is None else "yes"}
    return flat | _leaves(augmentation or {}, "augmentation, ")


def _leaves(fields: dict[str, Any], prefix: str) -> dict[str, str]:
    leaves: dict[str, str] = {}
    for key, value in fields.items():
        name = prefix + key.replace("_", " ")
        leaves |= _leaves(value, f"{name}, ") if isinstance(value, dict) else {name: _text(value)}
    return leaves


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: ABSENT}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)
