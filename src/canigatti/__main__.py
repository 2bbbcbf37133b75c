"""The `canigatti` command: every step of a study, each usable by hand."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from canigatti.evaluation import commands as evaluation
from canigatti.files import InputError
from canigatti.photos import commands as photos
from canigatti.prediction import commands as prediction
from canigatti.report import commands as report
from canigatti.search import commands as search
from canigatti.training import commands as training

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
for command in (
    photos.fetch,
    photos.generate,
    photos.inspect,
    photos.draw_photos,
    photos.split,
    photos.store,
    training.fetch_weights,
    training.train,
    search.propose_trials,
    search.train_trial,
    search.select_trial,
    search.draw_trials,
    evaluation.evaluate,
    evaluation.draw_evaluation,
    prediction.predict,
    report.report,
):
    app.command()(command)


@app.command()
def schema(output: Annotated[Path, typer.Option(help="Where to write it (JSON).")]) -> None:
    """Write the JSON schema of the configuration file, for editors."""
    from canigatti import config
    from canigatti.files import write_json

    write_json(output, config.schema())


def main() -> None:
    """Run the command line; what the user can mend is told in one message, without a traceback."""
    try:
        app()
    except (InputError, OSError) as error:
        sys.exit(f"canigatti: {error}")


if __name__ == "__main__":
    main()
