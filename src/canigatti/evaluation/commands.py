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
    from canigatti.evaluation import metrics
    from canigatti.evaluation import plots as figures
    from canigatti.files import written_whole
    from canigatti.photos.store import open_store
    from canigatti.plots import save
    from canigatti.training.model_files import class_pair

    names = class_pair(classes)
    frame, store = metrics.read_predictions(predictions), open_store(images, manifest)
    counts = metrics.confusion(frame["label"].to_numpy(), frame["probability"].to_numpy())
    save(figures.draw_confusion(counts, names), confusion)
    for path, draw in ((misclassified, figures.draw_misclassified), (uncertain, figures.draw_uncertain)):
        with written_whole(path) as temporary:
            draw(frame, store, names).save(temporary)
