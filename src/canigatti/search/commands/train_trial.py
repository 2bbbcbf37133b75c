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
    import time
    from datetime import UTC, datetime

    from canigatti.config import SearchSpec
    from canigatti.photos.records import ClassNames
    from canigatti.search.records import Execution, Proposal
    from canigatti.search.space import resolve
    from canigatti.search.trials import execute, execution_seed
    from canigatti.training.batches import open_subsets
    from canigatti.training.checkpoint import checkpoint_path, delete_checkpoint
    from canigatti.training.device import prepare_device
    from canigatti.training.fitting import TrainingJob
    from canigatti.training.leases import lease_device
    from canigatti.training.weights import read_weights, weights_record

    lease_device()  # before TensorFlow is imported
    started, clock = datetime.now(UTC), time.perf_counter()
    search, values = SearchSpec.from_json(spec), Proposal.read(proposed).trials[trial - 1]
    classes = ClassNames.beside(images)
    subsets = open_subsets(images, split, search.experiment.color)
    read_weights(search.experiment, weights)
    logs = output.parent / "tensorboard" / output.stem
    logs.mkdir(parents=True, exist_ok=True)  # a declared output, even if no network can be built with these values
    seed = execution_seed(search.seed, trial, execution)
    prepare_device(seed)
    settings = resolve(values, search.experiment)
    print(f"trial {trial}, execution {execution}: {values}", flush=True)
    files = [images, images.with_name("manifest.csv"), split, *([weights_record(weights)] if weights else [])]
    job = TrainingJob(settings, seed, logs, checkpoint_path(output.with_suffix(".checkpoint"), settings, seed, files))
    outcome = execute(job, search.objective, subsets, len(classes), weights)
    Execution(
        **dict(outcome),
        trial=trial,
        execution=execution,
        values=values,
        seed=seed,
        started=started.isoformat(timespec="milliseconds"),
        seconds=time.perf_counter() - clock,
    ).write(output)
    delete_checkpoint(job.checkpoint)
