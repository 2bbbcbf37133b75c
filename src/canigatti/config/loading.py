"""Reading the configuration file."""

import re
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from canigatti.config.errors import ConfigError, faults
from canigatti.config.study import Photos, Study


class _Loader(yaml.SafeLoader):
    """YAML that refuses a key given twice and reads 1e-4 as the number it looks like."""


def _mapping_without_duplicates(loader: _Loader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    seen: set[Hashable] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node)
        if key in seen and key_node.value != "<<":
            raise ConfigError(f"line {key_node.start_mark.line + 1}: the key {key!r} is given twice")
        seen.add(key)
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_without_duplicates)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9][0-9_]*(\.[0-9_]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def load_study(path: Path, overrides: Sequence[str] = ()) -> Study:
    """Read and check a configuration file.

    Args:
        path: the YAML file.
        overrides: `key=value` texts (Snakemake's `--config`), the values YAML; they take the place of the file's own
            entries, key by key at every depth.

    Raises:
        ConfigError: the file is missing, is not YAML, or says something that no study can mean; the message has one
            line for each fault, naming the file and the key.
    """
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ConfigError) as error:
        raise ConfigError(f"{path}: {error}") from None
    try:
        raw = _overridden(raw, _parse_overrides(overrides))
        study = Study.model_validate(raw)
        _check_source(study.photos)
    except ValidationError as error:
        raise ConfigError("\n".join(f"{path}: {fault}" for fault in faults(error, raw))) from None
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    return study


def _parse_overrides(entries: Sequence[str]) -> dict[str, Any]:
    """Snakemake's own reading would make text of every number inside a mapping."""
    parsed = {}
    for entry in entries:
        key, _, value = entry.partition("=")
        try:
            parsed[key] = yaml.load(value, _Loader)
        except (yaml.YAMLError, ConfigError) as error:
            raise ConfigError(f"--config {entry}: {error}") from None
    return parsed


def _overridden(raw: Any, overrides: dict[str, Any]) -> Any:
    if not isinstance(raw, dict):
        return raw
    merged = dict(raw)
    for key, value in overrides.items():
        merged[key] = (
            _overridden(raw.get(key), value) if isinstance(value, dict) and isinstance(raw.get(key), dict) else value
        )
    return merged


def _check_source(photos: Photos) -> None:
    if photos.source and not photos.is_remote and not Path(photos.source).exists():
        raise ConfigError(f"photos.source: there is no file or folder {photos.source!r}")
