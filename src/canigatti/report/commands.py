"""The command of the report stage."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    outline: Annotated[str, typer.Option(help="What the study consists of (JSON, see `Study.outline`).")],
    results: Annotated[Path, typer.Option(help="The study's results, results/<study>.")],
    output: Annotated[Path, typer.Option(help="Folder for index.html and tables/.")],
) -> None:
    """Collect all experiments into tables and one self-contained page."""
    from canigatti.files import write_csv, write_text
    from canigatti.report.page import render
    from canigatti.report.results import Outline, read_original, read_study
    from canigatti.report.tables import ORIGINAL_STUDY, as_markdown, base_table

    study = read_study(Outline.parse(outline), results)
    original = read_original() if study.outline.study == ORIGINAL_STUDY else None
    base = base_table(study.runs, original)
    page = render(study, base)
    write_csv(output / "tables" / "base.csv", base)
    write_text(output / "tables" / "base.md", as_markdown(base))
    write_text(output / "index.html", page)
