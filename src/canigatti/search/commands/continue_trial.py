"""Continue one execution of one trial of a search by halving."""

from pathlib import Path
from typing import Annotated

import typer

from canigatti.options import Images, SplitFile


def continue_trial(
    spec: Annotated[str, typer.Option(help="The search (JSON, see `Experiment.resolve_search`).")],
    rung: Annotated[int, typer.Option(help="Number of the rung, from 2.")],
    before: Annotated[Path, typer.Option(help="The execution's result in the rung below (JSON), next to its state.")],
    split: SplitFile,
    images: Images,
    output: Annotated[Path, typer.Option(help="The result (JSON); TensorBoard's logs are in tensorboard/ next to it.")],
    weights: Annotated[Path | None, typer.Option(help="The backbone's weights, from `fetch-weights`.")] = None,
) -> None:
    """Continue the training of one trial from where it stopped in the rung below; a failed one remains failed."""
    from canigatti.config import SearchSpec
    from canigatti.files import write_text
    from canigatti.search.executing import Assignment, Inputs, logs_of, run_execution
    from canigatti.search.records import Execution
    from canigatti.training.leases import lease_device

    known = Execution.read(before)
    if known.status == "failed":
        logs_of(output)
        write_text(output.with_suffix(".npz"), "")
        known.model_copy(update={"rung": rung, "seconds": 0.0}).write(output)
        return
    lease_device()  # before TensorFlow is imported
    assignment = Assignment(
        known.trial, known.execution, known.values, known.seed, rung, state=before.with_suffix(".npz")
    )
    run_execution(SearchSpec.from_json(spec), assignment, Inputs(images, split, weights), output)
