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
    classes: Annotated[list[str], typer.Option("--class", help="A class's name; give both, label 0 first.")],
    model: Annotated[Path, typer.Option(help="The trained model to write (.keras).")],
    history: Annotated[Path, typer.Option(help="A row an epoch (CSV).")],
    curves: Annotated[Path, typer.Option(help="Loss and accuracy over the epochs (PNG).")],
    run: Annotated[Path, typer.Option(help="What was run, on what, and what came of it (JSON).")],
    logs: Annotated[Path, typer.Option(help="Folder for TensorBoard's logs.")],
    weights: Annotated[Path | None, typer.Option(help="The backbone's weights that `fetch-weights` wrote.")] = None,
    weights_record: Annotated[Path | None, typer.Option(help="What the weights are (JSON), beside them.")] = None,
    start: Annotated[Path | None, typer.Option(help="The trained model to go on with (.keras).")] = None,
    start_run: Annotated[Path | None, typer.Option(help="The run.json beside that model.")] = None,
    best: Annotated[Path | None, typer.Option(help="The best.json of the experiment's search, if it has one.")] = None,
) -> None:
    """Train one experiment's network."""
    started = time.perf_counter()
    from canigatti.drawing import save
    from canigatti.files import read_json, sha256_of, write_csv, write_json, written_whole
    from canigatti.photos.splits import read_part
    from canigatti.photos.store import open_store
    from canigatti.training import fitting, networks
    from canigatti.training.batches import Part
    from canigatti.training.curves import draw_curves
    from canigatti.training.device import device_name, prepare_device, versions
    from canigatti.training.model_files import class_pair, load_model, save_model

    settings, names = _settings(spec, best), class_pair(classes)
    store = open_store(images, manifest)
    parts = {name: Part(store, store.rows(read_part(split, name)), settings.color) for name in ("train", "validation")}
    prepare_device(seed)
    if start and start_run:
        network = networks.prepare(load_model(start, read_json(start_run)["model_sha256"]), settings)
    else:
        network = networks.build(settings, weights)
    print(
        f"{experiment}, seed {seed}: {len(parts['train']):,} photos, {network.count_params():,} parameters", flush=True
    )
    fit = fitting.fit(network, settings, parts["train"], parts["validation"], seed, logs)

    with written_whole(model) as temporary:
        save_model(fit.model, temporary, names)
    write_csv(history, fit.history)
    save(draw_curves(fit.history, fit.best_epoch, experiment), curves)
    content = {
        "experiment": experiment,
        "seed": seed,
        "spec": settings.model_dump(mode="json"),
        "weights": read_json(origin)["weights"] if (origin := weights_record or start_run) else None,
        "parameters": network.count_params(),
        "trainable_parameters": networks.trainable_parameters(network),
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


def fetch_weights(
    backbone: Annotated[str, typer.Option(help="Lower-case name in keras.applications.")],
    spec: Annotated[str, typer.Option(help="Where the weights come from (JSON, see `Weights`).")],
    output: Annotated[Path, typer.Option(help="The weights to write (.weights.h5).")],
    record: Annotated[Path, typer.Option(help="What they are, and their hash (JSON).")],
) -> None:
    """Fetch a backbone's pretrained weights, or take them from a file, and check that they fit."""
    from canigatti.config import Weights
    from canigatti.files import sha256_of, write_json, written_whole
    from canigatti.training.backbones import obtain
    from canigatti.training.device import prepare_device

    wanted = Weights.parse(spec)
    prepare_device()
    network, origin = obtain(backbone, wanted)
    with written_whole(output) as temporary:
        network.save_weights(temporary)
    write_json(record, {"backbone": backbone, "source": wanted.source, "weights": origin, "sha256": sha256_of(output)})


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
