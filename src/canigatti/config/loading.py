"""Loading the configuration file."""

import re
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from canigatti.config.errors import ConfigError, validation_errors
from canigatti.config.study import Study


class _Loader(yaml.SafeLoader):
    """A YAML loader that rejects duplicate keys and reads 1e-4 as a number."""


def _mapping_without_duplicates(loader: _Loader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    seen: set[Hashable] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node)
        if key in seen and key_node.value != "<<":
            raise ConfigError(f"line {key_node.start_mark.line + 1}: duplicate key {key!r}")
        seen.add(key)
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_without_duplicates)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9][0-9_]*(\.[0-9_]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def load_study(path: Path, overrides: Sequence[str] = ()) -> Study:
    """Read and validate a configuration file.

    Args:
        path: the YAML file.
        overrides: `key=value` texts (Snakemake's `--config`) with values in YAML; they replace entries of the file,
            key by key at every level.

    Raises:
        ConfigError: the file is missing, is not YAML, or is invalid; the message has one line per validation error,
            which names the file and the key.
    """
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), _Loader)
        raw = _override(raw, _parse_overrides(overrides))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ConfigError) as error:
        raise ConfigError(f"{path}: {error}") from None
    return parse_study(raw, str(path))


def parse_study(raw: Any, origin: str) -> Study:
    """Validate a configuration in memory, such as the one that an importing workflow passes to its module.

    Args:
        raw: the parsed content of a configuration file.
        origin: where it comes from, for error messages.

    Raises:
        ConfigError: the configuration is invalid; see :func:`load_study`.
    """
    try:
        study = Study.model_validate(raw)
        _check_local_files(study)
    except ValidationError as error:
        raise ConfigError("\n".join(f"{origin}: {line}" for line in validation_errors(error, raw))) from None
    except ConfigError as error:
        raise ConfigError(f"{origin}: {error}") from None
    return study


def _parse_overrides(entries: Sequence[str]) -> dict[str, Any]:
    """Parse the values as YAML; Snakemake's own parser turns numbers inside mappings into text."""
    parsed = {}
    for entry in entries:
        key, _, value = entry.partition("=")
        try:
            parsed[key] = yaml.load(value, _Loader)
        except (yaml.YAMLError, ConfigError) as error:
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


def _check_local_files(study: Study) -> None:
    source = study.photos.source
    if source and not study.photos.is_remote and not Path(source).exists():
        raise ConfigError(f"photos.source: no such file or folder: {source!r}")
    for backbone, weights in study.weights.items():
        if weights.source != "imagenet" and not Path(weights.source).is_file():
            raise ConfigError(
                f"weights.{backbone}: no such file: {weights.source!r}; put the weights there, or use imagenet"
            )
