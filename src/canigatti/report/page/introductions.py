"""Titles and introductions of the page's sections, one per table of experiments."""

from collections.abc import Sequence

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
    "ablations": "Each experiment changes a component of the training setup, such as the batch size or the optimizer.",
}
_SEARCHED = (
    "A random search over the hyperparameters of the network: each trial is evaluated on the validation set. "
    "The table shows the best trial, retrained and evaluated on the test set."
)
_WITH_BASE = "The last rows are the base experiments with the same split, color, image size and augmentation."


def introduction(name: str, runs: Sequence[Run], searches: Sequence[SearchResults]) -> str:
    """Return sentences about a table of experiments that hold for this study.

    Args:
        name: of the table.
        runs: of the experiments in the table.
        searches: of these experiments.
    """
    if name == "search" and searches:
        return _SEARCHED
    has_base = name == "modifications" and any(run.table == "base" for run in runs)
    return f"{INTRODUCTIONS[name]} {_WITH_BASE}" if has_base else INTRODUCTIONS[name]
