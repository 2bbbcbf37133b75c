"""Which network costs less than the best one without being worse, as far as the test photos can show it."""

from dataclasses import dataclass

import pandas as pd

from canigatti.report.costs import accuracy_and_cost
from canigatti.report.evidence import Network
from canigatti.report.guessing import Guess, is_shown_better
from canigatti.report.results import StudyResults
from canigatti.report.tables import BEST, Evidence
from canigatti.report.texts import duration, in_points

_CHEAPER = 0.8  # of the training time of the best one, or less: times of equal trainings vary
_MOST_LOST = 0.5  # of what the best one gains over guessing: the interval must exclude a greater loss
_DEFINITION = (
    "Training times include the search, and the training of the network whose weights were the starting point."
)


@dataclass(frozen=True)
class Rival:
    """An experiment that was trained in less time than the best one, on the same split.

    Attributes:
        name: of the experiment.
        seconds: its training time.
        loss: accuracy of the best one minus its accuracy; `low` and `high` are the limits of the 95% interval.
        is_worse: whether the best one is significantly more accurate, after Holm's correction.
    """

    name: str
    seconds: float
    loss: float
    low: float
    high: float
    is_worse: bool


def cheaper_sentence(study: StudyResults, everything: pd.DataFrame, evidence: Evidence, guess: Guess) -> str:
    """Return a sentence on the cheapest experiment that is not significantly less accurate than the best one.

    The cost is the training time, see :func:`canigatti.report.costs.accuracy_and_cost`. The sentence is empty if the
    numbers do not bear one: if another metric than accuracy ranks, because only accuracies are tested; if experiments
    of the split were trained on different devices, or a training diverged; if the best one is not shown to be better
    than a guess.

    Args:
        study: all results.
        everything: the table of all experiments.
        evidence: of its networks.
        guess: for the test set of the best experiment.
    """
    rows = everything[everything["standing"] == BEST].to_dict("records")
    if not rows or not evidence.ranking.is_accuracy:
        return ""
    best, costs = rows[0], _costs(study, everything)
    split = everything[(everything["split"] == best["split"]) & ~everything["random_initialization"]]
    devices = {run.training.device for run in study.runs if run.experiment in set(split["experiment"])}
    if len(split) < 2 or len(devices) > 1 or split["diverged"].any():
        return ""
    if not _is_shown(evidence.networks[best["experiment"]], guess):
        return ""
    name = str(best["experiment"])
    rivals = [
        _rival(name, other, costs[other], evidence.comparison)
        for other in split["experiment"]
        if other != name and costs[other] < costs[name]
    ]
    return _sentence(costs[name], rivals, evidence, guess, float(best["accuracy"]) - guess.accuracy)


def _costs(study: StudyResults, everything: pd.DataFrame) -> dict[str, float]:
    searches = {search.experiment: float(search.trials["seconds"].sum()) for search in study.searches}
    costs = accuracy_and_cost(study.runs, everything, searches)
    return dict(zip(costs["experiment"], costs["seconds"], strict=True))


def _rival(best: str, name: str, seconds: float, comparison: pd.DataFrame) -> Rival:
    is_first = (comparison["first"] == best) & (comparison["second"] == name)
    is_second = (comparison["first"] == name) & (comparison["second"] == best)
    pair = comparison[is_first | is_second].iloc[0]
    limits = (float(pair["difference_low"]), float(pair["difference_high"]))
    if pair["first"] == best:
        return Rival(name, seconds, float(pair["difference"]), *limits, is_worse=bool(pair["significant"]))
    return Rival(name, seconds, -float(pair["difference"]), -limits[1], -limits[0], is_worse=False)


def _sentence(seconds: float, rivals: list[Rival], evidence: Evidence, guess: Guess, gain: float) -> str:
    """Return the sentence.

    Args:
        seconds: training time of the best experiment.
        rivals: the cheaper experiments of its split.
        evidence: of the networks.
        guess: for the test set.
        gain: accuracy of the best experiment minus that of the guess.
    """
    if not rivals:
        return f"No experiment with the same split takes less training time ({duration(seconds)}). {_DEFINITION}"
    if all(rival.is_worse for rival in rivals):
        return (
            f"Every experiment with the same split that takes less training time than this one ({duration(seconds)}) "
            f"is significantly less accurate{_scope(evidence, rivals)}. {_DEFINITION}"
        )
    able = [
        rival
        for rival in rivals
        # Not only not significant after a correction for many pairs: the interval of this pair includes 0 too.
        if not rival.is_worse and rival.low <= 0 and rival.high <= _MOST_LOST * gain
        if rival.seconds <= _CHEAPER * seconds and _is_shown(evidence.networks[rival.name], guess)
    ]
    if not able:
        return ""
    cheapest = min(able, key=lambda rival: rival.seconds)
    difference = in_points(-cheapest.loss, -cheapest.high, -cheapest.low)
    return (
        f"{cheapest.name} takes {duration(cheapest.seconds)} of training instead of {duration(seconds)}, and is not "
        f"significantly less accurate: {difference}{_scope(evidence, [cheapest])}. {_DEFINITION}"
    )


def _scope(evidence: Evidence, rivals: list[Rival]) -> str:
    """Return what a comparison with these rivals is about, if not the approaches: another seed may differ."""
    has_one_seed = any(evidence.networks[rival.name].correct.shape[1] == 1 for rival in rivals)
    return ", for these trained networks" if has_one_seed else ""


def _is_shown(network: Network, guess: Guess) -> bool:
    return is_shown_better(network.correct.to_numpy(), network.groups.to_numpy(), guess.accuracy)
