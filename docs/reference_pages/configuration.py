"""The keys of a configuration file, from its JSON schema."""

import json
from collections.abc import Iterator
from typing import Any

from canigatti.config import schema
from reference_pages.entries import Entry, Section, anchor

_LIMITS = {
    "minimum": "at least {:g}",
    "exclusiveMinimum": "above {:g}",
    "maximum": "at most {:g}",
    "exclusiveMaximum": "below {:g}",
    "minItems": "{:g} or more items",
}
_WIDEST_LIMIT = 2**31  # larger ones are those of the computer


def configuration_sections() -> list[Section]:
    """Return the keys of a configuration file: first the file's, then those of its parts, from the top."""
    whole = schema()
    definitions, places = whole["$defs"], _places(whole)
    return [
        _configuration_section("Study", whole, ("the file itself",)),
        *(_configuration_section(name, definitions[name], tuple(found)) for name, found in places.items()),
    ]


def _configuration_section(name: str, part: dict[str, Any], places: tuple[str, ...]) -> Section:
    required = part.get("required", ())
    entries = tuple(
        Entry(key, _type_of(value), "" if key in required else _default_of(value), value.get("description", ""))
        for key, value in part.get("properties", {}).items()
    )
    return Section(name, places, part.get("description", ""), entries)


def _places(whole: dict[str, Any]) -> dict[str, list[str]]:
    """Return where each definition of the schema is used, such as `experiments.<name>.network`."""
    found: dict[str, list[str]] = {}
    waiting = [("", whole)]
    while waiting:
        path, part = waiting.pop(0)
        for key, value in part.get("properties", {}).items():
            place = f"{path}.{key}".strip(".")
            for name, inside in _references(value, place):
                if f"`{inside}`" not in found.setdefault(name, []):
                    found[name].append(f"`{inside}`")
                    if len(found[name]) == 1:
                        waiting.append((inside, whole["$defs"][name]))
    return found


def _references(part: Any, place: str) -> Iterator[tuple[str, str]]:
    """Yield the definitions that a part of the schema refers to, with the place that they describe."""
    if isinstance(part, list):
        for one in part:
            yield from _references(one, place)
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"].rsplit("/", 1)[-1], place
        for key in ("anyOf", "oneOf", "items", "prefixItems"):
            yield from _references(part.get(key), place)
        if values := _values_of(part):
            yield from _references(values, f"{place}.<name>")


def _values_of(part: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of the values of a mapping, whose keys are names."""
    values = part.get("additionalProperties") or next(iter(part.get("patternProperties", {}).values()), {})
    return values if isinstance(values, dict) else {}


def _type_of(part: dict[str, Any]) -> str:
    if "$ref" in part:
        name = part["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{anchor('config', name)})"
    if members := part.get("anyOf") or part.get("oneOf"):
        return " or ".join(dict.fromkeys(map(_type_of, members)))
    if "const" in part or "enum" in part:
        return ", ".join(f"`{value}`" for value in part.get("enum", [part.get("const")]))
    limits = [text.format(part[key]) for key, text in _LIMITS.items() if abs(part.get(key, 2**63)) < _WIDEST_LIMIT]
    return ", ".join([_plain_type(part), *limits])


def _plain_type(part: dict[str, Any]) -> str:
    kind = part.get("type", "")
    if kind == "array":
        items = part.get("items") or (part.get("prefixItems") or [{}])[0]
        return f"list of {_type_of(items)}" if _type_of(items) else "list"
    if kind == "object":
        return f"mapping of names to {_type_of(_values_of(part))}"
    if isinstance(kind, list):
        return " or ".join(kind)
    return {"string": "text", "boolean": "true or false", "null": "null"}.get(kind, kind)


def _default_of(part: dict[str, Any]) -> str:
    value = part.get("default")
    if isinstance(value, dict) and value:
        return "its own defaults"
    is_plain = isinstance(value, str | int | float) and not isinstance(value, bool)
    return f"`{value if is_plain else json.dumps(value, ensure_ascii=False)}`"
