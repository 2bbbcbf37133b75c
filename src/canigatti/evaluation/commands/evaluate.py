"""Evaluate a model on the test set, and predict the validation set for its calibration."""

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
        typer.Option(
            help="Folder for predictions.csv (test set), validation.csv, metrics.json, uncertain.csv, speed.json and "
            "evaluation.json."
        ),
    ],
) -> None:
    """Predict the test set and the validation set with a model; compute accuracy, loss and speed on the test set."""
    from canigatti.evaluation.logits import LogitNetwork
    from canigatti.evaluation.metrics import check_probabilities, compute_metrics, least_certain
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
    rows, validated = (store.rows(read_subset(split, subset)) for subset in ("test", "validation"))
    groups, classes = groups_of(store.ids[rows], images.with_name("groups.csv")), ClassNames.beside(images)
    try:
        with_logits = LogitNetwork(network)
        predictions, validation = (
            Predictions(store.ids[chosen], store.labels[chosen], *with_logits.predict(store.images, chosen))
            for chosen in (rows, validated)
        )
        metrics = compute_metrics(predictions, groups)
        check_probabilities(validation.probabilities)
    except InputError as error:
        raise InputError(f"{model}: {error}") from None
    write_predictions(output / "predictions.csv", predictions, classes)
    write_predictions(output / "validation.csv", validation, classes)
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
