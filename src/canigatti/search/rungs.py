"""The rungs of successive halving: how many trials reach each, after how many epochs, and which.

All trials are trained for a few epochs; the best of them continue, up to a multiple of the epochs, and so on (Jamieson
and Talwalkar, 2016; Li et al., 2018, whose Hyperband is several such searches). The number of trials in a rung is known
before any is trained; which they are is in the file of the promotion.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from canigatti.config import Search
from canigatti.files import InputError
from canigatti.search.records import Promotion
from canigatti.search.space import size


@dataclass(frozen=True)
class Rung:
    """A rung of a search.

    Attributes:
        number: from 1.
        epochs: number of epochs after which its trials are compared.
        trials: number of its trials.
    """

    number: int
    epochs: int
    trials: int


def trial_count(search: Search) -> int:
    """Return the number of trials of a search, which the number of combinations limits."""
    return min(search.trials, size(search.space))


def rungs_of(search: Search) -> list[Rung]:
    """Return the rungs of a search by halving, the first one first; none for other methods.

    One of `factor` trials reaches the next rung, rounded down, and at least one.
    """
    return [
        Rung(number, epochs, max(1, trial_count(search) // search.option("factor") ** (number - 1)))
        for number, epochs in enumerate(search.rung_epochs, start=1)
    ]


def promotion_file(folder: Path, rung: int) -> Path:
    """Return the file with the trials of a rung.

    Args:
        folder: results/<study>/search/<experiment>.
        rung: number of the rung, from 2.
    """
    return folder / f"rung{rung}" / "promoted.json"


def result_file(folder: Path, rung: int, trial: int, execution: int) -> Path:
    """Return the file with the result of an execution in a rung; its state is next to it (.npz).

    Args:
        folder: results/<study>/search/<experiment>.
        rung: number of the rung, from 1.
        trial: number of the trial, from 1.
        execution: number of the execution, from 1.
    """
    return folder / f"rung{rung}" / f"trial{trial}" / f"execution{execution}.json"


def members(rungs: Sequence[Rung], folder: Path, number: int) -> list[int]:
    """Return the trials of a rung, ascending: those that its file lists, or before it is written, as many others.

    A plan of jobs needs names for the jobs of a rung before its trials are known. A file may be of an earlier search,
    until it is written again: trials that are not in the rung below do not count.

    Args:
        rungs: of the search.
        folder: results/<study>/search/<experiment>.
        number: of the rung, from 1.
    """
    if number == 1:
        return [*range(1, rungs[0].trials + 1)]
    below, places = members(rungs, folder, number - 1), rungs[number - 1].trials
    try:
        promotion = Promotion.read(promotion_file(folder, number))
    except InputError:
        return below[:places]
    known = [trial for trial in promotion.trials if trial in below][:places]
    if promotion.places == places and len(known) == len(promotion.trials):
        return known  # fewer than places if too few trials could be trained
    return sorted([*known, *[trial for trial in below if trial not in known][: places - len(known)]])
