"""Evaluate a model on the test set."""

from pathlib import Path
from typing import Annotated

import typer

from canigatti.options import Images, SplitFile


def evaluate(
    model: Annotated[Path, typer.Option(help="The trained model (.keras), with its run.json next to it.")],
    split: SplitFile,
    images: Images,
    output: Annotated[
        Path,
        typer.Option(help="Folder for predictions.csv, metrics.json, uncertain.csv, speed.json and evaluation.json."),
    ],
) -> None:
    """Predict the test set with a trained model, and compute its accuracy, loss and speed."""
    from canigatti.evaluation.metrics import compute_metrics, least_certain
    from canigatti.evaluation.prediction import predict
    from canigatti.evaluation.predictions import Predictions, write_predictions
    from canigatti.evaluation.records import EVALUATION_FILES, UNCERTAIN, EvaluationRecord
    from canigatti.evaluation.speed import measure_speed
    from canigatti.files import InputError, sha256_of
    from canigatti.photos.records import ClassNames, groups_of, read_subset
    from canigatti.photos.store import open_store
    from canigatti.training.leases import lease_device
    from canigatti.training.machine import describe_machine
    from canigatti.training.model_files import load_model
    from canigatti.training.records import Inputs, TrainingRecord

    lease_device()  # before TensorFlow is imported
    model_sha256, inputs = TrainingRecord.read(model.with_name("run.json")).model_sha256, Inputs.of(images, split)
    network = load_model(model, model_sha256)
    store = open_store(images, images.with_name("manifest.csv"))
    rows = store.rows(read_subset(split, "test"))
    groups = groups_of(store.ids[rows], images.with_name("groups.csv"))
    try:
        predictions = Predictions(store.ids[rows], store.labels[rows], predict(network, store.images, rows))
        metrics = compute_metrics(predictions, groups)
    except InputError as error:
        raise InputError(f"{model}: {error}") from None
    write_predictions(output / "predictions.csv", predictions, ClassNames.beside(images))
    UNCERTAIN.write(output / "uncertain.csv", least_certain(predictions))
    metrics.write(output / "metrics.json")
    measure_speed(network, store.images, rows).write(output / "speed.json")
    EvaluationRecord(
        model_sha256=model_sha256,
        inputs=inputs,
        machine=describe_machine(),
        files={name: sha256_of(output / name) for name in EVALUATION_FILES},
    ).write(output / "evaluation.json")
    print(f"accuracy {metrics.accuracy:.2%}  loss {metrics.loss:.4f}  on {metrics.n:,} test photos")
