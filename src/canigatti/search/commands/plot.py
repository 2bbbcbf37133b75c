"""Plot the trials of a search."""

from pathlib import Path
from typing import Annotated

import typer


def plot_search(
    experiment: Annotated[str, typer.Option(help="Name of the experiment.")],
    spec: Annotated[str, typer.Option(help="The search (JSON, see `Experiment.resolve_search`).")],
    trials: Annotated[Path, typer.Option(help="The trials.csv from `select-trial`, next to its curves.csv.")],
    output: Annotated[Path, typer.Option(help="Folder for scores.png and curves.png.")],
) -> None:
    """Plot the scores of a search's trials against each hyperparameter, their learning curves, and their cost."""
    from canigatti.config import SearchSpec
    from canigatti.plots import save
    from canigatti.search.curve_plots import plot_progress
    from canigatti.search.plots import plot_scores
    from canigatti.search.records import CURVES
    from canigatti.search.selection import read_trials
    from canigatti.search.space import hyperparameters

    search, table = SearchSpec.from_json(spec), read_trials(trials)
    curves = CURVES.read(trials.with_name("curves.csv"))
    save(plot_scores(table, hyperparameters(search.space), search.objective, experiment), output / "scores.png")
    save(plot_progress(table, curves, search.objective, experiment), output / "curves.png")
