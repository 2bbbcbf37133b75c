"""What the page shows of each table of experiments, and of the comparison, ready for the templates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from canigatti.report.page.charts import Chart, IntervalChart, accuracy_intervals, learning_curves
from canigatti.report.page.embedding import Picture, embed
from canigatti.report.results import Run, SearchResults
from canigatti.report.texts import ABSENT, SETTINGS, duration, for_reading, notes, originals_for_reading, signed
from canigatti.search.selection import FAILED, score_columns

TITLES = {  # in the order of the page
    "base": "The base grid",
    "search": "The search",
    "modifications": "The modifications",
    "pretrained": "The pretrained networks",
    "ablations": "The ablations",
}
INTRODUCTIONS = {
    "base": "The base network on different input: the split, the colour or the augmentation changes, one at a time.",
    "search": "Settings of the network drawn at random, each tried on the validation photos. Shown is the winner, "
    "trained again and measured on the test photos.",
    "modifications": "The base network made wider or deeper. Below stands the base network itself on the same photos.",
    "pretrained": "Networks that have learnt another task on millions of photos. Transfer teaches a new head and "
    "leaves the rest as it is. Fine-tuning goes on from there and lets more of the network learn.",
    "ablations": "One choice of the training changed at a time, to see what it does.",
}


@dataclass(frozen=True)
class Row:
    """A row of a table: each cell is a text and the original's figure for it, or nothing."""

    experiment: str
    standing: str
    cells: list[tuple[str, str]]


@dataclass(frozen=True)
class TableView:
    """A table for the template.

    Attributes:
        shared: settings that are the same in every row, and so have no column.
        has_original: whether the original has figures for any of it.
    """

    headings: list[str]
    shared: list[str]
    rows: list[Row]
    has_original: bool
    notes: list[str]


@dataclass(frozen=True)
class Confusion:
    """Counts of the test photos, rows true and columns predicted, and each as a share of its row."""

    experiment: str
    counts: list[list[int]]
    shares: list[list[float]]


@dataclass(frozen=True)
class SearchView:
    """The trials of a search, a row of texts each."""

    experiment: str
    picture: Picture
    headings: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Section:
    """All that the page shows of one table of experiments; no intervals where all of them diverged."""

    name: str
    title: str
    introduction: str
    table: TableView
    searches: list[SearchView]
    intervals: IntervalChart | None
    curves: dict[str, Chart]
    confusions: list[Confusion]


@dataclass(frozen=True)
class Matrix:
    """The pairs of a split: the row's accuracy less the column's, in points; the better experiments first.

    Attributes:
        columns: names; the best is not among them, since nothing is better.
        rows: names with a cell for each column: the difference and whether it is clear, or None.
        pairs: all numbers of each pair.
    """

    split: str
    photos: int
    columns: list[str]
    rows: list[tuple[str, list[tuple[str, bool] | None]]]
    pairs: list[dict]


def section(name: str, runs: Sequence[Run], table: pd.DataFrame, searches: Sequence[SearchResults] = ()) -> Section:
    """The section of a table of experiments.

    Args:
        name: the table's.
        runs: what it shows.
        table: the table, see :func:`canigatti.report.tables.study_table`.
        searches: of the study; shown are those of these experiments.
    """
    shown = {run.experiment for run in runs}
    return Section(
        name=name,
        title=TITLES[name],
        introduction=INTRODUCTIONS[name],
        table=table_view(table),
        searches=[search_view(search) for search in searches if search.experiment in shown],
        intervals=accuracy_intervals(table) if table["accuracy"].notna().any() else None,
        curves={measure: learning_curves(runs, measure) for measure in ("loss", "accuracy")},
        confusions=confusions(runs),
    )


def table_view(table: pd.DataFrame) -> TableView:
    """A table of experiments as the template shows it: what is the same in all rows is said once."""
    texts = for_reading(table)
    texts = texts[[heading for heading in texts if not heading.startswith("Original ")]].drop(columns="Experiment")
    shared = [name for name in SETTINGS if len(table) > 1 and texts[name].nunique() == 1]
    originals = pd.DataFrame(originals_for_reading(table), index=texts.index)
    originals = originals.replace(ABSENT, "").reindex(columns=texts.columns, fill_value="")
    shown = texts.drop(columns=shared)
    rows = [
        Row(experiment, standing, list(zip(ours, theirs, strict=True)))
        for experiment, standing, ours, theirs in zip(
            table["experiment"], table["standing"], shown.to_numpy(), originals[shown.columns].to_numpy(), strict=True
        )
    ]
    shared_texts = [_shared_text(name, texts[name].iloc[0]) for name in shared]
    return TableView(list(shown), shared_texts, rows, bool((originals != "").any(axis=None)), notes(table))


def search_view(search: SearchResults) -> SearchView:
    """The trials as they were proposed: their values, and what came of them."""
    trials, names = search.trials, list(search.trials)
    values = names[names.index("trial") + 1 : names.index("status")]
    scores = score_columns(trials)
    headings = [
        "Trial",
        *(name.replace("_", " ") for name in values),
        "Score",
        "Of its executions",
        "Best step",
        "Time",
    ]
    rows = [
        [
            *(str(trial[name]) for name in ("trial", *values)),
            f"failed: {trial['error']}" if trial["status"] == FAILED else _score(trial["score"]),
            ", ".join(_score(trial[name]) for name in scores),
            ABSENT if pd.isna(trial["best_step"]) else f"{trial['best_step']:.0f}",
            duration(trial["seconds"]),
        ]
        for _, trial in trials.iterrows()
    ]
    return SearchView(search.experiment, embed(search.plot), headings, rows)


def _score(score: float) -> str:
    return ABSENT if pd.isna(score) else f"{score:.4f}"


def _shared_text(heading: str, text: str) -> str:
    if heading == "Augmented":
        return "augmented" if text == "yes" else "not augmented"
    return f"split {text}" if heading == "Split" else text


def confusions(runs: Sequence[Run]) -> list[Confusion]:
    """One matrix an experiment that did not diverge, the seeds' counts added up."""
    matrices: dict[str, np.ndarray] = {}
    for run in (run for run in runs if not run.diverged):
        matrices[run.experiment] = matrices.get(run.experiment, 0) + np.array(run.metrics.confusion)
    return [
        Confusion(name, counts.tolist(), (counts / np.maximum(1, counts.sum(axis=1, keepdims=True))).tolist())
        for name, counts in matrices.items()
    ]


def matrices(comparison: pd.DataFrame) -> list[Matrix]:
    """A matrix for each split with two experiments or more.

    Args:
        comparison: see :func:`canigatti.report.comparison.compare`.
    """
    return [_matrix(str(split), pairs) for split, pairs in comparison.groupby("split", sort=False)]


def _matrix(split: str, pairs: pd.DataFrame) -> Matrix:
    wins = pairs["first"].value_counts()
    names = list(dict.fromkeys([*pairs["first"], *pairs["second"]]))
    names.sort(key=lambda name: -wins.get(name, 0))
    cells = {
        (pair.first, pair.second): (signed(100 * pair.difference), bool(pair.clear)) for pair in pairs.itertuples()
    }
    rows = [(row, [cells.get((row, column)) for column in names[1:]]) for row in names[:-1]]
    return Matrix(split, int(pairs["n"].iloc[0]), names[1:], rows, pairs.to_dict("records"))
