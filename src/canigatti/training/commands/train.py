"""Train one network."""

import time
from pathlib import Path
from typing import Annotated

import typer

from canigatti.options import Images, SplitFile


def train(
    experiment: Annotated[str, typer.Option(help="Name of the experiment.")],
    spec: Annotated[str, typer.Option(help="The experiment (JSON, see `Experiment.resolve`), or a JSON file.")],
    seed: Annotated[int, typer.Option(help="Seed of the initial weights, dropout, shuffling and augmentation.")],
    split: SplitFile,
    images: Images,
    output: Annotated[Path, typer.Option(help="Folder for model.keras, history.csv, run.json and tensorboard.")],
    weights: Annotated[Path | None, typer.Option(help="The backbone's weights, from `fetch-weights`.")] = None,
    start_from: Annotated[Path | None, typer.Option(help="Output folder of the training run to start from.")] = None,
) -> None:
    """Train the network of an experiment with one seed."""
    from canigatti.training.leases import lease_device

    lease_device()  # before TensorFlow is imported
    started = time.perf_counter()
    from canigatti.files import atomic_path
    from canigatti.photos.records import ClassNames
    from canigatti.training.batches import open_subsets
    from canigatti.training.checkpoint import checkpoint_path, delete_checkpoint, read_checkpoint
    from canigatti.training.device import prepare_device, report_out_of_memory
    from canigatti.training.fitting import TrainingJob, fit
    from canigatti.training.model_files import save_model
    from canigatti.training.records import HISTORY, Inputs
    from canigatti.training.starting import initial_model, parse_spec
    from canigatti.training.subsampling import reduce_training_set
    from canigatti.training.summary import summarize

    settings, classes, inputs = parse_spec(spec), ClassNames.beside(images), Inputs.of(images, split)
    subsets, groups = open_subsets(images, split, settings.color), []
    if settings.train_fraction < 1:
        groups = [images.with_name("groups.csv")]
        subsets = reduce_training_set(subsets, settings.train_fraction, seed, groups[0])
    prepare_device(seed)
    title = f"{experiment}, seed {seed}: {len(subsets.train):,} photos in batches of {settings.batch_size}"
    with report_out_of_memory(title):
        start = initial_model(settings, inputs, len(classes), weights, start_from)
        print(f"{title}, {start.model.count_params():,} parameters", flush=True)
        files = [images, images.with_name("manifest.csv"), split, *groups, *start.records]
        job = TrainingJob(
            settings, seed, output / "tensorboard", checkpoint_path(output / "checkpoint", settings, seed, files)
        )
        result = fit(start.model, job, subsets, read_checkpoint(job.checkpoint))

    with atomic_path(output / "model.keras") as temporary:
        save_model(result.model, temporary, classes, settings.resize)
    HISTORY.write(output / "history.csv", result.history)
    seconds = time.perf_counter() - started
    summarize(experiment, result, start, folder=output, seconds=seconds).write(output / "run.json")
    delete_checkpoint(job.checkpoint)
