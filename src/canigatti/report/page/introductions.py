"""Titles and introductions of the page's sections, one per table of experiments."""

from collections.abc import Sequence

from canigatti.report.original import is_of_original_classes
from canigatti.report.page.differences import differences
from canigatti.report.results import Run, SearchResults

TITLES = {  # in the order of the page
    "base": "The base grid",
    "search": "The search",
    "modifications": "The modifications",
    "pretrained": "The pretrained networks",
    "ablations": "The ablations",
}
INTRODUCTIONS = {
    "base": "Experiments on the base network.",
    "search": "Experiments with the hyperparameters that a search found.",
    "modifications": "Modified networks.",
    "pretrained": "Networks with a backbone pretrained on other photos, usually ImageNet. Transfer learning freezes "
    "the backbone and trains a new head. Fine-tuning starts from the result and unfreezes more layers.",
    "ablations": "Experiments that change components of the training setup.",
}
# For other photos than the original's: `base` is the table of all experiments that name no other.
_OTHER_TITLES = TITLES | {"base": "The base experiments"}
_OTHER_INTRODUCTIONS = INTRODUCTIONS | {"base": "The experiments that the configuration assigns to no other table."}
_SEARCHED = (
    "A random search over the hyperparameters of the network: each trial is evaluated on the validation set. "
    "The table shows the best trial, retrained and evaluated on the test set."
)
_WITH_BASE = (
    "The last rows are the base experiments with the same split, color, image size, resize mode and augmentation."
)


def title(name: str, classes: Sequence[str]) -> str:
    """Return the title of the section of a table of experiments, given the names of the classes."""
    return (TITLES if is_of_original_classes(classes) else _OTHER_TITLES)[name]


def introduction(
    name: str, runs: Sequence[Run], others: Sequence[Run], searches: Sequence[SearchResults], classes: Sequence[str]
) -> str:
    """Return sentences about a table of experiments that hold for this study.

    Args:
        name: of the table.
        runs: of the experiments in the table.
        others: of the experiments of the other tables.
        searches: of these experiments.
        classes: names of the classes.
    """
    if name == "search" and searches:
        return _SEARCHED
    has_base = name == "modifications" and any(run.table == "base" for run in runs)
    text = (INTRODUCTIONS if is_of_original_classes(classes) else _OTHER_INTRODUCTIONS)[name]
    own = [run for run in runs if run.table == name]
    changed = differences(own, others) if name in ("modifications", "ablations") else ""
    return " ".join(filter(None, [text, changed, _WITH_BASE if has_base else ""]))
