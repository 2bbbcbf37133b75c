"""Write the report."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    outline: Annotated[str, typer.Option(help="Outline of the study (JSON, see `Study.outline`).")],
    results: Annotated[Path, typer.Option(help="Results folder of the study, results/<study>.")],
    output: Annotated[Path, typer.Option(help="Folder for index.html and tables/.")],
) -> None:
    """Compare all experiments, test the findings, and write tables and a self-contained HTML page."""
    from canigatti.config import Outline
    from canigatti.files import write_text
    from canigatti.report.comparison import compare
    from canigatti.report.evidence import are_grouped, collect_networks
    from canigatti.report.findings.testing import findings
    from canigatti.report.findings.verdicts import general_findings
    from canigatti.report.guessing import guesses_of
    from canigatti.report.original import ORIGINAL_STUDY, is_of_original_classes, read_original
    from canigatti.report.output import write_tables
    from canigatti.report.page.rendering import Conclusions, render
    from canigatti.report.ranking import RANKINGS
    from canigatti.report.results import read_study
    from canigatti.report.tables import study_tables

    study = read_study(Outline.from_json(outline), results)
    networks, ranking = collect_networks(study.runs, study.groups), RANKINGS[study.outline.rank_by]
    original = read_original() if study.outline.study == ORIGINAL_STUDY else None
    tested = findings(networks, study.outline.splits)
    conclusions = Conclusions(
        tables=study_tables(study, original, ranking),
        comparison=compare(networks),
        findings=tested if is_of_original_classes(study.classes) else general_findings(tested),
        grouped=are_grouped(networks),
        ranking=ranking,
        guesses=guesses_of(study.runs, study.classes, ranking),
    )
    page = render(study, conclusions)
    write_tables(output / "tables", conclusions, study.runs)
    write_text(output / "index.html", page)
