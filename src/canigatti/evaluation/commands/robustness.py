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
    from canigatti.evaluation.records import CORRUPTED, ROBUSTNESS, ROBUSTNESS_FILES
    from canigatti.evaluation.robustness import classify_corrupted, tabulate
    from canigatti.evaluation.subject import Subject
    from canigatti.files import InputError

    subject = Subject.load(model, split, images)
    try:
        predicted = classify_corrupted(subject.network, subject.store, subject.rows("test"))
    except InputError as error:
        raise InputError(f"{model}: {error}") from None
    table = tabulate(predicted)
    CORRUPTED.write(output / "corrupted.csv", predicted)
    ROBUSTNESS.write(output / "robustness.csv", table)
    subject.write_record(output / "robustness.json", ROBUSTNESS_FILES)
    lowest = table.loc[table["accuracy"].idxmin()]
    print(f"lowest accuracy {lowest['accuracy']:.2%}  with {lowest['corruption']}, severity {lowest['severity']}")
