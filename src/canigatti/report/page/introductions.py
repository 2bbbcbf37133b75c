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
_SEARCHED = {  # by method
    "random": "A random search over the hyperparameters of the network: each trial is evaluated on the validation set.",
    "halving": "A search over the hyperparameters of the network by successive halving: combinations are drawn at "
    "random, and all are trained for a few epochs. The best of them on the validation set continue, for a multiple of "
    "the epochs, and so on; the last comparison is between those that are trained to the end. A trial that was not "
    "promoted might have become better than these.",
    "bayesian": "A Bayesian search over the hyperparameters of the network: the first trials are drawn at random; "
    "each later one is what a Gaussian process, fitted to the scores of those before on the validation set, finds "
    "most promising.",
}
_BEST_TRIAL = (
    "The table shows the best trial, retrained and evaluated on the test set. Its score on the validation set is the "
    "best of all trials, and therefore likely too good; the test set has no part in the choice."
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
        methods = dict.fromkeys(search.method for search in searches)
        return " ".join([*(_SEARCHED[method] for method in methods), _BEST_TRIAL])
    has_base = name == "modifications" and any(run.table == "base" for run in runs)
    text = (INTRODUCTIONS if is_of_original_classes(classes) else _OTHER_INTRODUCTIONS)[name]
    own = [run for run in runs if run.table == name]
    changed = differences(own, others) if name in ("modifications", "ablations") else ""
    return " ".join(filter(None, [text, changed, _WITH_BASE if has_base else ""]))
