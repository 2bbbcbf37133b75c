"""Plot the trials of a search."""

from pathlib import Path
from typing import Annotated

import typer


def plot_search(
    experiment: Annotated[str, typer.Option(help="Name of the experiment.")],
    spec: Annotated[str, typer.Option(help="The search (JSON, see `Experiment.resolve_search`).")],
    trials: Annotated[Path, typer.Option(help="The trials.csv from `select-trial`.")],
    output: Annotated[Path, typer.Option(help="The score against each hyperparameter (PNG).")],
) -> None:
    """Plot the scores of a search's trials against each hyperparameter."""
    from canigatti.config import SearchSpec
    from canigatti.plots import save
    from canigatti.search.plots import plot_scores
    from canigatti.search.selection import read_trials
    from canigatti.search.space import hyperparameters

    search = SearchSpec.from_json(spec)
    save(plot_scores(read_trials(trials), hyperparameters(search.space), search.objective, experiment), output)
