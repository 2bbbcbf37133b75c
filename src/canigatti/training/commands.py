"""The commands of the training stage."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from canigatti.config import Spec


def train(
    experiment: Annotated[str, typer.Option(help="Name of the experiment.")],
    spec: Annotated[str, typer.Option(help="The experiment (JSON, see `Experiment.spec`).")],
    seed: Annotated[int, typer.Option(help="Seed of the weights, the order and the augmentation.")],
    split: Annotated[Path, typer.Option(help="The photos' parts (CSV).")],
    manifest: Annotated[Path, typer.Option(help="The manifest.csv that `inspect` wrote.")],
    images: Annotated[Path, typer.Option(help="The images that `store` wrote (.npy).")],
    model: Annotated[Path, typer.Option(help="The trained model to write (.keras).")],
    history: Annotated[Path, typer.Option(help="A row an epoch (CSV).")],
    curves: Annotated[Path, typer.Option(help="Loss and accuracy over the epochs (PNG).")],
    run: Annotated[Path, typer.Option(help="What was run, on what, and what came of it (JSON).")],
    logs: Annotated[Path, typer.Option(help="Folder for TensorBoard's logs.")],
    best: Annotated[Path | None, typer.Option(help="The best.json of the experiment's search, if it has one.")] = None,
) -> None:
    """Train one experiment's network."""
    started = time.perf_counter()
    from canigatti.drawing import save
    from canigatti.files import sha256_of, write_csv, write_json, written_whole
    from canigatti.photos.splits import read_part
    from canigatti.photos.store import open_store
    from canigatti.training import fitting, networks
    from canigatti.training.batches import Part
    from canigatti.training.curves import draw_curves
    from canigatti.training.device import device_name, prepare_device, versions

    settings = _settings(spec, best)
    store = open_store(images, manifest)
    parts = {name: Part(store, store.rows(read_part(split, name)), settings.color) for name in ("train", "validation")}
    prepare_device(seed)
    network = networks.build(settings)
    print(
        f"{experiment}, seed {seed}: {len(parts['train']):,} photos, {network.count_params():,} parameters", flush=True
    )
    fit = fitting.fit(network, settings, parts["train"], parts["validation"], seed, logs)

    with written_whole(model) as temporary:
        fit.model.save(temporary)
    write_csv(history, fit.history)
    save(draw_curves(fit.history, fit.best_epoch, experiment), curves)
    content = {
        "experiment": experiment,
        "seed": seed,
        "spec": settings.model_dump(mode="json"),
        "parameters": network.count_params(),
        "weight_mb": network.count_params() * 4 / 2**20,
        "best_epoch": fit.best_epoch,
        "epochs": len(fit.history),
        "seconds_per_epoch": float(fit.history["seconds"].median()),
        "wall_seconds": time.perf_counter() - started,
        "device": device_name(),
        "versions": versions(),
        "model_sha256": sha256_of(model),
    }
    write_json(run, content)


def _settings(spec: str, best: Path | None) -> "Spec":
    """The experiment, with the network and the optimizer that its search found."""
    import json

    from canigatti.config import Spec
    from canigatti.files import InputError, read_json

    settings = Spec.parse(spec)
    if best is None:
        return settings
    try:
        content = read_json(best)
        found = {name: content[name] for name in ("network", "optimizer")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{best}: expected the best.json of a search, with network and optimizer, received {error}"
        ) from None
    return Spec.parse(json.dumps({**settings.model_dump(mode="json"), **found}))
