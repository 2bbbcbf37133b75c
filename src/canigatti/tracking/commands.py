"""The command that writes a study into an MLflow store."""

from typing import Annotated

import typer


def log_to_mlflow(
    study: Annotated[
        str,
        typer.Argument(metavar="STUDY", help="The configuration file, the folder results/NAME, or the study's name."),
    ],
    tracking_uri: Annotated[
        str, typer.Option(envvar="MLFLOW_TRACKING_URI", help="Folder of the store, or address of an MLflow server.")
    ] = "mlruns",
    with_models: Annotated[bool, typer.Option("--with-models", help="Store the model files too.")] = False,
) -> None:
    """Write a finished or running study into an MLflow store: one MLflow run per experiment and seed.

    Running it again updates these runs. A training that is not finished is logged with the epochs so far; its settings,
    test metrics and files follow when it is. MLflow's telemetry is off.
    """
    from canigatti.extras import require_extra
    from canigatti.files import InputError

    require_extra("mlflow", "mlflow")
    from canigatti.live.study import find_study
    from canigatti.tracking.runs import list_runs, read_run
    from canigatti.tracking.store import MlflowStore

    found, errors = find_study(study), []
    store = MlflowStore(tracking_uri, found.study.study)
    for folder in list_runs(found.folder):
        try:
            if run := read_run(folder, with_models):
                print(f"{run.name}: {run.status.lower()}, {store.log(run)}", flush=True)
        except InputError as error:
            errors.append(f"{folder.relative_to(found.folder)}: {error}")
    if errors:
        raise InputError("\n".join(["some runs are not logged:", *errors]))
    print(f"The study {found.study.study} is in {store.uri}{store.hint}", flush=True)
