"""What each experiment costs: its training time, with all that had to be trained before it."""

from collections.abc import Sequence

import pandas as pd

from canigatti.report.ranking import ACCURACY, Ranking
from canigatti.report.results import Run


def accuracy_and_cost(
    runs: Sequence[Run], table: pd.DataFrame, searches: dict[str, float], ranking: Ranking = ACCURACY
) -> pd.DataFrame:
    """Return the data of the plot: one row per experiment, without those that have no value of the metric that ranks.

    Columns: experiment, split, accuracy, accuracy_low, accuracy_high, parameters, random_initialization, the metric
    that ranks, table (its name) and seconds. `seconds` is the training time, including that of the experiments that it
    starts from, and that of the searches that found their hyperparameters.

    Args:
        runs: all runs of the study.
        table: table of all experiments, see :func:`canigatti.report.tables.study_table`.
        searches: training time of all trials of each search, in seconds, by experiment.
        ranking: the metric that ranks.
    """
    tables = {run.experiment: run.table for run in runs}
    starts = {run.experiment: getattr(run.training.spec, "start_from", None) for run in runs}
    training_seconds = table.set_index("experiment")["training_seconds"]
    columns = [
        *("experiment", "split", "accuracy", "accuracy_low", "accuracy_high"),
        *("parameters", "random_initialization"),
        *([] if ranking.is_accuracy else [ranking.metric]),
    ]
    table = table[table[ranking.metric].notna()]
    seconds = [
        sum(training_seconds[name] + searches.get(name, 0) for name in _chain(experiment, starts))
        for experiment in table["experiment"]
    ]
    return table[columns].assign(table=table["experiment"].map(tables), seconds=seconds)


def _chain(experiment: str | None, starts: dict[str, str | None]) -> list[str]:
    """Return the experiment, the experiment that it starts from, and so on."""
    return [experiment, *_chain(starts[experiment], starts)] if experiment else []
