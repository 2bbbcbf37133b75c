"""Train one execution of one trial of a search."""

from pathlib import Path
from typing import Annotated

import typer

from canigatti.options import Images, SplitFile


def train_trial(
    spec: Annotated[str, typer.Option(help="The search (JSON, see `Experiment.resolve_search`).")],
    proposed: Annotated[Path, typer.Option(help="The combinations, from `propose-trials` (JSON).")],
    trial: Annotated[int, typer.Option(help="Number of the trial, from 1.")],
    execution: Annotated[int, typer.Option(help="Number of the execution within the trial, from 1.")],
    split: SplitFile,
    images: Images,
    output: Annotated[Path, typer.Option(help="The result (JSON); TensorBoard's logs are in tensorboard/ next to it.")],
    weights: Annotated[Path | None, typer.Option(help="The backbone's weights, from `fetch-weights`.")] = None,
) -> None:
    """Train the network of one trial once; a network that cannot be trained is recorded as failed."""
    from canigatti.config import SearchSpec
    from canigatti.search.executing import Assignment, Inputs, run_execution
    from canigatti.search.records import Proposal
    from canigatti.search.trials import execution_seed
    from canigatti.training.leases import lease_device

    lease_device()  # before TensorFlow is imported
    search, values = SearchSpec.from_json(spec), Proposal.read(proposed).trials[trial - 1]
    seed, rung = execution_seed(search.seed, trial, execution), 1 if search.stop_after else None
    run_execution(search, Assignment(trial, execution, values, seed, rung), Inputs(images, split, weights), output)
