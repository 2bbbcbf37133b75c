"""The keys that a configuration may have at a place, from its JSON schema."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any

_MAX_LISTED = 12  # keys that a message lists
_TAGS = ("<convolutional>", "<pretrained>", "<fractions>", "<from-folders>")  # members of `Network` and of `AnySplit`


def split_location(location: Sequence[str | int], schema: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the keys of a location, and the keys that may stand beside the last one.

    Args:
        location: of a validation error of pydantic, which names the members of unions between the keys.
        schema: the JSON schema of the whole configuration.
    """
    keys, places = [], [schema]
    siblings: list[str] = []
    for part in location:
        if part in _TAGS:
            continue
        branches = [branch for place in places for branch in _branches(place, schema)]
        members = [
            _resolve({"$ref": reference}, schema)
            for branch in branches
            if (reference := branch.get("discriminator", {}).get("mapping", {}).get(part))
        ]
        if members:
            places = members
            continue
        keys.append(str(part))
        siblings = sorted({key for branch in branches for key in branch.get("properties", {})})
        places = [child for branch in branches for child in _children(branch, part)]
    return keys, siblings


def suggest_keys(unknown: str, known: Sequence[str]) -> str:
    """Return what to write instead of an unknown key, as the end of a message; empty if nothing is similar."""
    if similar := get_close_matches(unknown, known, n=1):
        return f"; did you mean {similar[0]}?"
    return f"; expected {', '.join(known)}" if 0 < len(known) <= _MAX_LISTED else ""


def _branches(place: dict[str, Any], schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a part of the schema, and the members of its unions."""
    resolved = _resolve(place, schema)
    yield resolved
    for union in ("anyOf", "oneOf"):
        for member in resolved.get(union, ()):
            yield from _branches(member, schema)


def _resolve(place: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    reference = place.get("$ref")
    return schema["$defs"][reference.rpartition("/")[2]] if reference else place


def _children(branch: dict[str, Any], part: str | int) -> Iterator[dict[str, Any]]:
    if child := branch.get("properties", {}).get(part):
        yield child
    yield from branch.get("patternProperties", {}).values()
    if items := branch.get("items"):
        yield items
