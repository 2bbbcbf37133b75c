"""The command that predicts new photos."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer


def predict(
    model: Annotated[Path, typer.Argument(help="The trained model (.keras).")],
    photos: Annotated[
        list[str],
        typer.Argument(
            metavar="PHOTO…",
            help="Photos, folders (searched recursively), or - to read paths from standard input, one per line.",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    max_error: Annotated[
        float | None,
        typer.Option(
            help="Answer only for photos that the model is certain enough of, so that at most this fraction of the "
            "answers is wrong, with 95% confidence; the class of the others is unsure."
        ),
    ] = None,
    uncalibrated: Annotated[
        bool, typer.Option("--uncalibrated", help="Print the probabilities of the network, as in predictions.csv.")
    ] = False,
    explain: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Also write an image of each photo into a new folder: where the network found the class (Grad-CAM).",
        ),
    ] = None,
) -> None:
    """Predict the class of each photo, and its probability (in JSON and CSV of two classes: that of the second).

    The model file contains everything that is needed: image size, resize and color mode, and the names of the classes.
    If calibration.json is next to it, probabilities are calibrated, as the heading of the table says.
    If some photos cannot be read, they are reported on stderr, the others are predicted, and the exit code is 1.
    Skipped files in folders, such as hidden ones, are counted on stderr, which does not change the exit code.
    """
    from canigatti.files import InputError
    from canigatti.prediction import output, terminal
    from canigatti.prediction.files import predict_files
    from canigatti.prediction.loading import load_predictor
    from canigatti.prediction.search import find_files

    if as_json and as_csv:
        raise InputError("expected --json or --csv, received both")
    terminal.require_stdout()
    if explain:
        from canigatti.prediction.explaining import Explainer, require_empty

        require_empty(explain)
    found = find_files(terminal.expand_stdin(photos))
    files, errors = found.files, found.errors
    for path, error in errors.items():
        terminal.report_error(path, error)
    if not files:
        raise InputError("there is no photo to predict: no file was given or found in the folders")
    total = len(files) + len(errors)
    predictor = load_predictor(model, max_error, uncalibrated)
    rules = predictor.rules
    if rules.reason:
        terminal.report(f"the probabilities are not calibrated: {rules.reason}")
    lines = output.as_json if as_json else output.as_csv if as_csv else partial(output.as_table, kind=rules.kind)
    try:
        explainer = Explainer(predictor.network, predictor.classes, explain) if explain else None
        predictions = predict_files(predictor.network, files, predictor.resize, rules, explainer)
        terminal.write(lines(terminal.readable(predictions, len(files), errors), predictor.classes))
    except InputError as error:
        raise InputError(f"{model}: {error}") from None
    if skipped := found.describe_skipped():
        terminal.report(skipped)
    if errors:
        raise InputError(f"{len(errors):,} of {total:,} files and folders could not be used; see the messages above")
