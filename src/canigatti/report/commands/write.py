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
    from canigatti.report.conclusions import conclude
    from canigatti.report.further_output import write_further
    from canigatti.report.output import write_tables
    from canigatti.report.page.rendering import render
    from canigatti.report.results import read_study

    study = read_study(Outline.from_json(outline), results)
    conclusions = conclude(study)
    page = render(study, conclusions)
    write_tables(output / "tables", conclusions, study.runs)
    write_further(output, conclusions.further)
    write_text(output / "index.html", page)
