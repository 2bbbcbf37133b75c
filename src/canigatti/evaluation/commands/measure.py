"""Measure an evaluated model on the test set after corrections."""

from pathlib import Path
from typing import Annotated

import typer

from canigatti.options import Manifest


def measure(
    evaluated: Annotated[Path, typer.Option(help="Folder that `evaluate` wrote.")],
    training: Annotated[Path, typer.Option(help="Training and validation sets after corrections (CSV).")],
    test: Annotated[Path, typer.Option(help="Test set after corrections (CSV).")],
    manifest: Manifest,
    output: Annotated[Path, typer.Option(help="Folder for files of the same names.")],
) -> None:
    """Apply corrections to predictions, and compute the metrics; no network predicts anything again."""
    from canigatti.evaluation.corrected import correct_predictions
    from canigatti.evaluation.metrics import compute_metrics, least_certain
    from canigatti.evaluation.predictions import read_predictions, write_predictions
    from canigatti.evaluation.records import EVALUATION_FILES, UNCERTAIN, EvaluationRecord, Speed
    from canigatti.files import InputError, sha256_of
    from canigatti.photos.records import SPLIT, ClassNames, groups_of

    record, classes = EvaluationRecord.read(evaluated / "evaluation.json"), ClassNames.beside(manifest)
    for name in EVALUATION_FILES:
        if sha256_of(evaluated / name) != record.files.get(name):
            raise InputError(
                f"{evaluated / name}: it has changed since {evaluated / 'evaluation.json'} was written; delete this "
                "file and run the same command again to recreate it"
            )
    predictions = {}
    for name, part, subset in (("predictions.csv", test, "test"), ("validation.csv", training, "validation")):
        photos = SPLIT.read(part)
        try:
            predictions[subset] = correct_predictions(
                read_predictions(evaluated / name, classes), photos[photos["part"] == subset]
            )
        except InputError as error:
            raise InputError(f"{evaluated / name}: {error}") from None
        write_predictions(output / name, predictions[subset], classes)
    of_test = predictions["test"]
    compute_metrics(of_test, groups_of(of_test.ids, manifest.with_name("groups.csv"))).write(output / "metrics.json")
    UNCERTAIN.write(output / "uncertain.csv", least_certain(of_test))
    Speed.read(evaluated / "speed.json").write(output / "speed.json")
    files = {name: sha256_of(output / name) for name in EVALUATION_FILES}
    parts = {"training": sha256_of(training), "test": sha256_of(test)}
    record.model_copy(update={"files": files, "corrected_sha256": parts}).write(output / "evaluation.json")
