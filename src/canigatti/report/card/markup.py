"""Markdown: text that may contain anything, and tables."""

import re
from collections.abc import Iterable, Sequence

from canigatti.report.texts import enumerate_words

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~$&])")
_MAX_LISTED = 6  # classes that a sentence lists


def plain(text: str) -> str:
    """Return a text that Markdown shows as it is: one line, without markup, HTML, formulas or table cells."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table whose first column is text and whose others are numbers.

    Args:
        headings: of the columns.
        rows: cells, in which special characters are escaped, see :func:`plain`.
    """
    rule = ["---", *["---:"] * (len(headings) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (headings, rule, *rows))


def items(sentences: Iterable[str]) -> str:
    """Return a Markdown list of the sentences that are not empty."""
    return "\n".join(f"- {sentence}" for sentence in sentences if sentence)


def list_classes(classes: Sequence[str]) -> str:
    """Return the names of the classes as a list in a sentence, or their number if there are many."""
    if len(classes) > _MAX_LISTED:
        return f"{len(classes):,} classes"
    return enumerate_words([plain(name) for name in classes])
