"""Select the best trial of a search."""

from pathlib import Path
from typing import Annotated

import typer


def select_trial(
    spec: Annotated[str, typer.Option(help="The search (JSON, see `Experiment.resolve_search`).")],
    experiment: Annotated[str, typer.Option(help="The searched experiment (JSON, see `Experiment.resolve`).")],
    executions: Annotated[list[Path], typer.Argument(help="The results of all executions, in all rungs (JSON).")],
    output: Annotated[Path, typer.Option(help="Folder for trials.csv, curves.csv, best.json and spec.json.")],
) -> None:
    """Compare the trials of a search, and write the best trial and the experiment with its hyperparameters."""
    from canigatti.config import SearchSpec, Spec
    from canigatti.search.records import CURVES, TRIALS, Execution
    from canigatti.search.selection import best_trial, curves_of, tabulate
    from canigatti.search.space import resolve

    search, records = SearchSpec.from_json(spec), [Execution.read(path) for path in executions]
    table = tabulate(records)
    TRIALS.write(output / "trials.csv", table)
    CURVES.write(output / "curves.csv", curves_of(records))
    best = best_trial(records, search)
    resolve(best.values, Spec.from_json(experiment)).write(output / "spec.json")
    best.write(output / "best.json")
    print(f"trial {best.trial} of {len(table)}: {best.objective} {best.score:.4f} with {best.values}")
