"""The study's tables as numbers, one row an experiment."""

from collections.abc import Sequence

import pandas as pd

from canigatti.report.results import Run, StudyResults

BEST, NOT_CLEARLY_WORSE = "best", "not clearly worse"
_MEASURED = [
    *("accuracy", "accuracy_low", "accuracy_high", "loss", "best_epoch", "seconds_per_epoch"),
    *("epochs", "training_seconds", "milliseconds_per_photo"),
]
_LAST = ("epochs", "training_seconds", "milliseconds_per_photo", "random_initialization", "diverged")
_OF_SUCCESS = ["accuracy", "accuracy_low", "accuracy_high", "loss", "best_epoch"]
_WITHOUT_SPREAD = ("accuracy_low", "accuracy_high")
_COMPARED = ["accuracy", "loss", "best_epoch", "seconds_per_epoch", "epochs", "weight_mb"]


def study_tables(study: StudyResults, original: pd.DataFrame | None = None) -> dict[str, pd.DataFrame]:
    """The tables of experiments by name, see :func:`grouped`.

    Args:
        study: what was measured.
        original: figures of another study by experiment, see :func:`study_table`.
    """
    return {name: study_table(runs, original) for name, runs in grouped(study).items()}


def grouped(study: StudyResults) -> dict[str, list[Run]]:
    """The runs of each table, those of `Study.tables`; `all` is the last.

    Below the modifications stand, as in the original, the base experiments that they modify: those on the same photos,
    prepared in the same way.
    """
    groups = {name: [run for run in study.runs if name in ("all", run.table)] for name in study.outline.tables}
    if "modifications" in groups:
        groups["modifications"] += _modified(groups["modifications"], groups.get("base", []))
    return groups


def _modified(modifications: Sequence[Run], base: Sequence[Run]) -> list[Run]:
    inputs = [_input(run) for run in modifications]
    return [run for run in base if _input(run) in inputs]


def _input(run: Run) -> tuple:
    spec = run.training.spec
    return spec.split, spec.color, spec.image_size, spec.augmentation


def study_table(runs: Sequence[Run], original: pd.DataFrame | None = None) -> pd.DataFrame:
    """A table of experiments in the order of `runs`.

    Columns: experiment, split, color, augmented, seeds, accuracy (0 to 1), accuracy_low, accuracy_high (its 95%
    interval), loss, best_epoch, seconds_per_epoch, parameters, weight_mb, n (test photos), standing, and after the
    original's figures epochs (run, not planned), training_seconds (in all), milliseconds_per_photo (at prediction),
    random_initialization (random weights where pretrained ones were meant) and diverged (how many seeds did). With several
    seeds the measured columns are means, the interval's ends too, and `<column>_std` is the sample standard deviation
    over seeds; trainings that diverged have no accuracy, loss and best epoch, and are no part of those means.
    `standing` is "best" for the highest accuracy and "not clearly worse" where the interval overlaps the best's; what
    had an random initialization has none.

    Args:
        runs: what was measured.
        original: figures of another study by experiment; they stand beside as `original_<column>`.
    """
    table = _marked(_averaged(_measurements(runs)))
    table = table if original is None else _beside(table, original)
    last = [column for column in table if column.removesuffix("_std") in _LAST]
    return table[[*table.columns.drop(last), *last]]


def _measurements(runs: Sequence[Run]) -> pd.DataFrame:
    measurements = pd.DataFrame(
        {
            "experiment": run.experiment,
            "split": run.training.spec.split,
            "color": run.training.spec.color,
            "augmented": run.training.spec.augmentation is not None,
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
    failed = measurements["diverged"] == 1
    if failed.any():
        measurements[_OF_SUCCESS] = measurements[_OF_SUCCESS].astype(float).mask(failed)
    return measurements


def _averaged(measurements: pd.DataFrame) -> pd.DataFrame:
    by_experiment = measurements.groupby("experiment", sort=False)
    table = by_experiment.first()
    table["diverged"] = by_experiment["diverged"].sum()
    table.insert(3, "seeds", by_experiment.size())
    if (table["seeds"] > 1).any():
        table[_MEASURED] = by_experiment[_MEASURED].mean()
        for column in (name for name in _MEASURED if name not in _WITHOUT_SPREAD):
            position = table.columns.get_loc(column)
            table.insert(int(position) + 1, f"{column}_std", by_experiment[column].std())
    return table.reset_index()


def _marked(table: pd.DataFrame) -> pd.DataFrame:
    ranked = ~table["random_initialization"]  # their figures say nothing
    best = ranked & (table["accuracy"] == table.loc[ranked, "accuracy"].max())
    overlaps = ranked & (table["accuracy_high"] >= table.loc[best, "accuracy_low"].min())
    standing = pd.Series("", index=table.index).mask(overlaps, NOT_CLEARLY_WORSE).mask(best, BEST)
    return table.assign(standing=standing)


def _beside(table: pd.DataFrame, original: pd.DataFrame) -> pd.DataFrame:
    figures = original.set_index("experiment")[_COMPARED].add_prefix("original_")
    return table.join(figures, on="experiment")
