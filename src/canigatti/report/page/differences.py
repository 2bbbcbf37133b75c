"""In which settings the experiments of a table differ from their nearest relative in the other tables."""

from collections.abc import Sequence

from canigatti.report.page.settings import flattened
from canigatti.report.results import Run
from canigatti.report.texts import enumerate_words

_MOST = 4  # settings that a sentence names


def differences(runs: Sequence[Run], others: Sequence[Run]) -> str:
    """Return sentences on what each experiment changes.

    The relative of an experiment is the one with the fewest settings of other values, of several the first. Experiments
    that change one setting are named with it, so that nobody takes the effect of two changes for that of one.

    Args:
        runs: of the table.
        others: of the other tables.
    """
    relatives = {run.experiment: flattened(run.training.spec) for run in others}
    if not relatives:
        return ""
    sentences = []
    for name, settings in {run.experiment: flattened(run.training.spec) for run in runs}.items():
        changes = {relative: _changes(settings, theirs) for relative, theirs in relatives.items()}
        nearest = min(changes, key=lambda relative: len(changes[relative]))
        sentences.append(_sentence(name, nearest, changes[nearest]))
    return " ".join(sentences)


def _changes(settings: dict[str, str], others: dict[str, str]) -> list[str]:
    names = dict.fromkeys([*settings, *others])
    if settings["augmented"] != others["augmented"]:  # its settings then have no counterpart
        names = {name: None for name in names if not name.startswith("augmentation, ")}
    return [name.replace(", ", " ") for name in names if settings.get(name) != others.get(name)]


def _sentence(name: str, relative: str, changes: list[str]) -> str:
    if not changes:
        return f"{name} has the settings of {relative}."
    if len(changes) > _MOST:
        return f"{name} differs from {relative} in {len(changes)} settings."
    return f"{name} differs from {relative} in {enumerate_words(changes)}."
