"""What the top of the page says: which experiment is best, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from canigatti.report.guessing import Guess, is_shown_better
from canigatti.report.ranking import Ranking
from canigatti.report.results import Run, StudyResults
from canigatti.report.tables import BEST, OVERLAPS_BEST


@dataclass(frozen=True)
class Headline:
    """The result of a study.

    Attributes:
        best: rows of the best experiments in the table of all experiments; several if they are equally good.
        value: the metric that ranks of the best experiments, as text; empty if there are none.
        guess_value: that metric for always guessing the largest class, as text; empty if it has none, or if several
            splits differ.
        overlaps_best: names of the experiments whose intervals overlap that of the best.
        others_ranked: whether another experiment is ranked, and its interval does not overlap.
        without_accuracy: names of the experiments that diverged.
        unshown: names of the best experiments whose accuracy is not shown to be better than a guess.
        within_interval: whether the 95% interval of one of these contains the accuracy of the guess, or exceeds it.
        ranked: number of experiments that have an accuracy and are ranked.
    """

    best: list[dict]
    value: str
    guess_value: str
    overlaps_best: list[str]
    others_ranked: bool
    without_accuracy: list[str]
    unshown: list[str]
    within_interval: bool
    ranked: int


def headline(study: StudyResults, everything: pd.DataFrame, ranking: Ranking, guesses: dict[str, Guess]) -> Headline:
    """Return the headline of a study.

    Args:
        study: all results.
        everything: the table of all experiments.
        ranking: the metric that ranks.
        guesses: see :func:`canigatti.report.guessing.guesses_of`.
    """
    ranked = everything[everything["accuracy"].notna() & ~everything["random_initialization"]]
    best = everything[everything["standing"] == BEST].to_dict("records")
    unshown = [row for row in best if not _is_shown_better(study, row, guesses, len(ranked))]
    values = {_text(guesses[row["split"]].value, ranking) for row in best}
    return Headline(
        best=best,
        value=ranking.format(best[0][ranking.metric]) if best else "",
        guess_value=values.pop() if len(values) == 1 else "",
        overlaps_best=list(everything.loc[everything["standing"] == OVERLAPS_BEST, "experiment"]),
        others_ranked=bool((ranked["standing"] == "").any()),
        without_accuracy=list(everything.loc[everything["accuracy"].isna(), "experiment"]),
        unshown=[row["experiment"] for row in unshown],
        within_interval=any(row["accuracy_low"] <= guesses[row["split"]].accuracy for row in unshown),
        ranked=len(ranked),
    )


def best_runs(study: StudyResults, everything: pd.DataFrame) -> list[Run]:
    """Return the runs that did not diverge of the best experiment, or of the first one if none is ranked."""
    best = everything.loc[everything["standing"] == BEST, "experiment"]
    converged = [run for run in study.runs if not run.diverged]
    return _runs_of(converged, best.iloc[0] if len(best) else converged[0].experiment)


def _is_shown_better(study: StudyResults, row: dict, guesses: dict[str, Guess], ranked: int) -> bool:
    runs = [run for run in _runs_of(study.runs, row["experiment"]) if not run.diverged]
    groups = study.groups.reindex(runs[0].predictions.ids).to_numpy()
    correct = [run.predictions.correct for run in runs]
    return is_shown_better(correct, groups, guesses[row["split"]].accuracy, ranked)


def _runs_of(runs: Sequence[Run], experiment: str) -> list[Run]:
    return [run for run in runs if run.experiment == experiment]


def _text(value: float | None, ranking: Ranking) -> str:
    return "" if value is None else ranking.format(value)
