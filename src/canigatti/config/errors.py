"""Messages of a configuration's validation errors, which name its keys."""

from typing import Any

from pydantic import ValidationError

from canigatti.config.known_keys import split_location, suggest_keys
from canigatti.files import InputError

_MESSAGES = {"missing": "this key is required"}
_RENAMED_KEYS = {"thaw": "unfreeze"}
_MAX_LENGTH = 100  # characters of a key or a value in a message


class ConfigError(InputError):
    """The configuration is invalid; the message names the file, the experiment and the key."""


def validation_errors(error: ValidationError, raw: Any, schema: dict[str, Any]) -> list[str]:
    """Return one line per validation error, which names the key; an error in the defaults is reported once.

    Args:
        error: the exception that pydantic raised.
        raw: the configuration as read from the file, before the defaults were applied to the experiments.
        schema: the JSON schema of the configuration.
    """
    lines = {}
    errors = error.errors()
    for details in errors:
        if _follows_from_another(details, errors):
            continue
        location, known = split_location(details["loc"], schema)
        if _comes_from_defaults(location, raw):
            location = ["defaults", *location[2:]]
        key = ".".join(map(_shorten, location))
        lines[key] = _on_one_line(f"{key}: {_message(details, known)}" if key else _message(details, known))
    return list(lines.values())


def _follows_from_another(details: Any, errors: list[Any]) -> bool:
    """Return whether a list has too few items only because its items are invalid, which has errors of its own."""
    place = details["loc"]
    return details["type"] == "too_short" and any(
        len(other["loc"]) > len(place) and other["loc"][: len(place)] == place for other in errors
    )


def _message(details: Any, known: list[str]) -> str:
    if details["type"] == "extra_forbidden":
        key = str(details["loc"][-1])
        if new_key := _RENAMED_KEYS.get(key):
            return f"this key has been renamed to {new_key}"
        return f"unknown key{suggest_keys(key, known)}"
    message = _MESSAGES.get(details["type"], details["msg"].removeprefix("Value error, "))
    if details["type"] == "union_tag_not_found":
        key = details["loc"][-1]
        message = f"the key name is required: this replaces the whole {key}, not only some of its settings"
    if details["type"] == "union_tag_invalid":
        message = f"expected one of the names {details['ctx']['expected_tags']}, received {details['ctx']['tag']!r}"
    if details["type"] == "model_type":
        message = "expected keys with values"
    if isinstance(details["input"], dict):
        return message
    return f"{message} (received {_shorten(repr(details['input']))}{_number_as_text(details)})"


def _number_as_text(details: Any) -> str:
    """Return how to write a number that YAML 1.1, which Snakemake reads for modules, takes for text, such as 1e-3."""
    if details["type"] != "float_type" or not isinstance(details["input"], str):
        return ""
    try:
        number = repr(float(details["input"]))
    except ValueError:
        return ""
    return f"; this is text to YAML; write {number if '.' in number else number.replace('e', '.0e')}"


def _shorten(text: str) -> str:
    return text if len(text) <= _MAX_LENGTH else f"{text[:_MAX_LENGTH]}…"


def _on_one_line(text: str) -> str:
    """Escape line breaks and control characters, which names and values may contain."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def _comes_from_defaults(location: list[str], raw: Any) -> bool:
    if len(location) < 3 or location[0] != "experiments":
        return False
    own = raw["experiments"].get(location[1]) or {}
    return location[2] not in own and location[2] in (raw.get("defaults") or {})
