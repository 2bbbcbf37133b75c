"""Promote the best trials of a rung to the next one."""

from pathlib import Path
from typing import Annotated

import typer


def promote_trials(
    spec: Annotated[str, typer.Option(help="The search (JSON, see `Experiment.resolve_search`).")],
    places: Annotated[int, typer.Option(help="Number of trials of the next rung.")],
    output: Annotated[Path, typer.Option(help="The promoted trials (JSON).")],
    executions: Annotated[
        list[Path] | None,
        typer.Argument(help="The results of all executions of the rung (JSON); none if no trial was promoted."),
    ] = None,
) -> None:
    """Compare the trials of a rung of a search, and write which of them continue."""
    from canigatti.config import SearchSpec
    from canigatti.search.promotion import promote
    from canigatti.search.records import Execution, Promotion

    trials = promote([Execution.read(path) for path in executions or ()], places, SearchSpec.from_json(spec).objective)
    Promotion(places=places, trials=tuple(trials)).write(output)
    print(f"trials that continue: {', '.join(map(str, trials)) or 'none'}")
