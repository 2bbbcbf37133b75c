"""Strict YAML: no duplicate keys, 1e-4 is a number, the size is limited, and an error is one line."""

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from canigatti.config.errors import ConfigError

# A thousand experiments take a tenth of these. Aliases can make a few lines stand for billions of values.
_MAX_BYTES = 1_000_000
_MAX_VALUES = 1_000_000


class _Loader(yaml.SafeLoader):
    """A YAML loader that rejects duplicate keys and reads 1e-4 as a number."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:  # an integer of thousands of digits, or a date that does not exist
            raise ConfigError(f"line {node.start_mark.line + 1}: a value cannot be read ({error})") from None


def _mapping_without_duplicates(loader: _Loader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    seen: set[Hashable] = set()
    for key_node, _ in node.value:
        is_merge = key_node.tag == "tag:yaml.org,2002:merge"
        key = "<<" if is_merge else loader.construct_object(key_node, deep=True)
        if not isinstance(key, Hashable):
            raise ConfigError(f"line {key_node.start_mark.line + 1}: expected text as a key, received a {key_node.id}")
        if key in seen:
            raise ConfigError(f"line {key_node.start_mark.line + 1}: duplicate key {key!r}")
        seen.add(key)
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_without_duplicates)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9][0-9_]*(\.[0-9_]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def read_yaml(path: Path) -> Any:
    """Return the content of a YAML file.

    Raises:
        ConfigError: the file is not a regular file of at most 1 MB in UTF-8, or its content is rejected by
            :func:`parse_yaml`; the message is one line.
    """
    try:
        if path.exists() and not path.is_file():
            raise ConfigError("expected a file")
        if path.stat().st_size > _MAX_BYTES:
            raise ConfigError(f"expected at most {_MAX_BYTES:,} bytes, received {path.stat().st_size:,}")
        return parse_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(error.strerror or str(error)) from None
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"expected text in UTF-8, received byte 0x{error.object[error.start]:02x} at position {error.start}; "
            "save the file as UTF-8"
        ) from None


def parse_yaml(text: str) -> Any:
    """Parse a YAML text.

    Raises:
        ConfigError: the text is not valid YAML, has duplicate keys, is nested too deeply, or stands for more than a
            million values; the message is one line.
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        _check_size(node)
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise ConfigError(f"{where}{error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise ConfigError(" ".join(str(error).split())) from None
    except RecursionError:
        raise ConfigError("the content is nested too deeply") from None


def _check_size(root: yaml.Node) -> None:
    """Count the values that the document stands for, with each alias replaced by what it refers to."""
    sizes: dict[int, int] = {}

    def size(node: yaml.Node) -> int:
        if id(node) not in sizes:
            sizes[id(node)] = _MAX_VALUES + 1  # of an alias inside the value that it refers to: endless
            parts = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
            sizes[id(node)] = 1 + sum(map(size, parts)) if isinstance(node, yaml.CollectionNode) else 1
        return sizes[id(node)]

    if size(root) > _MAX_VALUES:
        line = root.start_mark.line + 1
        raise ConfigError(f"line {line}: aliases (*name) stand for more than {_MAX_VALUES:,} values, or for themselves")
