"""Loading the configuration file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from canigatti.config.errors import ConfigError, validation_errors
from canigatti.config.strict_yaml import parse_yaml, read_yaml
from canigatti.config.study import Study, schema
from canigatti.files import is_csv


def load_study(path: Path, overrides: Sequence[str] | Mapping[str, Any] = (), photos_exist: bool = True) -> Study:
    """Read and validate a configuration file.

    Args:
        path: the YAML file.
        overrides: `key=value` texts (Snakemake's `--config`) with values in YAML, or parsed entries; they replace
            entries of the file, key by key at every level.
        photos_exist: see :func:`parse_study`.

    Raises:
        ConfigError: the file is missing, is not YAML, or is invalid; the message has one line per validation error,
            which names the file and the key.
    """
    try:
        raw = _override(read_yaml(path), _parse_overrides(overrides))
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    return parse_study(raw, str(path), photos_exist)


def effective_overrides(path: Path, overrides: Sequence[str]) -> list[str]:
    """Return the overrides without those that repeat what the configuration file says.

    Args:
        path: the YAML file.
        overrides: as for :func:`load_study`, which accepts both.
    """
    raw = read_yaml(path) if overrides else None
    return [entry for entry in overrides if _override(raw, _parse_overrides([entry])) != raw]


def parse_study(raw: Any, origin: str, photos_exist: bool = True) -> Study:
    """Validate a configuration in memory, such as the one that an importing workflow passes to its module.

    Args:
        raw: the parsed content of a configuration file.
        origin: where it comes from, for error messages.
        photos_exist: whether a local source of photos must exist; a rule of an importing workflow may make it.

    Raises:
        ConfigError: the configuration is invalid; see :func:`load_study`.
    """
    try:
        study = Study.model_validate(raw)
        _check_local_files(study, photos_exist)
    except ValidationError as error:
        raise ConfigError("\n".join(f"{origin}: {line}" for line in validation_errors(error, raw, schema()))) from None
    except ConfigError as error:
        raise ConfigError(f"{origin}: {error}") from None
    return study


def _parse_overrides(entries: Sequence[str] | Mapping[str, Any]) -> dict[str, Any]:
    """Parse the values as YAML; Snakemake's own parser turns numbers inside mappings into text."""
    if isinstance(entries, Mapping):
        return dict(entries)
    parsed = {}
    for entry in entries:
        key, _, value = entry.partition("=")
        try:
            parsed[key] = parse_yaml(value)
        except ConfigError as error:
            raise ConfigError(f"--config {entry}: {error}") from None
    return parsed


def _override(raw: Any, overrides: dict[str, Any]) -> Any:
    if not isinstance(raw, dict):
        return raw
    merged = dict(raw)
    for key, value in overrides.items():
        merged[key] = (
            _override(raw.get(key), value) if isinstance(value, dict) and isinstance(raw.get(key), dict) else value
        )
    return merged


def _check_local_files(study: Study, photos_exist: bool) -> None:
    source = study.photos.source
    if photos_exist and source and not study.photos.is_remote and not Path(source).exists():
        raise ConfigError(f"photos.source: no such file or folder: {source!r}")
    groups = study.photos.groups
    if groups and is_csv(groups) and not Path(groups).is_file():
        raise ConfigError(f"photos.groups: no such file: {groups!r}")
    corrections = study.photos.corrections
    if corrections and not Path(corrections).is_file():
        raise ConfigError(f"photos.corrections: no such file: {corrections!r}")
    for backbone, weights in study.weights.items():
        if weights.source != "imagenet" and not Path(weights.source).is_file():
            raise ConfigError(
                f"weights.{backbone}: no such file: {weights.source!r}; put the weights there, or use imagenet"
            )
