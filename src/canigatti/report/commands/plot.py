"""Plot accuracy against training time."""

from pathlib import Path
from typing import Annotated

import typer


def plot_report(
    outline: Annotated[str, typer.Option(help="Outline of the study (JSON, see `Study.outline`).")],
    results: Annotated[Path, typer.Option(help="Results folder of the study, results/<study>.")],
    output: Annotated[Path, typer.Option(help="Plot of accuracy against training time (PNG).")],
) -> None:
    """Plot the test accuracy of each experiment against its training time."""
    from canigatti.config import Outline
    from canigatti.plots import save
    from canigatti.report.plots import accuracy_and_cost, plot_accuracy_cost
    from canigatti.report.results import read_runs
    from canigatti.report.tables import study_table

    runs = read_runs(Outline.from_json(outline), results)
    save(plot_accuracy_cost(accuracy_and_cost(runs, study_table(runs))), output)
