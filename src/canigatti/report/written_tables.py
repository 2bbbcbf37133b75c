"""The tables of the report as files: CSV for computing, Markdown for reading."""

from pathlib import Path
from typing import get_args

from canigatti.config import Table
from canigatti.files import write_csv, write_text
from canigatti.report.findings.verdicts import findings_table
from canigatti.report.page.rendering import Conclusions
from canigatti.report.texts import as_markdown, comparison_as_markdown, findings_as_markdown


def write_tables(folder: Path, conclusions: Conclusions) -> None:
    """Write every table as CSV and Markdown, and delete those of an earlier configuration.

    Raises:
        OSError: a file cannot be written; the message names it.
    """
    findings = findings_table(conclusions.findings)
    tables = {name: (table, as_markdown(table)) for name, table in conclusions.tables.items()}
    tables["comparison"] = (conclusions.comparison, comparison_as_markdown(conclusions.comparison))
    tables["findings"] = (findings, findings_as_markdown(findings))
    for name, (table, text) in tables.items():
        write_csv(folder / f"{name}.csv", table)
        write_text(folder / f"{name}.md", text)
    for name in set(get_args(Table)).difference(tables):
        for suffix in ("csv", "md"):
            (folder / f"{name}.{suffix}").unlink(missing_ok=True)
