"""Sections of the page, one per table of experiments, and the comparison, prepared for the templates."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from canigatti.report.notes import ABSENT, table_notes
from canigatti.report.page.classes import Confusion, confusions
from canigatti.report.page.embedding import EmbeddedImage, embed, embed_figure
from canigatti.report.page.introductions import introduction, title
from canigatti.report.page.plots import (
    describe_best_epoch,
    exceeds_axis,
    group_by_experiment,
    plot_curves_grid,
    plot_intervals,
)
from canigatti.report.pair_texts import pairs_for_reading
from canigatti.report.ranking import Ranking
from canigatti.report.results import Run, SearchResults, StudyResults
from canigatti.report.tables import BEST
from canigatti.report.texts import SETTINGS, count_noun, duration, for_reading, originals_for_reading, signed
from canigatti.search.selection import FAILED, score_columns


@dataclass(frozen=True)
class Row:
    """A row of a table: each cell is a text and the value in the original study, or an empty text."""

    experiment: str
    standing: str
    cells: list[tuple[str, str]]


@dataclass(frozen=True)
class TableView:
    """A table for the template.

    Attributes:
        shared: settings with the same value in all rows; they have no column.
        has_original: whether the original study has a value for any cell.
        splits: of the experiments.
    """

    headings: list[str]
    shared: list[str]
    rows: list[Row]
    has_original: bool
    notes: list[str]
    splits: list[str]


@dataclass(frozen=True)
class SearchView:
    """The trials of a search, one row of texts per trial.

    Attributes:
        cost: a sentence about the epochs and the time of all trials.
    """

    experiment: str
    cost: str
    plot: EmbeddedImage
    curves: EmbeddedImage
    has_rungs: bool
    headings: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Curves:
    """Learning curves of one measure.

    Attributes:
        best_epochs: the text of :func:`canigatti.report.page.plots.describe_best_epoch` for each experiment.
        is_cut: whether some values exceed the upper end of the axis.
    """

    plot: EmbeddedImage
    best_epochs: dict[str, str]
    is_cut: bool


@dataclass(frozen=True)
class Section:
    """The content of the page about one table of experiments; `intervals` is None if all of them diverged."""

    name: str
    title: str
    introduction: str
    table: TableView
    searches: list[SearchView]
    intervals: EmbeddedImage | None
    has_best: bool
    curves: dict[str, Curves]
    confusions: list[Confusion]


@dataclass(frozen=True)
class Matrix:
    """The pairs of a split: accuracy of the row minus accuracy of the column, in points, sorted by number of wins.

    Attributes:
        columns: names of all experiments except the best one, which no other exceeds.
        rows: names with one cell per column: the difference and whether it is significant, or None.
        pairs: all values of each pair as texts, see :func:`canigatti.report.pair_texts.pairs_for_reading`.
    """

    split: str
    photos: int
    columns: list[str]
    rows: list[tuple[str, list[tuple[str, bool] | None]]]
    pairs: pd.DataFrame


def section(study: StudyResults, name: str, runs: Sequence[Run], table: pd.DataFrame, ranking: Ranking) -> Section:
    """Return the section of a table of experiments.

    Args:
        study: all results.
        name: of the table.
        runs: of the experiments in the table.
        table: see :func:`canigatti.report.tables.study_table`.
        ranking: the metric that ranks.
    """
    shown = {run.experiment for run in runs}
    searches = [search for search in study.searches if search.experiment in shown]
    others = [run for run in study.runs if run.table != name]
    return Section(
        name=name,
        title=title(name, study.classes),
        introduction=introduction(name, runs, others, searches, study.classes),
        table=table_view(table, ranking),
        searches=[search_view(search) for search in searches],
        intervals=embed_figure(plot_intervals(table)) if table["accuracy"].notna().any() else None,
        has_best=bool((table["standing"] == BEST).any()),
        curves={measure: curves(runs, measure, len(study.classes)) for measure in ("loss", "accuracy")},
        confusions=confusions(runs, study.classes),
    )


def curves(runs: Sequence[Run], measure: str, classes: int) -> Curves:
    """Return the learning curves of several experiments.

    Args:
        runs: in the order of the panels.
        measure: `loss` or `accuracy`.
        classes: the number of classes.
    """
    best_epochs = {name: describe_best_epoch(seeds, measure) for name, seeds in group_by_experiment(runs).items()}
    plot = embed_figure(plot_curves_grid(runs, measure, classes))
    return Curves(plot, best_epochs, exceeds_axis(runs, measure, classes))


def table_view(table: pd.DataFrame, ranking: Ranking) -> TableView:
    """Return a table of experiments for the template; settings with the same value in all rows have no column."""
    texts = for_reading(table, ranking)
    texts = texts[[heading for heading in texts if not heading.startswith("Original ")]].drop(columns="Experiment")
    shared = [name for name in SETTINGS if len(table) > 1 and texts[name].nunique() == 1]
    originals = pd.DataFrame(originals_for_reading(table), index=texts.index)
    originals = originals.replace(ABSENT, "").reindex(columns=texts.columns, fill_value="")
    shown = texts.drop(columns=shared)
    rows = [
        Row(experiment, standing, list(zip(values, theirs, strict=True)))
        for experiment, standing, values, theirs in zip(
            table["experiment"], table["standing"], shown.to_numpy(), originals[shown.columns].to_numpy(), strict=True
        )
    ]
    shared_texts = [_shared_text(name, texts[name].iloc[0]) for name in shared]
    return TableView(
        headings=list(shown),
        shared=shared_texts,
        rows=rows,
        has_original=bool((originals != "").any(axis=None)),
        notes=table_notes(table, ranking),
        splits=[*dict.fromkeys(table["split"])],
    )


def search_view(search: SearchResults) -> SearchView:
    """Return the trials in the order of their proposals: hyperparameters, scores, best step, end and cost."""
    trials, names = search.trials, list(search.trials)
    values = names[names.index("trial") + 1 : names.index("status")]
    scores = score_columns(trials)
    hyperparameters = [name.replace("_", " ") for name in values]
    has_rungs = bool(trials["rung"].notna().any())
    headings = ["Trial", *hyperparameters, "Score", "Score per execution", "Best epoch", "Epochs", "Ended", "Time"]
    rows = [
        [
            *(str(trial[name]) for name in ("trial", *values)),
            f"failed: {trial['error']}" if trial["status"] == FAILED else _score(trial["score"]),
            ", ".join(_score(trial[name]) for name in scores),
            ABSENT if pd.isna(trial["best_step"]) else f"{trial['best_step']:.0f}",
            f"{trial['epochs']:,}",
            trial["ended"],
            duration(trial["seconds"]),
        ]
        for _, trial in trials.iterrows()
    ]
    return SearchView(
        search.experiment, _cost(trials), embed(search.plot), embed(search.curves), has_rungs, headings, rows
    )


def _cost(trials: pd.DataFrame) -> str:
    gave_up = int((trials["ended"] == "pruned").sum())
    ending = f"; {gave_up} gave up (pruned), not significantly better than guessing" if gave_up else ""
    epochs = count_noun(int(trials["epochs"].sum()), "epoch")
    return (
        f"The search trained {count_noun(len(trials), 'trial')} for {epochs} altogether{ending}. "
        f"Its jobs took {duration(trials['seconds'].sum())}, including the start of each job."
    )


def _score(score: float) -> str:
    return ABSENT if pd.isna(score) else f"{score:.4f}"


def _shared_text(heading: str, text: str) -> str:
    if heading == "Augmented":
        return "augmented" if text == "yes" else "not augmented"
    return f"split {text}" if heading == "Split" else text


def matrices(comparison: pd.DataFrame) -> list[Matrix]:
    """Return one matrix per split with at least two experiments.

    Args:
        comparison: see :func:`canigatti.report.comparison.compare`.
    """
    return [_matrix(str(split), pairs) for split, pairs in comparison.groupby("split", sort=False)]


def _matrix(split: str, pairs: pd.DataFrame) -> Matrix:
    wins = pairs["first"].value_counts()
    names = list(dict.fromkeys([*pairs["first"], *pairs["second"]]))
    names.sort(key=lambda name: -wins.get(name, 0))
    cells = {
        (pair.first, pair.second): (signed(100 * pair.difference), bool(pair.significant))
        for pair in pairs.itertuples()
    }
    rows = [(row, [cells.get((row, column)) for column in names[1:]]) for row in names[:-1]]
    return Matrix(split, int(pairs["n"].iloc[0]), names[1:], rows, pairs_for_reading(pairs))
