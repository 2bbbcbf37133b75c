"""Predict with test-time augmentation."""

from pathlib import Path
from typing import Annotated

import typer

from canigatti.options import Images, SplitFile


def augment_tests(
    model: Annotated[Path, typer.Option(help="The trained model (.keras), with its run.json next to it.")],
    split: SplitFile,
    images: Images,
    output: Annotated[Path, typer.Option(help="Folder for augmented.csv and augmented.json.")],
) -> None:
    """Predict the mean over each test photo, its mirror image and four shifted copies."""
    from canigatti.evaluation.augmented import augmented_predictions
    from canigatti.evaluation.metrics import check_probabilities
    from canigatti.evaluation.predictions import write_predictions
    from canigatti.evaluation.records import AUGMENTED_FILES, EvaluationRecord
    from canigatti.files import InputError, sha256_of
    from canigatti.photos.records import ClassNames, read_subset
    from canigatti.photos.store import open_store
    from canigatti.training.leases import lease_device
    from canigatti.training.machine import describe_machine
    from canigatti.training.model_files import load_model
    from canigatti.training.records import Inputs, TrainingRecord

    lease_device()  # before TensorFlow is imported
    model_sha256, inputs = TrainingRecord.read(model.with_name("run.json")).model_sha256, Inputs.of(images, split)
    network = load_model(model, model_sha256)
    store = open_store(images, images.with_name("manifest.csv"))
    try:
        predictions = augmented_predictions(network, store, store.rows(read_subset(split, "test")))
        check_probabilities(predictions.probabilities)
    except InputError as error:
        raise InputError(f"{model}: {error}") from None
    write_predictions(output / "augmented.csv", predictions, ClassNames.beside(images))
    EvaluationRecord(
        model_sha256=model_sha256,
        inputs=inputs,
        machine=describe_machine(),
        files={name: sha256_of(output / name) for name in AUGMENTED_FILES},
    ).write(output / "augmented.json")
    print(f"accuracy {predictions.correct.mean():.2%}  with test-time augmentation")
