"""Telling what is wrong with a configuration, in terms of its own keys."""

from typing import Any

from pydantic import ValidationError

from canigatti.files import InputError

PLAIN_WORDS = {
    "extra_forbidden": "unknown key",
    "missing": "this key is required",
    "union_tag_not_found": "its name is required: it takes the place of a whole optimizer, not of one of its settings",
}


class ConfigError(InputError):
    """The configuration cannot be used; the message names the file, the experiment and the key."""


def faults(error: ValidationError, raw: Any) -> list[str]:
    """One line a fault, naming its key; a fault in the defaults is told once, not once for every experiment.

    Args:
        error: what pydantic found.
        raw: the configuration as it was read, before the defaults were spread over the experiments.
    """
    told = {}
    for fault in error.errors():
        location = [str(part) for part in fault["loc"]]
        if _comes_from_defaults(location, raw):
            location = ["defaults", *location[2:]]
        message = PLAIN_WORDS.get(fault["type"], fault["msg"].removeprefix("Value error, "))
        if fault["type"] == "union_tag_invalid":
            message = f"expected one of the names {fault['ctx']['expected_tags']}, received {fault['ctx']['tag']!r}"
        received = "" if isinstance(fault["input"], dict) else f" (received {fault['input']!r})"
        where = ".".join(location)
        told[where] = _on_one_line(f"{where}: {message}{received}" if where else f"{message}{received}")
    return list(told.values())


def _on_one_line(text: str) -> str:
    """Names and values may hold line feeds and worse."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def _comes_from_defaults(location: list[str], raw: Any) -> bool:
    if len(location) < 3 or location[0] != "experiments":
        return False
    own = raw["experiments"].get(location[1]) or {}
    return location[2] not in own and location[2] in (raw.get("defaults") or {})
