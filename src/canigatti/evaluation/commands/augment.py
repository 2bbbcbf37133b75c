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
    from canigatti.evaluation.records import AUGMENTED_FILES
    from canigatti.evaluation.subject import Subject
    from canigatti.files import InputError
    from canigatti.photos.records import ClassNames

    subject = Subject.load(model, split, images)
    try:
        predictions = augmented_predictions(subject.network, subject.store, subject.rows("test"))
        check_probabilities(predictions.probabilities)
    except InputError as error:
        raise InputError(f"{model}: {error}") from None
    write_predictions(output / "augmented.csv", predictions, ClassNames.beside(images))
    subject.write_record(output / "augmented.json", AUGMENTED_FILES)
    print(f"accuracy {predictions.correct.mean():.2%}  with test-time augmentation")
