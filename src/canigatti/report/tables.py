"""Tables of experiments as numbers, one row per experiment."""

from collections.abc import Sequence

import pandas as pd

from canigatti.report.ranking import ACCURACY, Ranking
from canigatti.report.results import Run, StudyResults

BEST, OVERLAPS_BEST = "best", "interval overlaps the best"
_MEASURED = [
    *("accuracy", "accuracy_low", "accuracy_high", "loss", "best_epoch", "seconds_per_epoch"),
    *("epochs", "training_seconds", "milliseconds_per_photo"),
]
_LAST_COLUMNS = ("epochs", "training_seconds", "milliseconds_per_photo", "random_initialization", "diverged")
_UNDEFINED_IF_DIVERGED = ["accuracy", "accuracy_low", "accuracy_high", "loss", "best_epoch"]
_WITHOUT_SPREAD = ("accuracy_low", "accuracy_high")
_ORIGINAL_COLUMNS = ["accuracy", "loss", "best_epoch", "seconds_per_epoch", "epochs", "weight_mb"]


def study_tables(
    study: StudyResults, original: pd.DataFrame | None = None, ranking: Ranking = ACCURACY
) -> dict[str, pd.DataFrame]:
    """Return the tables of experiments by name, see :func:`grouped` and :func:`study_table`.

    Args:
        study: results of the study.
        original: metrics of the original study, see :data:`canigatti.report.records.ORIGINAL`.
        ranking: the metric that ranks.
    """
    return {name: study_table(runs, original, ranking) for name, runs in grouped(study).items()}


def grouped(study: StudyResults) -> dict[str, list[Run]]:
    """Return the runs of each table by the name of the table; `all` is the last, see `Study.tables`.

    As in the original study, the modifications are followed by the base experiments that they modify: those with the
    same split, color, image size, resize mode and augmentation.
    """
    groups = {name: [run for run in study.runs if name in ("all", run.table)] for name in study.outline.tables}
    if "modifications" in groups:
        groups["modifications"] += _select_modified(groups["modifications"], groups.get("base", []))
    return groups


def _select_modified(modifications: Sequence[Run], base: Sequence[Run]) -> list[Run]:
    inputs = [_input_settings(run) for run in modifications]
    return [run for run in base if _input_settings(run) in inputs]


def _input_settings(run: Run) -> tuple:
    spec = run.training.spec
    return spec.split, spec.color, spec.square, spec.augmentation


def study_table(runs: Sequence[Run], original: pd.DataFrame | None = None, ranking: Ranking = ACCURACY) -> pd.DataFrame:
    """Return a table of experiments in the order of `runs`, see :data:`canigatti.report.records.EXPERIMENTS`.

    - `accuracy` is 0 to 1, `accuracy_low` and `accuracy_high` are the limits of its 95% interval, `n` is the number of
      test photos.
    - `epochs` is the number of epochs that were run, `training_seconds` the total training time,
      `milliseconds_per_photo` the prediction time.
    - `random_initialization` is true if the network started from random weights instead of the requested pretrained
      ones; `diverged` is the number of seeds that diverged.
    - With several seeds, the measured columns are means over seeds, including the limits of the interval, and
      `<column>_std` is the sample standard deviation. Diverged runs have no accuracy, loss or best epoch and do
      not contribute to these means.
    - The metric that ranks is a column too. It is missing if it is undefined for the test set.
    - `standing` is `BEST` for the best value of the metric that ranks. If that is the accuracy, it is `OVERLAPS_BEST`
      if the interval overlaps that of the best experiment, which is not a significance test; other metrics have no
      interval. It is empty for experiments with a random initialization.

    Args:
        runs: runs of the experiments.
        original: metrics of the original study, see :data:`canigatti.report.records.ORIGINAL`; they are added as
            `original_<column>`.
        ranking: the metric that ranks.
    """
    table = _add_standing(_average_seeds(_tabulate_runs(runs, ranking), ranking), ranking)
    table = table if original is None else _add_original(table, original)
    last = [column for column in table if column.removesuffix("_std") in _LAST_COLUMNS]
    return table[[*table.columns.drop(last), *last]]


def _tabulate_runs(runs: Sequence[Run], ranking: Ranking) -> pd.DataFrame:
    measurements = pd.DataFrame(
        {
            "experiment": run.experiment,
            "split": run.training.spec.split,
            "color": run.training.spec.color,
            "augmented": run.training.spec.augmentation is not None,
            ranking.metric: getattr(run.metrics, ranking.metric),
            "accuracy": run.metrics.accuracy,
            "accuracy_low": run.metrics.accuracy_interval[0],
            "accuracy_high": run.metrics.accuracy_interval[1],
            "loss": run.metrics.loss,
            "best_epoch": run.training.best_epoch,
            "seconds_per_epoch": run.training.seconds_per_epoch,
            "parameters": run.training.parameters,
            "weight_mb": run.training.weight_mb,
            "n": run.metrics.n,
            "epochs": run.training.epochs,
            "training_seconds": run.training.wall_seconds,
            "milliseconds_per_photo": run.speed.milliseconds_per_photo,
            "random_initialization": run.training.random_initialization,
            "diverged": int(run.diverged),
        }
        for run in runs
    )
    measurements[ranking.metric] = measurements[ranking.metric].astype(float)  # None if it is undefined
    failed = measurements["diverged"] == 1
    if failed.any():
        undefined = _with_ranking(_UNDEFINED_IF_DIVERGED, ranking)
        measurements[undefined] = measurements[undefined].astype(float).mask(failed)
    return measurements


def _with_ranking(columns: list[str], ranking: Ranking) -> list[str]:
    return list(dict.fromkeys([ranking.metric, *columns]))


def _average_seeds(measurements: pd.DataFrame, ranking: Ranking) -> pd.DataFrame:
    by_experiment = measurements.groupby("experiment", sort=False)
    table = by_experiment.first()
    table["diverged"] = by_experiment["diverged"].sum()
    table.insert(3, "seeds", by_experiment.size())
    if (table["seeds"] > 1).any():
        measured = _with_ranking(_MEASURED, ranking)
        table[measured] = by_experiment[measured].mean()
        for column in (name for name in measured if name not in _WITHOUT_SPREAD):
            position = table.columns.get_loc(column)
            table.insert(int(position) + 1, f"{column}_std", by_experiment[column].std())
    return table.reset_index()


def _add_standing(table: pd.DataFrame, ranking: Ranking) -> pd.DataFrame:
    ranked = ~table["random_initialization"]  # metrics of a random initialization are not comparable
    gains = ranking.gains(table[ranking.metric])
    best = ranked & (gains == gains[ranked].max())
    standing = pd.Series("", index=table.index)
    if ranking.is_accuracy:
        overlaps = ranked & (table["accuracy_high"] >= table.loc[best, "accuracy_low"].min())
        standing = standing.mask(overlaps, OVERLAPS_BEST)
    return table.assign(standing=standing.mask(best, BEST))


def _add_original(table: pd.DataFrame, original: pd.DataFrame) -> pd.DataFrame:
    metrics = original.set_index("experiment")[_ORIGINAL_COLUMNS].add_prefix("original_")
    return table.join(metrics, on="experiment")
