"""The command that exports a model."""

from pathlib import Path
from typing import Annotated

import typer


def export(
    model: Annotated[Path, typer.Argument(help="The trained model (.keras).")],
    format: Annotated[str, typer.Option("--format", help="onnx, litert or saved_model.")],
    output: Annotated[
        Path | None,
        typer.Option(help="The file (.onnx, .tflite) or folder to write. Default: next to the model, like it."),
    ] = None,
    photos: Annotated[
        Path | None,
        typer.Option(
            help="Folder of photos to compare the exported model with Keras on. Default: test photos of its study, or "
            "random images if the model is elsewhere."
        ),
    ] = None,
) -> None:
    """Export a trained model for ONNX Runtime, LiteRT or TensorFlow, if it predicts there what it predicts in Keras.

    The exported model contains scaling and preprocessing; photos must be decoded and resized before. How, what the
    output means, and the names of the classes are inside the model and in a JSON file next to it. Probabilities are
    those of the network, not calibrated. Nothing is replaced, and nothing is written if there is an error.
    """
    import os

    from canigatti.config import Square
    from canigatti.files import InputError, sha256_of
    from canigatti.prediction.calibration import read_rules
    from canigatti.prediction.export.describe import describe_model
    from canigatti.prediction.export.exporting import Target, export_model
    from canigatti.prediction.export.output import describe_export
    from canigatti.prediction.export.photos import choose_photos
    from canigatti.prediction.terminal import quiet_libraries, report
    from canigatti.training.model_files import load_model, read_classes, read_resize
    from canigatti.training.records import TrainingRecord

    target, run = Target.choose(format, model, output), model.with_name("run.json")
    rules = read_rules(model, None, False)
    # Before TensorFlow is imported: the last digits of a GPU are no reference for runtimes on the processor.
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    with quiet_libraries():
        network = load_model(model, TrainingRecord.read(run).model_sha256 if run.is_file() else None)
        classes, resize = read_classes(model), read_resize(model)
        compared = choose_photos(model, Square(network.input_shape[1], resize), photos)
        description = describe_model(network, classes, resize, rules.temperature, sha256_of(model))
        try:
            record = export_model(network, description, compared, target)
        except InputError as error:
            raise InputError(f"{model}: {error}") from None
    if compared.note:
        report(compared.note)
    print(*describe_export(record, target), sep="\n", flush=True)
