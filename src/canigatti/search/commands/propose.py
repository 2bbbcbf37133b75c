"""Propose the trials of a search."""

from pathlib import Path
from typing import Annotated

import typer


def propose_trials(
    spec: Annotated[str, typer.Option(help="The search (JSON, see `Experiment.resolve_search`).")],
    combinations: Annotated[int, typer.Option(help="Number of combinations.")],
    output: Annotated[Path, typer.Option(help="The combinations, in the order of the trials (JSON).")],
) -> None:
    """Propose the combinations of hyperparameters that a search tries."""
    from canigatti.config import SearchSpec
    from canigatti.search.records import Proposal
    from canigatti.search.space import propose

    search = SearchSpec.from_json(spec)
    Proposal(trials=tuple(propose(search.space, search.seed, combinations))).write(output)
