"""The `canigatti` command line: one command per step of a study, `init` and `predict`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from canigatti.audit.commands.extract import extract_features
from canigatti.audit.commands.judge import audit_labels
from canigatti.audit.commands.page import write_audit
from canigatti.evaluation.commands.augment import augment_tests
from canigatti.evaluation.commands.calibrate import calibrate
from canigatti.evaluation.commands.evaluate import evaluate
from canigatti.evaluation.commands.explain import explain_photos
from canigatti.evaluation.commands.measure import measure
from canigatti.evaluation.commands.plot import plot_evaluation
from canigatti.evaluation.commands.robustness import measure_robustness
from canigatti.files import InputError, write_text
from canigatti.live.commands import page
from canigatti.ownership import one_writer
from canigatti.photos.commands.correct import correct_split
from canigatti.photos.commands.fetch import fetch
from canigatti.photos.commands.generate import generate
from canigatti.photos.commands.inspect import inspect
from canigatti.photos.commands.plot import plot_photos
from canigatti.photos.commands.split import split
from canigatti.photos.commands.store import store
from canigatti.prediction.commands import predict
from canigatti.prediction.serving.commands import serve
from canigatti.provenance import with_one_code
from canigatti.report.commands.check import check_results
from canigatti.report.commands.plot import plot_report
from canigatti.report.commands.write import report
from canigatti.scaffolding.commands import init
from canigatti.search.commands.plot import plot_search
from canigatti.search.commands.propose import propose_trials
from canigatti.search.commands.select import select_trial
from canigatti.search.commands.train_trial import train_trial
from canigatti.tracking.commands import log_to_mlflow
from canigatti.training.commands.fetch_weights import fetch_weights
from canigatti.training.commands.plot import plot_training
from canigatti.training.commands.train import train
from canigatti.written import recorded

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
for command in (
    *(fetch, generate, inspect, plot_photos, split, correct_split, store),
    *(fetch_weights, train, plot_training),
    *(propose_trials, train_trial, select_trial, plot_search),
    *(evaluate, measure, calibrate, explain_photos, plot_evaluation, measure_robustness, augment_tests),
    *(extract_features, audit_labels, write_audit),
    *(check_results, plot_report, report),
):
    app.command()(one_writer(recorded(with_one_code(command))))
app.command()(init)
app.command()(page)
app.command()(predict)
app.command()(serve)
app.command()(log_to_mlflow)


@app.command()
def schema(output: Annotated[Path, typer.Option(help="The file to write (JSON).")]) -> None:
    """Write the JSON schema of the configuration file, for editors."""
    from canigatti import config

    write_text(output, json.dumps(config.schema(), indent=2, ensure_ascii=False) + "\n")


def main() -> None:
    """Run the command line; a user error is reported in one message, without a traceback."""
    try:
        app()
    except (InputError, OSError) as error:
        sys.exit(f"canigatti: {error}")


if __name__ == "__main__":
    main()
