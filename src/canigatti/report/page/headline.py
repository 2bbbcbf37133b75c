"""What the top of the page says: which experiment is best, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from canigatti.report.comparison import beaten
from canigatti.report.evidence import Network
from canigatti.report.guessing import Guess, is_shown_better
from canigatti.report.ranking import Ranking
from canigatti.report.results import Run, StudyResults
from canigatti.report.tables import BEST, UNBEATEN, Evidence


@dataclass(frozen=True)
class Headline:
    """The result of a study.

    Attributes:
        best: row of the best experiment in the table of all experiments; None if none is ranked.
        value: the metric that ranks of the best experiment on the test set, as text.
        validation: the same on the validation set.
        guess_value: that metric for always guessing the largest class, as text; empty if it has none.
        unbeaten: names of the other experiments on the same test set than which none is significantly more accurate.
        is_unbeaten: whether no experiment on the same test set is significantly more accurate than the best one.
        beats_all: whether it is significantly more accurate than all other experiments on the same test set, if any.
        flattered: what choosing on the test set would have reported, as a sentence; empty if that is no more.
        without_accuracy: names of the experiments of which all seeds diverged.
        is_shown_better: whether the accuracy of the best experiment is shown to be better than a guess.
    """

    best: dict | None
    value: str
    validation: str
    guess_value: str
    unbeaten: list[str]
    is_unbeaten: bool
    beats_all: bool
    flattered: str
    without_accuracy: list[str]
    is_shown_better: bool


def headline(everything: pd.DataFrame, evidence: Evidence, guesses: dict[str, Guess]) -> Headline:
    """Return the headline of a study.

    Args:
        everything: the table of all experiments.
        evidence: of its networks.
        guesses: see :func:`canigatti.report.guessing.guesses_of`.
    """
    ranking = evidence.ranking
    rows = everything[everything["standing"] == BEST].to_dict("records")
    best = rows[0] if rows else None
    others = everything[everything["standing"] == UNBEATEN]
    tested = others[others["split"] == best["split"]] if best else others.head(0)
    return Headline(
        best=best,
        value=ranking.format(best[ranking.metric]) if best else "",
        validation=ranking.format(best["validation"]) if best else "",
        guess_value=_text(guesses[best["split"]].value, ranking) if best else "",
        unbeaten=[str(name) for name in tested["experiment"]],
        is_unbeaten=best is not None and is_unbeaten(best["experiment"], evidence),
        beats_all=best is not None and _beats_all(best["experiment"], evidence),
        flattered=flattered(everything, evidence),
        without_accuracy=list(everything.loc[everything["accuracy"].isna(), "experiment"]),
        is_shown_better=best is not None
        and _is_shown_better(evidence.networks[best["experiment"]], guesses[best["split"]]),
    )


def is_unbeaten(experiment: str, evidence: Evidence) -> bool:
    """Return whether no experiment on the same test set is significantly more accurate than this one."""
    return experiment not in beaten(evidence.comparison, [*evidence.networks])


def _beats_all(experiment: str, evidence: Evidence) -> bool:
    """Return whether this experiment is significantly more accurate than all others that could be, of at least one."""
    pairs = evidence.comparison
    own = pairs[pairs["p_holm"].notna() & ((pairs["first"] == experiment) | (pairs["second"] == experiment))]
    return len(own) > 0 and bool(((own["first"] == experiment) & own["significant"]).all())


def flattered(everything: pd.DataFrame, evidence: Evidence) -> str:
    """Return a sentence on what the choice of the best experiment by its test set would have reported.

    The best of many equal experiments on a test set is better than its true accuracy by chance.

    Args:
        everything: the table of all experiments.
        evidence: of its networks.
    """
    ranking, metric = evidence.ranking, evidence.ranking.metric
    ranked = everything[~everything["random_initialization"] & everything[metric].notna()]
    best = ranked[ranked["standing"] == BEST]
    if best.empty:
        return ""
    ranked = ranked[ranked["split"] == best["split"].iloc[0]]
    gains = ranking.gains(ranked[metric])
    if gains.max() <= ranking.gains(best[metric]).iloc[0]:
        return ""
    top = ranked.loc[gains.idxmax()]
    return (
        f"Choosing by the test set would have reported {ranking.format(top[metric])}, of {top['experiment']}; the best "
        f"of {len(ranked)} by the test set is partly the luckiest one."
    )


def best_runs(study: StudyResults, everything: pd.DataFrame) -> list[Run]:
    """Return the runs that did not diverge of the best experiment, or of the first one if none is ranked."""
    best = everything.loc[everything["standing"] == BEST, "experiment"]
    converged = [run for run in study.runs if not run.diverged]
    return _runs_of(converged, best.iloc[0] if len(best) else converged[0].experiment)


def _is_shown_better(network: Network, guess: Guess) -> bool:
    return is_shown_better(network.correct.to_numpy(), network.groups.to_numpy(), guess.accuracy)


def _runs_of(runs: Sequence[Run], experiment: str) -> list[Run]:
    return [run for run in runs if run.experiment == experiment]


def _text(value: float | None, ranking: Ranking) -> str:
    return "" if value is None else ranking.format(value)
