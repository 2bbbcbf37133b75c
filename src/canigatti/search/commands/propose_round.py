"""Propose the trials of a round of a Bayesian search."""

from pathlib import Path
from typing import Annotated

import typer


def propose_round(
    spec: Annotated[str, typer.Option(help="The search (JSON, see `Experiment.resolve_search`).")],
    combinations: Annotated[int, typer.Option(help="Number of combinations in the round.")],
    executions: Annotated[list[Path], typer.Argument(help="The results of all executions in earlier rounds (JSON).")],
    output: Annotated[Path, typer.Option(help="The combinations of all rounds so far, in the order of the trials.")],
) -> None:
    """Propose the combinations of hyperparameters that the results of earlier ones make promising."""
    from canigatti.config import SearchSpec
    from canigatti.search.bayesian import propose_next
    from canigatti.search.records import Execution, Proposal

    search, known = SearchSpec.from_json(spec), [Execution.read(path) for path in executions]
    tried = {one.trial: one.values for one in known}
    proposed = propose_next(search.space, search.seed, search.objective, known, combinations)
    Proposal(trials=(*(tried[trial] for trial in sorted(tried)), *proposed)).write(output)
