"""An edit, and the choice of one."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_ATTEMPTS = 200


@dataclass(frozen=True)
class Edit:
    """What a step has changed.

    Attributes:
        text: describes it, with the names of files.
        reruns_nothing: whether no job may run because of it.
    """

    text: str
    reruns_nothing: bool = False


# Changes something and describes it; None if that is not possible now.
Editor = Callable[[Any, random.Random], Edit | None]


def apply_one(editors: Mapping[Editor, int], subject: Any, dice: random.Random) -> Edit:
    """Draw editors by their weights until one is possible, and return its edit."""
    for _ in range(_ATTEMPTS):
        (editor,) = dice.choices(list(editors), list(editors.values()))
        if edit := editor(subject, dice):
            return edit
    raise RuntimeError("no edit is possible")
