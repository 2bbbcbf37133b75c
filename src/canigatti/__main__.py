"""The `canigatti` command line: what people call, such as `init` and `predict`, and one command per step of a study."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from canigatti import __version__
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
from canigatti.prediction.export.commands import export
from canigatti.prediction.serving.commands import serve
from canigatti.provenance import with_one_code
from canigatti.report.commands.cards import write_cards
from canigatti.report.commands.check import check_results
from canigatti.report.commands.explorer import write_explorer
from canigatti.report.commands.plot import plot_report
from canigatti.report.commands.write import report
from canigatti.running import SNAKEMAKE_OPTIONS, run
from canigatti.scaffolding.commands import init
from canigatti.search.commands.continue_trial import continue_trial
from canigatti.search.commands.plot import plot_search
from canigatti.search.commands.promote import promote_trials
from canigatti.search.commands.propose import propose_trials
from canigatti.search.commands.propose_round import propose_round
from canigatti.search.commands.select import select_trial
from canigatti.search.commands.train_trial import train_trial
from canigatti.terminal.writing import readable
from canigatti.tracking.commands import log_to_mlflow
from canigatti.training.commands.fetch_weights import fetch_weights
from canigatti.training.commands.plot import plot_training
from canigatti.training.commands.train import train
from canigatti.written import recorded

FOR_PEOPLE, STEPS = "Commands", "Steps of the workflow, which Snakemake calls"  # headings in the help, in this order

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
for called in (init, run, page, predict, export, serve, log_to_mlflow):
    app.command(rich_help_panel=FOR_PEOPLE, context_settings=SNAKEMAKE_OPTIONS if called is run else None)(called)
for command in (
    *(fetch, generate, inspect, plot_photos, split, correct_split, store),
    *(fetch_weights, train, plot_training),
    *(propose_trials, propose_round, train_trial, continue_trial, promote_trials, select_trial, plot_search),
    *(evaluate, measure, calibrate, explain_photos, plot_evaluation, measure_robustness, augment_tests),
    *(extract_features, audit_labels, write_audit),
    *(check_results, plot_report, report, write_explorer, write_cards),
):
    app.command(rich_help_panel=STEPS)(readable(one_writer(recorded(with_one_code(command)))))


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"canigatti {__version__}")
        raise typer.Exit


@app.callback()
def canigatti(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit.")
    ] = False,
) -> None:
    """Which convolutional approach classifies these photos best, at what cost, and how sure are we?"""


@app.command(rich_help_panel=STEPS)
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
