"""The command of the report stage."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, get_args

import typer


def report(
    outline: Annotated[str, typer.Option(help="What the study consists of (JSON, see `Study.outline`).")],
    results: Annotated[Path, typer.Option(help="The study's results, results/<study>.")],
    output: Annotated[Path, typer.Option(help="Folder for index.html, accuracy-cost.png and tables/.")],
) -> None:
    """Compare all experiments, test the original's conclusions, and write tables and one self-contained page."""
    from canigatti.files import InputError, write_csv, write_text
    from canigatti.plots import save
    from canigatti.report.comparison import compare
    from canigatti.report.evidence import networks_of
    from canigatti.report.findings.testing import findings
    from canigatti.report.findings.verdicts import findings_table
    from canigatti.report.original import ORIGINAL_STUDY, read_original
    from canigatti.report.page.rendering import Conclusions, render
    from canigatti.report.plots import accuracy_and_cost, draw_accuracy_cost
    from canigatti.report.results import Outline, read_study
    from canigatti.report.tables import study_tables
    from canigatti.report.texts import as_markdown, comparison_as_markdown, findings_as_markdown

    study = read_study(Outline.parse(outline), results)
    networks = networks_of(study.runs)
    if not networks:
        raise InputError(f"{results}: every training diverged, nothing is left to compare; lower the learning rates")
    tables = study_tables(study, read_original() if study.outline.study == ORIGINAL_STUDY else None)
    conclusions = Conclusions(
        tables=tables,
        comparison=compare(networks),
        findings=findings(networks, study.outline.splits),
        accuracy_cost=draw_accuracy_cost(accuracy_and_cost(study.runs, tables["all"])),
    )
    page = render(study, conclusions)

    found = findings_table(conclusions.findings)
    written = {name: (table, as_markdown(table)) for name, table in tables.items()}
    written["comparison"] = (conclusions.comparison, comparison_as_markdown(conclusions.comparison))
    written["findings"] = (found, findings_as_markdown(found))
    for name, (table, text) in written.items():
        write_csv(output / "tables" / f"{name}.csv", table)
        write_text(output / "tables" / f"{name}.md", text)
    _remove_former(output / "tables", written)
    save(conclusions.accuracy_cost, output / "accuracy-cost.png")
    write_text(output / "index.html", page)


def _remove_former(folder: Path, written: Collection[str]) -> None:
    """Tables of a former configuration would pass for tables of this one."""
    from canigatti.config import Table

    for name in set(get_args(Table)).difference(written):
        for suffix in ("csv", "md"):
            (folder / f"{name}.{suffix}").unlink(missing_ok=True)
