"""Tables of experiments as numbers, one row per experiment."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from canigatti.evaluation.metrics import compute_metrics
from canigatti.report.comparison import beaten, compare
from canigatti.report.evidence import Network
from canigatti.report.guessing import guess_predictions, interval_of
from canigatti.report.ranking import ACCURACY, Ranking
from canigatti.report.results import Run, StudyResults

BEST, UNBEATEN = "best", "not significantly less accurate"
_MEASURED = [
    *("loss", "best_epoch", "seconds_per_epoch"),
    *("epochs", "training_seconds", "milliseconds_per_photo"),
]
_LAST_COLUMNS = ("epochs", "training_seconds", "milliseconds_per_photo", "random_initialization", "diverged", "gave_up")
_UNDEFINED_IF_DIVERGED = ["loss", "best_epoch"]
_ORIGINAL_COLUMNS = ["accuracy", "loss", "best_epoch", "seconds_per_epoch", "epochs", "weight_mb"]


@dataclass(frozen=True)
class Evidence:
    """What the tables say about the networks besides their measurements.

    Attributes:
        networks: by experiment, without those of which all seeds diverged.
        comparison: of all pairs, see :func:`canigatti.report.comparison.compare`.
        ranking: the metric that ranks.
    """

    networks: dict[str, Network]
    comparison: pd.DataFrame
    ranking: Ranking = ACCURACY

    @classmethod
    def of(cls, networks: Sequence[Network], ranking: Ranking = ACCURACY) -> "Evidence":
        """Compare networks, see :func:`canigatti.report.comparison.compare`."""
        return cls({network.name: network for network in networks}, compare(networks), ranking)


def study_tables(
    study: StudyResults, evidence: Evidence, original: pd.DataFrame | None = None
) -> dict[str, pd.DataFrame]:
    """Return the tables of experiments by name, see :func:`grouped` and :func:`study_table`.

    Args:
        study: results of the study.
        evidence: of its networks.
        original: metrics of the original study, see :data:`canigatti.report.records.ORIGINAL`.
    """
    return {name: study_table(runs, evidence, original) for name, runs in grouped(study).items()}


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


def study_table(runs: Sequence[Run], evidence: Evidence, original: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return a table of experiments in the order of `runs`, see :data:`canigatti.report.records.EXPERIMENTS`.

    - `accuracy` is 0 to 1, the mean over seeds; `accuracy_low` and `accuracy_high` are the limits of its 95% interval,
      see :func:`canigatti.report.guessing.interval_of`. `n` is the number of test photos.
    - `epochs` is the number of epochs that were run, `training_seconds` the total training time,
      `milliseconds_per_photo` the prediction time.
    - `random_initialization` is true if the network started from random weights instead of the requested pretrained
      ones; `diverged` is the number of seeds that diverged. In the accuracy and the metric that ranks, they count as
      always guessing the largest class. They do not contribute to the loss and the best epoch. An experiment of which
      all seeds diverged has no metrics. `gave_up` is the number of seeds whose training gave up; without any, it is
      left out.
    - With several seeds, the measured columns are means over seeds, and `<column>_std` is the sample standard
      deviation.
    - The metric that ranks is a column too. It is missing if it is undefined for the test set. `validation` is this
      metric on the validation set.
    - `standing` is `BEST` for the best value on the validation set, of equal values that with the lowest loss. The
      test set has no part in this choice, so the metrics on the test set are not better by chance. If the accuracy
      ranks, `standing` is `UNBEATEN` for the other experiments than which no experiment of the table and of their split
      is significantly more accurate on the test set. It is empty for experiments with a random initialization.

    Args:
        runs: runs of the experiments.
        evidence: of their networks.
        original: metrics of the original study, see :data:`canigatti.report.records.ORIGINAL`; they are added as
            `original_<column>`.
    """
    table = _add_standing(_average_seeds(_tabulate_runs(runs, evidence), evidence), evidence)
    table = table if original is None else _add_original(table, original)
    last = [column for column in table if column.removesuffix("_std") in _LAST_COLUMNS]
    return table[[*table.columns.drop(last), *last]]


def _tabulate_runs(runs: Sequence[Run], evidence: Evidence) -> pd.DataFrame:
    metric = evidence.ranking.metric
    measurements = pd.DataFrame(
        {
            "experiment": run.experiment,
            "split": run.training.spec.split,
            "color": run.training.spec.color,
            "augmented": run.training.spec.augmentation is not None,
            metric: _metric(run, metric, evidence),
            "accuracy": _metric(run, "accuracy", evidence),
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
            "gave_up": int(run.training.gave_up),
        }
        for run in runs
    )
    failed = measurements["diverged"] == 1
    if failed.any():
        measurements[_UNDEFINED_IF_DIVERGED] = measurements[_UNDEFINED_IF_DIVERGED].astype(float).mask(failed)
    return measurements


def _metric(run: Run, metric: str, evidence: Evidence) -> float:
    """Return a metric on the test set; that of a guess if the run diverged, but not all others did."""
    if not run.diverged:
        value = getattr(run.metrics, metric)
    elif run.experiment not in evidence.networks or metric == "loss":
        value = None
    else:
        value = getattr(compute_metrics(guess_predictions(run.predictions)), metric)
    return float("nan") if value is None else float(value)


def _average_seeds(measurements: pd.DataFrame, evidence: Evidence) -> pd.DataFrame:
    by_experiment = measurements.groupby("experiment", sort=False)
    table = by_experiment.first()
    for ending in ("diverged", "gave_up"):
        table[ending] = by_experiment[ending].sum()
    table = table if table["gave_up"].any() else table.drop(columns="gave_up")
    table.insert(3, "seeds", by_experiment.size())
    if (table["seeds"] > 1).any():
        measured = list(dict.fromkeys([evidence.ranking.metric, "accuracy", *_MEASURED]))
        table[measured] = by_experiment[measured].mean()
        for column in measured:
            position = table.columns.get_loc(column)
            table.insert(int(position) + 1, f"{column}_std", by_experiment[column].std())
    networks = [evidence.networks.get(str(name)) for name in table.index]
    limits = [interval_of(one.correct.to_numpy(), one.groups.to_numpy()) if one else (None, None) for one in networks]
    position = int(table.columns.get_loc("accuracy_std" if "accuracy_std" in table else "accuracy")) + 1
    for offset, column in enumerate(("accuracy_low", "accuracy_high")):
        table.insert(position + offset, column, [pair[offset] for pair in limits])
    table.insert(position + 2, "validation", [one.validation if one else None for one in networks])
    return table.astype({"accuracy_low": float, "accuracy_high": float, "validation": float}).reset_index()


def _add_standing(table: pd.DataFrame, evidence: Evidence) -> pd.DataFrame:
    ranked = ~table["random_initialization"]  # metrics of a random initialization are not comparable
    gains = evidence.ranking.gains(table["validation"]).where(table[evidence.ranking.metric].notna())
    tied = table[ranked & (gains == gains[ranked].max())]["experiment"]
    chosen = min(tied, key=lambda name: evidence.networks[name].validation_loss, default=None)
    best = table["experiment"] == chosen
    standing = pd.Series("", index=table.index)
    if evidence.ranking.is_accuracy:
        names = table.loc[ranked & table["accuracy"].notna(), "experiment"]
        unbeaten = table["experiment"].isin(names) & ~table["experiment"].isin(beaten(evidence.comparison, [*names]))
        standing = standing.mask(unbeaten, UNBEATEN)
    return table.assign(standing=standing.mask(best, BEST))


def _add_original(table: pd.DataFrame, original: pd.DataFrame) -> pd.DataFrame:
    metrics = original.set_index("experiment")[_ORIGINAL_COLUMNS].add_prefix("original_")
    return table.join(metrics, on="experiment")
