"""Calibrate the probabilities of a model, and find when it should abstain."""

from pathlib import Path
from typing import Annotated

import typer


def calibrate(
    evaluation: Annotated[Path, typer.Option(help="Folder with predictions.csv, validation.csv and evaluation.json.")],
    run: Annotated[Path, typer.Option(help="The run.json of the training.")],
    groups: Annotated[Path, typer.Option(help="Groups of photos (groups.csv), next to classes.json.")],
    output: Annotated[Path, typer.Option(help="Calibration to write (JSON), next to the model.")],
) -> None:
    """Fit temperature and thresholds on the validation set, and measure on the test set what they achieve."""
    from canigatti.evaluation.calibration import Sample
    from canigatti.evaluation.calibration import calibrate as calibrate_model
    from canigatti.evaluation.predictions import read_predictions
    from canigatti.evaluation.records import EvaluationRecord
    from canigatti.photos.records import ClassNames, groups_of
    from canigatti.training.records import TrainingRecord

    classes = ClassNames.beside(groups)
    read = [read_predictions(evaluation / name, classes) for name in ("validation.csv", "predictions.csv")]
    validation, test = (Sample(predictions, groups_of(predictions.ids, groups)) for predictions in read)
    model_sha256 = EvaluationRecord.read(evaluation / "evaluation.json").model_sha256
    calibration = calibrate_model(validation, test, model_sha256, TrainingRecord.read(run).diverged)
    calibration.write(output)
    fitted = calibration.temperature
    print(f"temperature {fitted.value:.3f}" if fitted else f"no temperature: {calibration.reason}")
