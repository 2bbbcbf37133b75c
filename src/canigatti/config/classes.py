"""The names of the classes: how many there are, and which texts can be one."""

import shlex
import unicodedata
from collections.abc import Sequence

MAX_CLASSES = 1_000
UNEQUAL_RATIO = 1.5  # of the largest and the smallest class above which accuracy is about the larger classes
_MAX_LENGTH = 100  # characters; a class name is in the names of files and in figures
_MAX_QUOTED = 100_000  # bytes of all names in a command line; Linux allows 131,072 in one argument of a shell


def class_key(name: str) -> str:
    """Return a key that is equal for all spellings of a class name; macOS stores accents decomposed."""
    return unicodedata.normalize("NFC", name).strip().casefold()


def check_class_name(name: str) -> None:
    """Check that a text can be shown as the name of a class.

    Raises:
        ValueError: it is empty, too long or not printable; the message quotes it.
    """
    if not name.strip() or not name.isprintable() or len(name) > _MAX_LENGTH:
        raise ValueError(f"expected names of at most {_MAX_LENGTH} printable characters, received {_quote(name)}")


def check_class_count(count: int) -> None:
    """Check the number of classes.

    Raises:
        ValueError: there are fewer than 2 or more than 1,000.
    """
    if not 2 <= count <= MAX_CLASSES:
        raise ValueError(f"expected 2 to {MAX_CLASSES:,} names, received {count:,}")


def check_configured_classes(names: Sequence[str]) -> None:
    """Check the configured names of the classes; label 0 first.

    Raises:
        ValueError: there are too few or too many, two differ at most in case or Unicode form, or one cannot be the name
            of a class; the message quotes it.
    """
    check_class_count(len(names))
    first: dict[str, str] = {}
    for name in names:
        check_class_name(name)
        key = class_key(name)
        if key in first or {"/", "."} & set(name):
            received = f"{_quote(first[key])} and {_quote(name)}" if key in first else _quote(name)
            raise ValueError(f"expected different names without '/' or '.', received {received}")
        first[key] = name
    if len(shlex.join(names).encode()) > _MAX_QUOTED:
        raise ValueError(
            f"expected names of at most {_MAX_QUOTED:,} bytes together; shorten them, or leave them out to use the "
            "names of the folders"
        )


def _quote(name: str) -> str:
    return repr(name[:_MAX_LENGTH])
