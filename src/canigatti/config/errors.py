"""Messages of a configuration's validation errors, which name its keys."""

from typing import Any

from pydantic import ValidationError

from canigatti.files import InputError

_MESSAGES = {
    "extra_forbidden": "unknown key",
    "missing": "this key is required",
}
_RENAMED_KEYS = {"thaw": "unfreeze"}
_MAX_LENGTH = 100  # characters of a key or a value in a message


class ConfigError(InputError):
    """The configuration is invalid; the message names the file, the experiment and the key."""


def validation_errors(error: ValidationError, raw: Any) -> list[str]:
    """Return one line per validation error, which names the key; an error in the defaults is reported once.

    Args:
        error: the exception that pydantic raised.
        raw: the configuration as read from the file, before the defaults were applied to the experiments.
    """
    lines = {}
    errors = error.errors()
    for details in errors:
        if _follows_from_another(details, errors):
            continue
        location = [str(part) for part in details["loc"] if not _is_tag(part)]
        if _comes_from_defaults(location, raw):
            location = ["defaults", *location[2:]]
        key = ".".join(map(_shorten, location))
        lines[key] = _on_one_line(f"{key}: {_message(details)}" if key else _message(details))
    return list(lines.values())


def _is_tag(part: Any) -> bool:
    """Return whether a part of a location is a member of a union and not a key, see `AnySplit`."""
    return part in ("<fractions>", "<from-folders>")


def _follows_from_another(details: Any, errors: list[Any]) -> bool:
    """Return whether a list has too few items only because its items are invalid, which has errors of its own."""
    place = details["loc"]
    return details["type"] == "too_short" and any(
        len(other["loc"]) > len(place) and other["loc"][: len(place)] == place for other in errors
    )


def _message(details: Any) -> str:
    if details["type"] == "extra_forbidden" and (new_key := _RENAMED_KEYS.get(str(details["loc"][-1]))):
        return f"this key has been renamed to {new_key}"
    message = _MESSAGES.get(details["type"], details["msg"].removeprefix("Value error, "))
    if details["type"] == "union_tag_not_found":
        key = details["loc"][-1]
        message = f"the key name is required: this replaces the whole {key}, not only some of its settings"
    if details["type"] == "union_tag_invalid":
        message = f"expected one of the names {details['ctx']['expected_tags']}, received {details['ctx']['tag']!r}"
    if details["type"] == "model_type":
        message = "expected keys with values"
    return message if isinstance(details["input"], dict) else f"{message} (received {_shorten(repr(details['input']))})"


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
