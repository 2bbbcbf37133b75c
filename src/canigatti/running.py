"""The command that runs a study without a clone of the project."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from canigatti.files import InputError
from canigatti.project import find_configuration, workflow_folder

SNAKEMAKE_OPTIONS = {"ignore_unknown_options": True}  # typer's, so that they are passed on
_OWN = ("--configfile", "--configfiles", "--snakefile", "-s")


def run(
    configuration: Annotated[
        str,
        typer.Argument(
            metavar="CONFIG", help="Configuration file, or the name of an included one (demo, laptop, full)."
        ),
    ],
    options: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SNAKEMAKE OPTIONS]...", help="Passed on: targets, --dry-run, --cores 2, --unlock, …"),
    ] = None,
) -> None:
    """Run a study with Snakemake, and write results/NAME/ into this folder.

    Only what is not up to date runs. It needs no clone of the project: the workflow is part of the package.
    """
    command = snakemake_command(find_configuration(configuration), options or [])
    sys.stdout.flush()
    os.execv(command[0], command)  # a process of its own would have to pass on signals


def snakemake_command(configuration: Path, options: Sequence[str]) -> list[str]:
    """Return the command that runs a study in the working directory.

    Args:
        configuration: the configuration file.
        options: other arguments of `snakemake`.

    Raises:
        InputError: the options select another configuration or Snakefile.
    """
    if refused := [option for option in options if option.partition("=")[0] in _OWN]:
        raise InputError(f"{refused[0]}: `canigatti run` sets this option; call `snakemake` to choose it")
    # Before the others, because --configfile takes all arguments that follow it, targets too.
    own = ["--configfile", str(configuration), "--snakefile", str(workflow_folder() / "Snakefile")]
    return [sys.executable, "-P", "-m", "snakemake", *own, *options]
