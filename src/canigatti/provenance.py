"""The package's own modules that a result depends on, so that editing one of them reruns the jobs that made the result.

A rule names the module of its command; the result depends on everything that this module imports, at any depth. A
digest of these files is a parameter of each job.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from functools import cache, wraps
from pathlib import Path
from typing import Any

from canigatti.config import Pretrained, Spec
from canigatti.files import InputError, sha256_of

PACKAGE = Path(__file__).parent
_IMPORT = re.compile(r"^ *from (canigatti[\w.]*) import (\([^)]*\)|.*)$", re.MULTILINE)

_SUPPORT = (
    "config",
    "cores",
    "files",
    "invocation",
    "options",
    "ownership",
    "planning",
    "planning_audit",
    "planning_corrections",
    "planning_search",
    "planning_source",
    "provenance",
    "records",
)
# Editing these leaves results as they are. The configuration reaches a job as its `spec`; invocation and planning find
# the study, and the files and resources of its jobs; files, options and records decide how values are written and read,
# not which; ownership decides which process may write; cores, how many photos are
# read at a time; checkpoint and shutdown do not change how a training run ends,
# and leases only choose the device that it runs on.
WITHOUT_EFFECT = (
    "canigatti",
    *(f"canigatti.{name}" for name in _SUPPORT),
    *(f"canigatti.training.{name}" for name in ("checkpoint", "leases", "shutdown")),
)


def modules_behind(*modules: str, without: tuple[str, ...] = ()) -> list[str]:
    """Return the files of these modules and of every canigatti module they import, at any depth, sorted.

    Args:
        modules: names such as `training.commands.train`.
        without: modules to leave out, together with what only they import.

    Returns:
        Paths inside the package, such as `training/fitting.py`.
    """
    found: set[str] = set()
    waiting = [f"canigatti.{module}" for module in modules]
    left_out = {*WITHOUT_EFFECT, *(f"canigatti.{module}" for module in without)}
    while waiting:
        module = waiting.pop()
        if module not in found | left_out:
            found.add(module)
            waiting += _imports(module)
    return sorted(str(_file(module).relative_to(PACKAGE)) for module in found)


def modules_behind_training(spec: Spec, *modules: str) -> list[str]:
    """Return the files behind modules that train, without those that this experiment does not use.

    Args:
        spec: the experiment.
        modules: names such as `training.commands.train`.

    Returns:
        Paths inside the package, see :func:`modules_behind`.
    """
    has_backbone = isinstance(spec.network, Pretrained)
    used = {
        "training.augmentation": spec.augmentation is not None,
        "training.backbones": has_backbone,
        "training.features": has_backbone,
        "training.giving_up": spec.early_stopping.give_up_after is not None,
        "training.precision": spec.mixed_precision,
        "training.schedules": spec.schedule is not None,
        "training.subsampling": spec.train_fraction < 1,
        "training.weights": has_backbone,
    }
    return modules_behind(*modules, without=tuple(name for name, is_used in used.items() if not is_used))


def digest(files: Sequence[str]) -> str:
    """Return a hash of the names and contents of files of the package, 64 hexadecimal digits.

    Each file is read once: Snakemake asks for every job, and plans all jobs before the first one runs.

    Args:
        files: paths inside the package, from :func:`modules_behind`.
    """
    return hashlib.sha256("".join(f"{file} {_sha256(file)}\n" for file in files).encode()).hexdigest()


@cache
def _sha256(file: str) -> str:
    return sha256_of(PACKAGE / file)


def with_one_code(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command with one more last step: it fails if a module behind it was edited while it ran.

    Python imports a module when it is needed: the results may come from the former code, the new one, or both.
    """

    @wraps(command)
    def run_and_compare(**options: Any) -> None:
        before = _hashes(command)
        command(**options)
        if changed := [name for name, sha256 in _hashes(command).items() if before.get(name) != sha256]:
            raise InputError(
                f"{PACKAGE / changed[0]}: the code has changed while this command was running, and its results are "
                "discarded; run the same command again"
            )

    return run_and_compare


def _hashes(command: Callable[..., None]) -> dict[str, str]:
    modules = modules_behind(command.__module__.removeprefix("canigatti."))
    return {name: sha256_of(PACKAGE / name) for name in modules if (PACKAGE / name).is_file()}


def _file(module: str) -> Path:
    path = PACKAGE.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def _imports(module: str) -> frozenset[str]:
    """Modules of the package that a module imports, anywhere in it, functions included.

    Read from the lines that import: parsing a hundred modules would take half of the time of a dry run.
    """
    names = set()
    for package, imported in _IMPORT.findall(_file(module).read_text(encoding="utf-8")):
        names |= {package, *(f"{package}.{name}" for name in re.findall(r"\w+", imported))}
    return frozenset(name for name in names if _file(name).is_file() and _file(name).name != "__init__.py")
