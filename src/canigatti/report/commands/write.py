"""Write the report."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    outline: Annotated[str, typer.Option(help="Outline of the study (JSON, see `Study.outline`).")],
    results: Annotated[Path, typer.Option(help="Results folder of the study, results/<study>.")],
    output: Annotated[Path, typer.Option(help="Folder for index.html, example.png and tables/.")],
) -> None:
    """Compare all experiments, test the findings, and write tables and a self-contained HTML page."""
    from canigatti.config import Outline
    from canigatti.files import write_text
    from canigatti.report.edition import code_version
    from canigatti.report.evidence import collect_networks
    from canigatti.report.example import write_example
    from canigatti.report.findings.testing import findings
    from canigatti.report.further_output import further_of, write_further
    from canigatti.report.guessing import guesses_of
    from canigatti.report.original import ORIGINAL_STUDY, read_original
    from canigatti.report.output import write_tables
    from canigatti.report.page.answer import EXAMPLE
    from canigatti.report.page.headline import best_runs
    from canigatti.report.page.rendering import Conclusions, render
    from canigatti.report.ranking import RANKINGS
    from canigatti.report.results import read_study
    from canigatti.report.tables import Evidence, study_tables

    study = read_study(Outline.from_json(outline), results)
    ranking = RANKINGS[study.outline.rank_by]
    networks = collect_networks(study.runs, study.groups, ranking)
    evidence = Evidence.of(networks, ranking)
    original = read_original() if study.outline.study == ORIGINAL_STUDY else None
    conclusions = Conclusions(
        tables=study_tables(study, evidence, original),
        evidence=evidence,
        findings=findings(networks, study.outline.splits) if study.outline.findings else [],
        guesses=guesses_of(study.runs, study.classes, ranking),
        further=further_of(study, networks, ranking),
    )
    page = render(study, conclusions, code_version())
    write_tables(output / "tables", conclusions, study.runs)
    write_further(output, conclusions.further)
    write_example(output / EXAMPLE, best_runs(study, conclusions.tables["all"])[0], results / "photos")
    write_text(output / "index.html", page)
