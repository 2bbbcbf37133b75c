"""The commands of the training stage."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from canigatti.options import Classes, Images, Manifest, SplitFile

if TYPE_CHECKING:
    import keras

    from canigatti.config import Spec

Files = tuple[Path | None, Path | None]


def train(
    experiment: Annotated[str, typer.Option(help="Name of the experiment.")],
    spec: Annotated[str, typer.Option(help="The experiment (JSON, see `Experiment.spec`).")],
    seed: Annotated[int, typer.Option(help="Seed of the weights, the order and the augmentation.")],
    split: SplitFile,
    manifest: Manifest,
    images: Images,
    classes: Classes,
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
    from canigatti.training.leases import lease_device

    lease_device()
    started = time.perf_counter()
    from canigatti.files import sha256_of, write_csv, write_json, written_whole
    from canigatti.plots import save
    from canigatti.training.batches import open_parts
    from canigatti.training.checkpoint import backup_file, forget
    from canigatti.training.device import memory_told, prepare_device
    from canigatti.training.fitting import fit
    from canigatti.training.model_files import class_pair, save_model
    from canigatti.training.plots import draw_curves
    from canigatti.training.records import describe

    settings, names = _settings(spec, best), class_pair(classes)
    learned, validation = open_parts(images, manifest, split, settings.color)
    prepare_device(seed)
    what = f"{experiment}, seed {seed}: {len(learned):,} photos in batches of {settings.batch_size}"
    with memory_told(what):
        network, origin = _network(settings, (weights, weights_record), (start, start_run))
        print(f"{what}, {network.count_params():,} parameters", flush=True)
        records = [file for file in (weights_record, start_run) if file]
        kept = backup_file(model, settings, seed, images, [manifest, split, *records])
        fitted = fit(network, settings, learned, validation, seed, logs, kept)

    with written_whole(model) as temporary:
        save_model(fitted.model, temporary, names)
    write_csv(history, fitted.history)
    save(draw_curves(fitted.history, fitted.best_epoch, experiment), curves)
    told = {"experiment": experiment, "seed": seed, "spec": settings.model_dump(mode="json"), "weights": origin}
    told["wall_seconds"] = fitted.earlier_seconds + time.perf_counter() - started
    write_json(run, {**told, **describe(fitted), "model_sha256": sha256_of(model)})
    forget(kept)


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


def _network(settings: "Spec", weights: Files, start: Files) -> "tuple[keras.Model, str | None]":
    """The network to train, and what its backbone's weights were at first.

    Args:
        settings: the experiment.
        weights: of the backbone, and their record.
        start: the trained model to go on with, and its run.json.

    Raises:
        InputError: the experiment needs another start than it is given, or a file is not the one that was recorded.
    """
    from canigatti.config import Pretrained
    from canigatti.training import networks
    from canigatti.training.model_files import load_model, refuse_changed

    goes_on, has_backbone = settings.start_from is not None, isinstance(settings.network, Pretrained)
    if begun := _given("--start with its --start-run", start, goes_on):
        file, record = begun
        return networks.prepare(load_model(file, record["model_sha256"]), settings), record["weights"]
    if learned := _given("--weights with their --weights-record", weights, has_backbone and not goes_on):
        file, record = learned
        refuse_changed(file, record["sha256"], "file of weights")
        return networks.build(settings, file), record["weights"]
    return networks.build(settings), None


def _given(options: str, files: Files, needed: bool) -> tuple[Path, dict[str, Any]] | None:
    """A file and the content of its record, both given if the experiment needs them, and neither if not."""
    from canigatti.files import InputError, read_json

    if any((file is not None) != needed for file in files):
        received = " and ".join(str(file) for file in files if file) or "neither"
        raise InputError(f"this experiment takes {options if needed else f'no {options}'}, received {received}")
    file, record = files
    return (file, read_json(record)) if file and record else None


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
