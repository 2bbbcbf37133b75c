"""Check the results before they are compared."""

from pathlib import Path
from typing import Annotated

import typer


def check_results(
    outline: Annotated[str, typer.Option(help="Outline of the study (JSON, see `Study.outline`).")],
    results: Annotated[Path, typer.Option(help="Results folder of the study, results/<study>.")],
    output: Annotated[Path, typer.Option(help="Record of the evaluations that were checked (JSON).")],
) -> None:
    """Check that all results are those of the configuration, belong together, and are unchanged."""
    from canigatti.config import Outline
    from canigatti.report.checking import check_all
    from canigatti.report.records import CheckedResults

    CheckedResults(evaluations=check_all(Outline.from_json(outline), results)).write(output)
