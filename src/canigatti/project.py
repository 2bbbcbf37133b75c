"""Where the files of the workflow are, in a checkout and in an installed package, and the commands that run it.

The wheel carries the Snakefile and what it needs in the folder `_workflow` of the package, see `hatch_build.py`.
"""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path, PurePath

from canigatti.files import InputError
from canigatti.provenance import PACKAGE

INSTALLED = PACKAGE / "_workflow"
_CHECKOUT = PACKAGE.parents[1]
_CONFIGURATIONS = "config"


def is_installed() -> bool:
    """Return whether the package is installed from a wheel, and not the sources of a checkout."""
    return (INSTALLED / "Snakefile").is_file()


def workflow_folder() -> Path:
    """Return the folder of the Snakefile: in an installed package, in the package; in a checkout, its own.

    Raises:
        InputError: there is none.
    """
    folder = INSTALLED if is_installed() else _CHECKOUT
    if not (folder / "Snakefile").is_file():
        raise InputError(f"{folder}: there is no Snakefile; install the package again, or clone the project")
    return folder


def find_configuration(name: str) -> Path:
    """Return the path of a configuration file.

    Args:
        name: the path itself, or a short name: `birds` stands for `config/birds.yaml`, in the working directory or, if
            that does not exist, of the package.

    Raises:
        InputError: there is no such file.
    """
    included = workflow_folder() / _CONFIGURATIONS
    short = [Path(_CONFIGURATIONS, f"{name}.yaml"), included / f"{name}.yaml"] if PurePath(name).name == name else []
    for path in (Path(name), *short):
        if path.is_file():
            return path
    known = ", ".join(sorted(path.stem for path in included.glob("*.yaml")))
    raise InputError(f"{name}: there is no such configuration file; those that are included are named {known}")


def own_command(configuration: str, options: Sequence[str]) -> list[str] | None:
    """Return the words of `canigatti run` for a study that runs with the installed package's Snakefile.

    Args:
        configuration: path of the configuration file.
        options: the options of `snakemake` that select the study besides `--configfile`, see `Invocation.options`.

    Returns:
        The words, without any path into the package; None if the study runs with another Snakefile.
    """
    if options[:1] != ("--snakefile",) or not options[1].endswith("/".join(INSTALLED.parts[-2:]) + "/Snakefile"):
        return None
    is_included = PurePath(configuration).parent.parts[-3:] == (*INSTALLED.parts[-2:], _CONFIGURATIONS)
    return ["canigatti", "run", PurePath(configuration).stem if is_included else configuration]


def program(name: str) -> list[str]:
    """Return the words that call a program of this Python environment, for a shell: its name, if the shell finds it."""
    beside = Path(sys.executable).parent / name
    if shutil.which(name):
        return [name]
    return [str(beside)] if beside.exists() else [sys.executable, "-m", name]
