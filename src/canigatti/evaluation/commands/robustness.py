"""Measure the robustness of a model."""

from pathlib import Path
from typing import Annotated

import typer

from canigatti.options import Images, SplitFile


def measure_robustness(
    model: Annotated[Path, typer.Option(help="The trained model (.keras), with its run.json next to it.")],
    split: SplitFile,
    images: Images,
    output: Annotated[Path, typer.Option(help="Folder for robustness.csv, corrupted.csv and robustness.json.")],
) -> None:
    """Classify the test set with blur, noise, JPEG compression, other brightness and rotation; compute accuracies."""
    from canigatti.evaluation.records import CORRUPTED, ROBUSTNESS, ROBUSTNESS_FILES, EvaluationRecord
    from canigatti.evaluation.robustness import classify_corrupted, tabulate
    from canigatti.files import InputError, sha256_of
    from canigatti.photos.records import read_subset
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
        predicted = classify_corrupted(network, store, store.rows(read_subset(split, "test")))
    except InputError as error:
        raise InputError(f"{model}: {error}") from None
    table = tabulate(predicted)
    CORRUPTED.write(output / "corrupted.csv", predicted)
    ROBUSTNESS.write(output / "robustness.csv", table)
    EvaluationRecord(
        model_sha256=model_sha256,
        inputs=inputs,
        machine=describe_machine(),
        files={name: sha256_of(output / name) for name in ROBUSTNESS_FILES},
    ).write(output / "robustness.json")
    lowest = table.loc[table["accuracy"].idxmin()]
    print(f"lowest accuracy {lowest['accuracy']:.2%}  with {lowest['corruption']}, severity {lowest['severity']}")
