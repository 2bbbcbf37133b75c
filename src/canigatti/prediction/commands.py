"""The command that predicts new photos."""

from pathlib import Path
from typing import Annotated

import typer


def predict(
    model: Annotated[Path, typer.Argument(help="The trained model (.keras).")],
    photos: Annotated[
        list[str],
        typer.Argument(
            metavar="PHOTO…",
            help="Photos, folders with all photos in and below them, or - for a list of both on standard input.",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON array.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Write CSV.")] = False,
) -> None:
    """Say which class each photo shows, and how probable the second class is, as in predictions.csv.

    The model's file says all that is needed: size and colour of the photos, and the names of the classes. What cannot
    be read is told on stderr, the rest is done, and the exit code is 1.
    """
    from canigatti.evaluation.commands import _recorded_sha256 as recorded_sha256
    from canigatti.files import InputError
    from canigatti.prediction import output as listing
    from canigatti.prediction import terminal
    from canigatti.prediction.files import find_files, predict_files
    from canigatti.training.model_files import load_model, read_classes

    if as_json and as_csv:
        raise InputError("expected --json or --csv, received both")
    files, faults = find_files(terminal.listed(photos))
    for path, fault in faults.items():
        terminal.tell_fault(path, fault)
    if not files:
        raise InputError("there is no photo to predict: no file is given, or found in the folders that are")
    total, run = len(files) + len(faults), model.with_name("run.json")
    with terminal.without_chatter():
        network = load_model(model, recorded_sha256(run) if run.is_file() else None)
    classes = read_classes(model)
    form = listing.as_json if as_json else listing.as_csv if as_csv else listing.as_table
    try:
        terminal.write(form(terminal.usable(predict_files(network, files), len(files), faults), classes))
    except InputError as error:
        raise InputError(f"{model}: {error}") from None
    if faults:
        raise InputError(f"{len(faults):,} of {total:,} files and folders could not be used; the reasons stand above")
