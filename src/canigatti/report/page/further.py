"""What the page says beside the experiments: ensembles, robustness, the learning curve, and the power of the study."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from canigatti.evaluation.corruptions import LEVELS, MEANINGS
from canigatti.evaluation.power_texts import power_sentences
from canigatti.report.derived import derived_sentence, described
from canigatti.report.learning_curve import LearningCurve, curve_notes, curve_sentence
from canigatti.report.page.embedding import EmbeddedImage, embed_figure
from canigatti.report.page.further_plots import plot_learning_curve
from canigatti.report.power import assumptions_of
from canigatti.report.robustness import robustness_sentence
from canigatti.report.texts import duration, in_points


@dataclass(frozen=True)
class Further:
    """The tables beside those of the experiments.

    Attributes:
        derived: see :func:`canigatti.report.derived.derived_table`.
        robustness: see :func:`canigatti.report.robustness.robustness_table`; None if the study does not measure it.
        curve: see :func:`canigatti.report.learning_curve.learning_curve`.
        power: see :func:`canigatti.report.power.power_table`.
    """

    derived: pd.DataFrame
    robustness: pd.DataFrame | None
    curve: LearningCurve | None
    power: pd.DataFrame


@dataclass(frozen=True)
class TextTable:
    """A table of texts for the templates; the first cell of a row is its heading."""

    headings: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class RobustnessView:
    """The corrupted photos: a sentence and a table for each experiment, and what the severities are."""

    sentences: list[str]
    tables: list[tuple[str, TextTable]]
    levels: list[tuple[str, list[str]]]


@dataclass(frozen=True)
class CurveView:
    """The learning curve: its plot, its table, the sentence about more photos, and notes if there is none."""

    experiment: str
    plot: EmbeddedImage
    table: TextTable
    sentence: str
    notes: list[str]


def further_context(further: Further) -> dict[str, Any]:
    """Return what the templates show of these tables; None for what the study does not have."""
    has_robustness = further.robustness is not None and len(further.robustness)
    return {
        "derived": derived_view(further.derived) if len(further.derived) else None,
        "derived_sentence": derived_sentence(further.derived),
        "robustness": robustness_view(further.robustness) if has_robustness else None,
        "learning_curve": curve_view(further.curve) if further.curve else None,
        "power": [(row["split"], _power_sentences(row)) for _, row in further.power.iterrows()],
    }


def derived_view(table: pd.DataFrame) -> TextTable:
    """Return the ensembles and augmented predictions as texts."""
    rows = [
        [
            f"{described(row.kind, row.members)[0].upper()}{described(row.kind, row.members)[1:]}",
            row.split,
            str(row.seeds),
            f"{row.accuracy:.1%} ({100 * row.accuracy_low:.1f}–{100 * row.accuracy_high:.1f})",
            in_points(row.difference, row.difference_low, row.difference_high),
            f"{row.loss:.4f}",
            f"{row.milliseconds_per_photo:.2f}",
            duration(row.training_seconds),
        ]
        for row in table.itertuples()
    ]
    headings = ["Result", "Split", "Seeds", "Accuracy (95% interval)", "Difference", "Loss", "ms/photo"]
    return TextTable([*headings, "Training"], rows)


def robustness_view(table: pd.DataFrame) -> RobustnessView:
    """Return the results on corrupted photos as texts: one table per experiment."""
    by_experiment = [(str(name), rows) for name, rows in table.groupby("experiment", sort=False)]
    texts = [(name, robustness_text(rows)) for name, rows in by_experiment]
    return RobustnessView(
        sentences=[robustness_sentence(rows) for _, rows in by_experiment],
        tables=[(name, TextTable(one.headings[1:], [row[1:] for row in one.rows])) for name, one in texts],
        levels=[(name, [MEANINGS[name].format(level) for level in levels]) for name, levels in LEVELS.items()],
    )


def robustness_text(table: pd.DataFrame) -> TextTable:
    """Return the accuracies on corrupted photos and the differences, one row per experiment and corruption."""
    cells = {(row.experiment, row.corruption, row.severity): _cell(row) for row in table.itertuples()}
    severities = sorted(table["severity"].unique())
    rows = [
        [experiment, corruption, *(cells[experiment, corruption, severity] for severity in severities)]
        for experiment, corruption in dict.fromkeys(key[:2] for key in cells)
    ]
    return TextTable(["Experiment", "Corruption", *(f"Severity {one}" for one in severities)], rows)


def _cell(row: Any) -> str:
    return f"{row.accuracy:.1%}: {in_points(row.difference, row.difference_low, row.difference_high)}"


def power_view(table: pd.DataFrame) -> TextTable:
    """Return what the study can show as texts, one row per split."""
    rows = [[str(row["split"]), " ".join(_power_sentences(row))] for _, row in table.iterrows()]
    return TextTable(["Split", "What the study can show"], rows)


def _power_sentences(row: pd.Series) -> list[str]:
    return power_sentences(int(row["n"]), int(row["seeds"]), assumptions_of(row))


def curve_view(curve: LearningCurve) -> CurveView:
    """Return the learning curve as a plot and texts."""
    plot = embed_figure(plot_learning_curve(curve))
    return CurveView(curve.experiment, plot, curve_text(curve), curve_sentence(curve), curve_notes(curve))


def curve_text(curve: LearningCurve) -> TextTable:
    """Return the accuracy for each number of training photos as texts."""
    rows = [
        [
            f"{row.photos:,}",
            f"{row.fraction:.4g}",
            f"{row.seeds}{f' ({row.diverged} more diverged)' if row.diverged else ''}",
            f"{row.accuracy:.1%} ({100 * row.accuracy_low:.1f}–{100 * row.accuracy_high:.1f})",
        ]
        for row in curve.table[curve.table["measured"]].itertuples()
    ]
    return TextTable(["Training photos", "Fraction", "Seeds", "Accuracy (95% interval)"], rows)
