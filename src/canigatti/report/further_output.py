"""The tables of ensembles, robustness, learning curve and power, as files: CSV, Markdown, and a plot."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from canigatti.files import write_text
from canigatti.plots import save
from canigatti.records import Table
from canigatti.report.derived import derived_sentence, derived_table
from canigatti.report.evidence import Network
from canigatti.report.learning_curve import curve_notes, curve_sentence, learning_curve
from canigatti.report.page.further import Further, TextTable, curve_text, derived_view, power_view, robustness_text
from canigatti.report.page.further_plots import plot_learning_curve
from canigatti.report.power import power_table
from canigatti.report.ranking import Ranking
from canigatti.report.records import DERIVED, LEARNING_CURVE, POWER, ROBUSTNESS
from canigatti.report.results import StudyResults
from canigatti.report.robustness import robustness_sentence, robustness_table
from canigatti.report.texts import markdown


def further_of(study: StudyResults, networks: Sequence[Network], ranking: Ranking) -> Further:
    """Return these tables of a study.

    Args:
        study: the results.
        networks: those of the study.
        ranking: the metric that ranks.
    """
    corrupted = study.further.corrupted
    return Further(
        derived=derived_table(study, networks, ranking),
        robustness=robustness_table(study.runs, corrupted, study.groups) if corrupted else None,
        curve=learning_curve(study),
        power=power_table(networks, len(study.outline.seeds)),
    )


def write_further(folder: Path, further: Further) -> None:
    """Write the tables that the study has, and delete those that its configuration no longer has.

    Args:
        folder: the folder of the page.
        further: the tables.

    Raises:
        OSError: a file cannot be written; the message names it.
    """
    tables, derived, robustness = folder / "tables", further.derived, further.robustness
    _write(tables / "derived", DERIVED, derived, derived_view(derived), [derived_sentence(derived)])
    _write(tables / "power", POWER, further.power, power_view(further.power), [])
    for name in ("robustness", "learning-curve"):
        for path in (tables / f"{name}.csv", tables / f"{name}.md", folder / f"{name}.png"):
            path.unlink(missing_ok=True)
    if robustness is not None:
        sentences = [robustness_sentence(rows) for _, rows in robustness.groupby("experiment", sort=False)]
        _write(tables / "robustness", ROBUSTNESS, robustness, robustness_text(robustness), sentences)
    if curve := further.curve:
        sentences = [curve_sentence(curve), *curve_notes(curve)]
        _write(tables / "learning-curve", LEARNING_CURVE, curve.table, curve_text(curve), sentences)
        save(plot_learning_curve(curve), folder / "learning-curve.png")


def _write(path: Path, table: Table, rows: pd.DataFrame, texts: TextTable, sentences: Sequence[str]) -> None:
    table.write(path.with_suffix(".csv"), rows)
    frame = pd.DataFrame(texts.rows, columns=texts.headings)
    write_text(path.with_suffix(".md"), markdown(frame, texts.headings, [one for one in sentences if one]))
