"""The report's tables as files: CSV with full precision, Markdown for readers."""

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from canigatti.config import Table
from canigatti.files import write_text
from canigatti.report.calibration import calibration_as_markdown, calibration_table
from canigatti.report.findings.verdicts import findings_table
from canigatti.report.guessing import guess_note
from canigatti.report.page.rendering import Conclusions
from canigatti.report.records import CALIBRATION, COMPARISON, EXPERIMENTS, FINDINGS
from canigatti.report.results import Run
from canigatti.report.texts import as_markdown, comparison_as_markdown, findings_as_markdown


def write_tables(folder: Path, conclusions: Conclusions, runs: Sequence[Run]) -> None:
    """Write each table as CSV and Markdown, and delete tables that the current configuration no longer has.

    Args:
        folder: the folder of the tables.
        conclusions: of the study.
        runs: all runs of the study, for the table of their calibration.

    Raises:
        OSError: a file cannot be written; the message names it.
    """
    findings = findings_table(conclusions.findings)
    for name, experiments in conclusions.tables.items():
        EXPERIMENTS.write(folder / f"{name}.csv", experiments)
        guess = guess_note([conclusions.guesses[split] for split in experiments["split"].unique()])
        write_text(folder / f"{name}.md", as_markdown(experiments, conclusions.ranking, guess))
    COMPARISON.write(folder / "comparison.csv", conclusions.comparison)
    comparison = comparison_as_markdown(conclusions.comparison, conclusions.grouped, conclusions.ranking)
    write_text(folder / "comparison.md", comparison)
    FINDINGS.write(folder / "findings.csv", findings)
    write_text(folder / "findings.md", findings_as_markdown(findings, conclusions.grouped))
    CALIBRATION.write(folder / "calibration.csv", calibration_table(runs))
    write_text(folder / "calibration.md", calibration_as_markdown(runs))
    for name in set(get_args(Table)).difference(conclusions.tables):
        for suffix in ("csv", "md"):
            (folder / f"{name}.{suffix}").unlink(missing_ok=True)
