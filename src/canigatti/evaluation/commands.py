"""The commands of the evaluation stage."""

from pathlib import Path
from typing import Annotated

import typer

from canigatti.options import Classes, Images, Manifest, SplitFile

Predictions = Annotated[Path, typer.Option(help="Probability of each test photo (CSV).")]


def evaluate(
    model: Annotated[Path, typer.Option(help="The trained model (.keras).")],
    run: Annotated[Path, typer.Option(help="The run.json written beside the model.")],
    split: SplitFile,
    manifest: Manifest,
    images: Images,
    predictions: Predictions,
    metrics: Annotated[Path, typer.Option(help="Accuracy, loss and confusion matrix (JSON).")],
    uncertain: Annotated[Path, typer.Option(help="The ten least certain photos (CSV).")],
    speed: Annotated[Path, typer.Option(help="Time a photo takes (JSON); it differs from run to run.")],
) -> None:
    """Predict the test photos with a trained model and measure how well it does."""
    import pandas as pd

    from canigatti.evaluation import metrics as measures
    from canigatti.evaluation.prediction import predict
    from canigatti.evaluation.speed import measure_speed
    from canigatti.files import InputError, write_csv, write_json
    from canigatti.photos.splits import read_part
    from canigatti.photos.store import open_store
    from canigatti.training.device import device_name
    from canigatti.training.leases import lease_device
    from canigatti.training.model_files import load_model

    lease_device()
    network = load_model(model, _recorded_sha256(run))
    store = open_store(images, manifest)
    rows = store.rows(read_part(split, "test"))
    try:
        probabilities = predict(network, store.images, rows)
        measured = measures.measure(store.labels[rows], probabilities)
    except InputError as error:
        raise InputError(f"{model}: {error}") from None
    frame = pd.DataFrame({"id": store.ids[rows], "label": store.labels[rows], "probability": probabilities})
    write_csv(predictions, frame)
    write_csv(uncertain, measures.uncertain(frame))
    write_json(metrics, measured)
    write_json(speed, {**measure_speed(network, store.images, rows), "device": device_name()})
    print(f"accuracy {measured['accuracy']:.2%}  loss {measured['loss']:.4f}  on {measured['n']:,} test photos")


def _recorded_sha256(run: Path) -> str:
    """The hash of the model as training recorded it in run.json."""
    from canigatti.files import InputError, read_json

    try:
        return str(read_json(run)["model_sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{run}: expected the run.json of a training with its model_sha256, received {error}"
        ) from None


def draw_evaluation(
    predictions: Predictions,
    manifest: Manifest,
    images: Images,
    classes: Classes,
    confusion: Annotated[Path, typer.Option(help="Confusion matrix (PNG).")],
    misclassified: Annotated[Path, typer.Option(help="All misclassified photos in two groups (PNG).")],
    uncertain: Annotated[Path, typer.Option(help="The ten least certain photos (PNG).")],
) -> None:
    """Draw the confusion matrix, the misclassified photos and the least certain ones."""
    from canigatti.drawing import save
    from canigatti.evaluation import figures, metrics
    from canigatti.files import written_whole
    from canigatti.photos.store import open_store
    from canigatti.training.model_files import class_pair

    names = class_pair(classes)
    frame, store = metrics.read_predictions(predictions), open_store(images, manifest)
    counts = metrics.confusion(frame["label"].to_numpy(), frame["probability"].to_numpy())
    save(figures.draw_confusion(counts, names), confusion)
    for path, draw in ((misclassified, figures.draw_misclassified), (uncertain, figures.draw_uncertain)):
        with written_whole(path) as temporary:
            draw(frame, store, names).save(temporary)


def predict(
    model: Annotated[Path, typer.Argument(help="The trained model (.keras).")],
    photos: Annotated[
        list[str],
        typer.Argument(
            metavar="PHOTO…",
            help="Photos, folders with all photos in and below them, or - for a list of both on standard input.",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON array.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Write CSV.")] = False,
) -> None:
    """Say which class each photo shows, and how probable the second class is, as in predictions.csv.

    The model's file says all that is needed: size and colour of the photos, and the names of the classes. What cannot
    be read is told on stderr, the rest is done, and the exit code is 1.
    """
    from canigatti.evaluation import listing, terminal
    from canigatti.evaluation.photos_from_files import find_files, predict_files
    from canigatti.files import InputError
    from canigatti.training.model_files import load_model, read_classes

    if as_json and as_csv:
        raise InputError("expected --json or --csv, received both")
    files, faults = find_files(terminal.listed(photos))
    for path, fault in faults.items():
        terminal.tell_fault(path, fault)
    if not files:
        raise InputError("there is no photo to predict: no file is given, or found in the folders that are")
    total, run = len(files) + len(faults), model.with_name("run.json")
    with terminal.without_chatter():
        network = load_model(model, _recorded_sha256(run) if run.is_file() else None)
    classes = read_classes(model)
    form = listing.as_json if as_json else listing.as_csv if as_csv else listing.as_table
    try:
        terminal.write(form(terminal.usable(predict_files(network, files), len(files), faults), classes))
    except InputError as error:
        raise InputError(f"{model}: {error}") from None
    if faults:
        raise InputError(f"{len(faults):,} of {total:,} files and folders could not be used; the reasons stand above")
