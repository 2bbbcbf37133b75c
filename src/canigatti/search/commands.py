"""The commands of the search stage."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from canigatti.options import Images, Manifest, SplitFile

if TYPE_CHECKING:
    from canigatti.search.space import Values
    from canigatti.search.trials import Execution

Specification = Annotated[str, typer.Option("--spec", help="The search (JSON, see `Experiment.search_spec`).")]
Table = Annotated[Path, typer.Option(help="A row a trial (CSV).")]


def propose_trials(
    spec: Specification,
    combinations: Annotated[int, typer.Option(help="How many.")],
    output: Annotated[Path, typer.Option(help="The combinations, in the order in which they are tried (JSON).")],
) -> None:
    """Draw the combinations of hyper-parameters that a search tries."""
    from canigatti.config import SearchSpec
    from canigatti.files import write_json
    from canigatti.search.space import propose

    search = SearchSpec.parse(spec)
    write_json(output, propose(search.space, search.seed, combinations))


def train_trial(
    spec: Specification,
    proposed: Annotated[Path, typer.Option(help="The combinations that `propose-trials` wrote (JSON).")],
    trial: Annotated[int, typer.Option(help="Number of the trial, from 1.")],
    execution: Annotated[int, typer.Option(help="Number of the execution within the trial, from 1.")],
    split: SplitFile,
    manifest: Manifest,
    images: Images,
    output: Annotated[Path, typer.Option(help="What came of it (JSON).")],
    logs: Annotated[Path, typer.Option(help="Folder for TensorBoard's logs.")],
) -> None:
    """Train the network of one trial once; one that cannot be trained is recorded as failed."""
    import time
    from dataclasses import asdict
    from datetime import UTC, datetime

    from canigatti.config import SearchSpec
    from canigatti.files import write_json
    from canigatti.search.space import resolve
    from canigatti.search.trials import Execution, execute, execution_seed
    from canigatti.training.batches import open_parts
    from canigatti.training.checkpoint import backup_file, forget
    from canigatti.training.device import prepare_device
    from canigatti.training.leases import lease_device

    lease_device()
    started, clock = datetime.now(UTC), time.perf_counter()
    search, values = SearchSpec.parse(spec), _read_proposed(proposed)[trial - 1]
    learned, validation = open_parts(images, manifest, split, search.experiment.color)
    logs.mkdir(parents=True, exist_ok=True)  # also where no network can be built with these values
    seed = execution_seed(search.seed, trial, execution)
    prepare_device(seed)
    settings = resolve(values, search.experiment)
    print(f"trial {trial}, execution {execution}: {values}", flush=True)
    kept = backup_file(output, settings, seed, images, [manifest, split])
    outcome = execute(settings, search.objective, learned, validation, seed, logs, kept)
    record = Execution(
        trial=trial,
        execution=execution,
        values=values,
        seed=seed,
        started=started.isoformat(timespec="milliseconds"),
        seconds=time.perf_counter() - clock,
        **asdict(outcome),
    )
    write_json(output, asdict(record))
    forget(kept)


def select_trial(
    spec: Specification,
    executions: Annotated[list[Path], typer.Argument(help="What `train-trial` wrote, every file (JSON).")],
    trials: Table,
    best: Annotated[Path, typer.Option(help="The best trial, its network and its optimizer (JSON).")],
) -> None:
    """Compare the trials of a search and choose the best."""
    from canigatti.config import SearchSpec
    from canigatti.files import write_csv, write_json
    from canigatti.search.selection import tabulate, winner
    from canigatti.search.space import resolve

    search, records = SearchSpec.parse(spec), [_read_execution(path) for path in executions]
    table = tabulate(records)
    write_csv(trials, table)
    chosen = winner(table, search.objective)
    number = int(chosen["trial"])
    values = next(record.values for record in records if record.trial == number)
    settings = resolve(values, search.experiment).model_dump(mode="json")
    content = {
        "trial": number,
        "objective": search.objective,
        "score": float(chosen["score"]),
        "best_step": int(chosen["best_step"]),
        "values": values,
        "network": settings["network"],
        "optimizer": settings["optimizer"],
    }
    write_json(best, content)
    print(f"trial {number} of {len(table)}: {search.objective} {content['score']:.4f} with {content['values']}")


def draw_trials(
    experiment: Annotated[str, typer.Option(help="Name of the experiment.")],
    spec: Specification,
    trials: Table,
    output: Annotated[Path, typer.Option(help="The score against each hyper-parameter (PNG).")],
) -> None:
    """Draw the scores of a search's trials against each hyper-parameter."""
    import pandas as pd

    from canigatti.config import SearchSpec
    from canigatti.plots import save
    from canigatti.search.plots import draw_scores
    from canigatti.search.space import hyperparameters

    search, table = SearchSpec.parse(spec), pd.read_csv(trials)
    save(draw_scores(table, hyperparameters(search.space), search.objective, experiment), output)


def _read_proposed(path: Path) -> "list[Values]":
    proposed: Any = _read(path, "what propose-trials wrote", list)
    return proposed


def _read_execution(path: Path) -> "Execution":
    from canigatti.search.trials import Execution

    return _read(path, "what train-trial wrote", lambda content: Execution(**content))


def _read(path: Path, expected: str, convert: Any) -> Any:
    from canigatti.files import InputError, read_json

    try:
        return convert(read_json(path))
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path}: expected {expected}, received {error}") from None
