"""Plot accuracy, or the metric that ranks, against training time."""

from pathlib import Path
from typing import Annotated

import typer


def plot_report(
    outline: Annotated[str, typer.Option(help="Outline of the study (JSON, see `Study.outline`).")],
    results: Annotated[Path, typer.Option(help="Results folder of the study, results/<study>.")],
    output: Annotated[Path, typer.Option(help="Plot of accuracy against training time (PNG).")],
) -> None:
    """Plot the test accuracy of each experiment, or the metric that ranks, against its training time."""
    from canigatti.config import Outline
    from canigatti.plots import save
    from canigatti.report.plots import accuracy_and_cost, plot_accuracy_cost
    from canigatti.report.ranking import RANKINGS
    from canigatti.report.results import read_runs
    from canigatti.report.tables import study_table

    study = Outline.from_json(outline)
    runs, ranking = read_runs(study, results), RANKINGS[study.rank_by]
    costs = accuracy_and_cost(runs, study_table(runs, ranking=ranking), ranking)
    save(plot_accuracy_cost(costs, ranking), output)
