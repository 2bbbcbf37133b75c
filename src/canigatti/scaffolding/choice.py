"""What the user chooses about a new study, checked before any photo is read."""

import os
import re
import shlex
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from canigatti.config import BACKBONES
from canigatti.config.basis import Name
from canigatti.files import InputError
from canigatti.project import is_installed, program, workflow_folder

_NO_BACKBONE = "none"


@dataclass(frozen=True)
class Choice:
    """What the user chooses about a new study.

    Attributes:
        name: name of the study.
        weights: source of the weights by backbone: a file, or `imagenet`.
        has_search: whether to add a search.
    """

    name: str
    weights: Mapping[str, str]
    has_search: bool

    @property
    def path(self) -> Path:
        """The configuration file, relative to the working directory."""
        return Path("config", f"{self.name}.yaml")

    @property
    def weights_files(self) -> dict[str, Path]:
        """The local files with weights, by backbone."""
        return {backbone: Path(source) for backbone, source in self.weights.items() if source != "imagenet"}


def choose_name(photos: Path, given: str | None) -> str:
    """Return the name of a study: the given one, or one like that of its folder or zip file of photos.

    Raises:
        InputError: the given name is not valid, or the folder's name has no letter or digit from a to z and 0 to 9.
    """
    stem = Path(os.path.abspath(photos)).with_suffix("" if photos.suffix.lower() == ".zip" else photos.suffix).name
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    name = re.sub("[^A-Za-z0-9_]+", "-", plain).strip("-_")[:100] if given is None else given
    try:
        return TypeAdapter(Name).validate_python(name)
    except ValidationError:
        where = f"the name of {photos} gives none" if given is None else f"received {given!r}"
        raise InputError(
            f"--name: expected a name of at most 100 letters a to z, digits, '-' and '_'; {where}"
        ) from None


def choose_weights(backbones: str, weights: Sequence[str]) -> dict[str, str]:
    """Return the source of the weights by backbone.

    Args:
        backbones: names in keras.applications, separated by commas, or `none`.
        weights: `BACKBONE=FILE` texts; the weights of other backbones are downloaded by the study.

    Raises:
        InputError: a backbone is unknown, or a file does not exist or belongs to none of them.
    """
    names = [name.strip() for name in backbones.split(",") if name.strip() not in ("", _NO_BACKBONE)]
    for name in names:
        if name not in BACKBONES:
            raise InputError(
                f"--backbones: expected names such as mobilenetv2, efficientnetb0, or none; received {name!r}"
            )
    sources = dict.fromkeys(names, "imagenet")
    for entry in weights:
        name, _, file = entry.partition("=")
        if name not in sources:
            known = ", ".join(names) or "no backbone"
            raise InputError(f"--weights {entry}: expected BACKBONE=FILE for one of --backbones ({known})")
        if not Path(file).is_file():
            raise InputError(f"--weights {entry}: there is no file {file!r}")
        sources[name] = file
    return sources


def require_new(choice: Choice) -> None:
    """Check that a study of this name can be written and replaces nothing.

    Raises:
        InputError: its configuration or results exist, or the folder of configurations cannot be written.
    """
    folder = choice.path.parent
    for path in (choice.path, Path("results", choice.name)):
        if os.path.lexists(path):
            raise InputError(f"{path} exists already and is not replaced; choose another name with --name")
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: expected a folder for {choice.path}, received a file")
    if not os.access(folder if folder.exists() else Path(), os.W_OK | os.X_OK):
        raise InputError(f"{choice.path} cannot be written: no permission to write into {folder.absolute()}")


def write_new(path: Path, text: str) -> None:
    """Write a file that does not exist yet, as UTF-8.

    Raises:
        InputError: it exists.
        OSError: it cannot be written; the message names it.
    """
    path.parent.mkdir(exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise InputError(f"{path} exists already and is not replaced; choose another name with --name") from None
    except OSError:
        path.unlink(missing_ok=True)
        raise


def command(configuration: Path, cores: int) -> str:
    """Return the command that runs a study in the working directory, for a shell.

    Raises:
        InputError: the files of the workflow are missing.
    """
    workflow_folder()
    if is_installed() or not Path("Snakefile").exists():
        return shlex.join([*program("canigatti"), "run", str(configuration)])
    return shlex.join([*program("snakemake"), "--cores", str(cores), "--configfile", str(configuration)])
