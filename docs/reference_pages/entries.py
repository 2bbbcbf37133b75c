"""What a page of the reference consists of."""

import re
from typing import NamedTuple


class Entry(NamedTuple):
    """A row of the reference: a key, an option, a field or a column."""

    name: str
    kind: str
    default: str
    description: str


class Section(NamedTuple):
    """A part of a page of the reference; `places` says where its entries are written."""

    title: str
    places: tuple[str, ...]
    description: str
    entries: tuple[Entry, ...]


def anchor(prefix: str, name: str) -> str:
    """Return the name by which other pages link to a section."""
    return re.sub(r"\W+", "-", f"{prefix}-{name.lower()}").strip("-")
