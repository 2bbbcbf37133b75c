"""How the templates of the page are filled, and which scripts it may run."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment

from canigatti.pages import source_hash, template_environment
from canigatti.report.notes import (
    DIVERGED_NOTE,
    GAVE_UP_NOTE,
    RANDOM_INITIALIZATION,
    RANDOM_INITIALIZATION_NOTE,
    STANDING_SO_FAR,
)
from canigatti.report.texts import LEFT_ALIGNED, count_noun, count_range, duration, percent_with_interval

_FOLDER = Path(__file__).parent
_SCRIPTS = ("sorting.js", "printing.js")  # without them, the page is complete, and its tables are plain


@dataclass(frozen=True)
class Script:
    """A script inside the page, and the hash by which the page's policy allows it."""

    text: str
    hash: str


def scripts() -> list[Script]:
    """Return the scripts of the page, each in a function of its own, so that none sees the names of another."""
    texts = [f"(() => {{\n{(_FOLDER / name).read_text(encoding='utf-8')}}})();\n" for name in _SCRIPTS]
    return [Script(text, source_hash(text)) for text in texts]


@cache
def environment() -> Environment:
    """Return the environment of the templates, with all that every one of them may use."""
    made = template_environment(_FOLDER)
    made.filters |= {"duration": duration, "count_noun": count_noun}
    made.filters |= {"count_range": count_range}
    made.globals |= {
        "left_aligned": LEFT_ALIGNED,
        "percent_with_interval": percent_with_interval,
        "random_initialization": RANDOM_INITIALIZATION,
        "random_initialization_note": RANDOM_INITIALIZATION_NOTE,
        "diverged_note": DIVERGED_NOTE,
        "standing_so_far": STANDING_SO_FAR,
        "gave_up_note": GAVE_UP_NOTE,
    }
    return made
