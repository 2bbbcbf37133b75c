"""The command that starts a study from photos alone."""

from pathlib import Path
from typing import Annotated

import typer


def init(
    photos: Annotated[
        Path, typer.Argument(metavar="PHOTOS", help="Folder or zip file of photos, one folder per class.")
    ],
    name: Annotated[str | None, typer.Option(help="Name of the study. Default: like the folder.")] = None,
    backbones: Annotated[
        str, typer.Option(help="Pretrained networks (names in keras.applications, separated by commas), or none.")
    ] = "mobilenetv2",
    weights: Annotated[
        list[str] | None,
        typer.Option(
            metavar="BACKBONE=FILE",
            help="Local .weights.h5 file, without top; repeatable. Without it, Keras downloads.",
        ),
    ] = None,
    minutes: Annotated[float | None, typer.Option(min=1, help="Choose a study that fits into this time.")] = None,
    search: Annotated[bool, typer.Option("--search", help="Add a hyperparameter search.")] = False,
) -> None:
    """Write config/NAME.yaml, a study of the photos in a folder or zip, and print how long it takes and how to run it.

    The photos are listed, and some of them decoded; a few training steps of each network are timed. Nothing is
    overwritten, and nothing is written if there is an error.
    """
    from canigatti.prediction.terminal import quiet_libraries
    from canigatti.scaffolding.choice import Choice, choose_name, choose_weights, require_new, write_new
    from canigatti.scaffolding.output import describe_power, describe_proposal, describe_survey
    from canigatti.scaffolding.proposal import propose
    from canigatti.scaffolding.survey import survey

    choice = Choice(choose_name(photos, name), choose_weights(backbones, weights or []), search)
    require_new(choice)
    found = survey(photos)
    print(*describe_survey(found), sep="\n", flush=True)
    print("timing a few training steps of each network …", flush=True)
    with quiet_libraries():
        proposal = propose(found, choice, minutes)
    print(*describe_power(proposal), sep="\n", flush=True)
    write_new(choice.path, proposal.text)
    print(*describe_proposal(proposal, minutes), sep="\n")
    print(f"{choice.path} is written. Have a look at it, and run it:\n\n  {proposal.command}\n")
    print(f"The page will be results/{choice.name}/report/index.html.", flush=True)
