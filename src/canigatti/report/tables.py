"""The study's tables: numbers for the CSV files, texts for the eye, one row an experiment."""

from collections.abc import Callable, Sequence

import pandas as pd

from canigatti.report.results import Run

ORIGINAL_STUDY = "full"  # the study whose experiments the original carried out under the same conditions
BEST, NOT_CLEARLY_WORSE = "best", "not clearly worse"
MARKS = {BEST: "★", NOT_CLEARLY_WORSE: "≈"}
_MEASURED = ["accuracy", "accuracy_low", "accuracy_high", "loss", "best_epoch", "seconds_per_epoch"]
_SPREAD = ["accuracy", "loss", "best_epoch", "seconds_per_epoch"]
_COMPARED = ["accuracy", "loss", "best_epoch", "seconds_per_epoch"]
LEFT_ALIGNED = ("Experiment", "Split", "Colour", "Augmented")  # headings over texts; the others stand over numbers
_ABSENT = "–"


def base_table(runs: Sequence[Run], original: pd.DataFrame | None = None) -> pd.DataFrame:
    """The study's table, experiments in the order of `runs`.

    Columns: experiment, split, color, augmented, seeds, accuracy (0 to 1), accuracy_low, accuracy_high (its 95%
    interval), loss, best_epoch, seconds_per_epoch, parameters, weight_mb, n (test photos), standing. With several
    seeds the measured columns are means, the interval's ends too, and `<column>_std` is the sample standard deviation
    over seeds. `standing` is "best" for the highest accuracy and "not clearly worse" where the interval overlaps the
    best's.

    Args:
        runs: what was measured.
        original: figures of another study by experiment; they stand beside as `original_<column>`.
    """
    table = _marked(_averaged(_measurements(runs)))
    return table if original is None else _beside(table, original)


def _measurements(runs: Sequence[Run]) -> pd.DataFrame:
    return pd.DataFrame(
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
        }
        for run in runs
    )


def _averaged(measurements: pd.DataFrame) -> pd.DataFrame:
    by_experiment = measurements.groupby("experiment", sort=False)
    table = by_experiment.first()
    table.insert(3, "seeds", by_experiment.size())
    if (table["seeds"] > 1).any():
        table[_MEASURED] = by_experiment[_MEASURED].mean()
        for column in _SPREAD:
            position = table.columns.get_loc(column)
            table.insert(int(position) + 1, f"{column}_std", by_experiment[column].std())
    return table.reset_index()


def _marked(table: pd.DataFrame) -> pd.DataFrame:
    best = table["accuracy"] == table["accuracy"].max()
    overlaps = table["accuracy_high"] >= table.loc[best, "accuracy_low"].min()
    standing = pd.Series("", index=table.index).mask(overlaps, NOT_CLEARLY_WORSE).mask(best, BEST)
    return table.assign(standing=standing)


def _beside(table: pd.DataFrame, original: pd.DataFrame) -> pd.DataFrame:
    figures = original.set_index("experiment")[_COMPARED].add_prefix("original_")
    return table.join(figures, on="experiment")


def for_reading(table: pd.DataFrame) -> pd.DataFrame:
    """The same rows as texts under headings made for reading; the best accuracies carry their mark."""
    epoch = "{:.1f}".format if "best_epoch_std" in table else "{:.0f}".format
    texts = {
        "Experiment": table["experiment"],
        "Split": table["split"],
        "Colour": table["color"].map({"rgb": "RGB", "grayscale": "grayscale"}),
        "Augmented": table["augmented"].map({True: "yes", False: "no"}),
        "Accuracy (95% interval)": table.apply(_accuracy_text, axis="columns"),
        "Loss": _with_spread(table, "loss", "{:.4f}".format),
        "Best epoch": _with_spread(table, "best_epoch", epoch),
        "s/epoch": _with_spread(table, "seconds_per_epoch", "{:.1f}".format),
        "Parameters": table["parameters"].map("{:,}".format),
        "MB": table["weight_mb"].map("{:.2f}".format),
    }
    if "original_accuracy" in table:
        texts |= {
            "Original accuracy": _known(table["original_accuracy"], "{:.2%}".format),
            "Original loss": _known(table["original_loss"], "{:.4f}".format),
            "Original best epoch": _known(table["original_best_epoch"], "{:.0f}".format),
            "Original s/epoch": _known(table["original_seconds_per_epoch"], "{:.0f}".format),
        }
    return pd.DataFrame(texts)


def _accuracy_text(row: pd.Series) -> str:
    spread = f" ± {100 * row['accuracy_std']:.1f}" if "accuracy_std" in row else ""
    interval = f"({100 * row['accuracy_low']:.1f}–{100 * row['accuracy_high']:.1f})"
    mark = MARKS.get(row["standing"], "")
    return f"{mark} {100 * row['accuracy']:.1f}%{spread} {interval}".lstrip()


def _with_spread(table: pd.DataFrame, column: str, text: Callable[[float], str]) -> pd.Series:
    values = table[column].map(text)
    return values + " ± " + table[f"{column}_std"].map(text) if f"{column}_std" in table else values


def _known(values: pd.Series, text: Callable[[float], str]) -> pd.Series:
    return values.map(lambda value: _ABSENT if pd.isna(value) else text(value)).astype(str)


def notes(table: pd.DataFrame) -> list[str]:
    """Sentences that say how to read the table."""
    sentences = [
        f"{MARKS[BEST]} best accuracy. {MARKS[NOT_CLEARLY_WORSE]} not clearly worse: its interval overlaps the best's. "
        "The 95% interval (Wilson) is where the accuracy would plausibly lie on endlessly many photos of this kind.",
        "MB is the size of the weights at four bytes each. Loss is the binary cross-entropy on the test photos.",
    ]
    seeds = int(table["seeds"].max())
    if seeds > 1:
        sentences.append(
            f"Each experiment ran with {seeds} seeds: values are means, ± is the standard deviation over seeds, "
            "and the interval is that of an average run."
        )
    if "original_accuracy" in table:
        sentences.append("Original: the study of 2023, on a laptop with a GTX 1070; – where it gave no figure.")
    return sentences


def as_markdown(table: pd.DataFrame) -> str:
    """The table for reading, as a Markdown table with its notes below."""
    texts = for_reading(table)
    rows = [[str(cell).replace("|", r"\|") for cell in row] for row in (texts.columns, *texts.to_numpy())]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    rule = "|" + "|".join(" --- " if heading in LEFT_ALIGNED else " ---: " for heading in texts.columns) + "|"
    return "\n".join([lines[0], rule, *lines[1:], "", *(f"{note}\n" for note in notes(table))])
