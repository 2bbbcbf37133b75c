"""The command that serves a page on which photos are predicted."""

from pathlib import Path
from typing import Annotated

import typer


def serve(
    model: Annotated[Path, typer.Argument(help="The trained model (.keras).")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the page; 0 for any free one.")] = 8000,
    max_error: Annotated[
        float | None, typer.Option(help="Answer only for photos that the model is certain enough of, as in `predict`.")
    ] = None,
    uncalibrated: Annotated[
        bool, typer.Option("--uncalibrated", help="Show the probabilities of the network, as in `predict`.")
    ] = False,
) -> None:
    """Serve a local page on which photos are dropped and predicted, until Ctrl-C is pressed.

    Only this machine reaches the page (127.0.0.1). Photos stay in memory: none is sent elsewhere or written to disk.
    Files are read and refused as in `predict`, and probabilities are the same.
    """
    from canigatti.extras import require_extra
    from canigatti.files import InputError

    require_extra("serve", "starlette", "uvicorn")
    from canigatti.prediction import terminal
    from canigatti.prediction.loading import load_predictor
    from canigatti.prediction.serving.application import create_application, render_page
    from canigatti.prediction.serving.engine import Engine
    from canigatti.prediction.serving.explaining import explain_with
    from canigatti.prediction.serving.server import address, open_socket, run

    with open_socket(port) as listening:
        predictor = load_predictor(model, max_error, uncalibrated)
        if predictor.rules.reason:
            terminal.report(f"the probabilities are not calibrated: {predictor.rules.reason}")
        try:
            engine = Engine(predictor, explain_with(predictor.network))
        except InputError as error:
            raise InputError(f"{model}: {error}") from None
        print(f"{address(listening)} predicts the photos that are dropped on it; press Ctrl-C to end", flush=True)
        try:
            run(create_application(engine, render_page(predictor, model, max_error)), listening)
        finally:
            engine.close()
