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
    from canigatti.evaluation.records import EVALUATION_FILES, UNCERTAIN
    from canigatti.evaluation.speed import measure_speed
    from canigatti.evaluation.subject import Subject
    from canigatti.files import InputError
    from canigatti.photos.records import ClassNames, groups_of

    subject = Subject.load(model, split, images)
    store, rows, validated = subject.store, subject.rows("test"), subject.rows("validation")
    groups, classes = groups_of(store.ids[rows], images.with_name("groups.csv")), ClassNames.beside(images)
    try:
        with_logits = LogitNetwork(subject.network)
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
    measure_speed(subject.network, store.images, rows).write(output / "speed.json")
    subject.write_record(output / "evaluation.json", EVALUATION_FILES)
    print(f"accuracy {metrics.accuracy:.2%}  loss {metrics.loss:.4f}  on {metrics.n:,} test photos")
