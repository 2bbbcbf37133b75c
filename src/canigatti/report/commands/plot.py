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
    from canigatti.report.costs import accuracy_and_cost
    from canigatti.report.evidence import collect_networks
    from canigatti.report.plots import plot_accuracy_cost
    from canigatti.report.ranking import RANKINGS
    from canigatti.report.results import read_groups, read_runs, read_search_seconds
    from canigatti.report.tables import Evidence, study_table

    study = Outline.from_json(outline)
    runs, ranking = read_runs(study, results), RANKINGS[study.rank_by]
    evidence = Evidence.of(collect_networks(runs, read_groups(results), ranking), ranking)
    costs = accuracy_and_cost(runs, study_table(runs, evidence), read_search_seconds(study, results), ranking)
    save(plot_accuracy_cost(costs, ranking), output)
