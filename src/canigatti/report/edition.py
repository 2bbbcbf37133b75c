"""What identifies a page: the date of its newest network, the code that wrote it, and the photos."""

import json
import os
import subprocess
import zipfile
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

from canigatti import __version__
from canigatti.files import InputError
from canigatti.provenance import PACKAGE

_GIT_SECONDS = 20  # on a slow network drive
# The code that decides a page: the package, and the rules that call it.
_CODE = (".", ":/Snakefile", ":/rules")


def newest_date(models: Iterable[Path]) -> date | None:
    """Return the day on which the newest of several models was saved, as Keras has recorded it in the file.

    Unlike the times of files, it survives copies, and a page that is written again keeps it.

    Args:
        models: files (.keras); those that were deleted, to save space, do not count. None if all were.

    Raises:
        InputError: a file cannot be read.
    """
    return max((_date_saved(model) for model in models if model.is_file()), default=None)


def _date_saved(model: Path) -> date:
    try:
        with zipfile.ZipFile(model) as archive:
            return datetime.strptime(
                json.loads(archive.read("metadata.json"))["date_saved"], "%Y-%m-%d@%H:%M:%S"
            ).date()
    except Exception as error:  # damage raises zlib, struct, Unicode, JSON, key and other errors
        raise InputError(
            f"{model}: expected a model with the date on which Keras has saved it, received "
            f"{type(error).__name__}: {error}; delete this file and run the same command again to recreate it"
        ) from None


def code_version(package: Path = PACKAGE) -> str:
    """Return the commit of the package's code, and whether it was modified since; its version outside of a checkout.

    Args:
        package: its folder. An installation inside the folder of another repository is no checkout of the package.
    """
    is_tracked = _git(package, "ls-files", "--error-unmatch", "__init__.py") is not None
    commit = _git(package, "rev-parse", "--short=12", "HEAD") if is_tracked else None
    if commit is None:
        return f"version {__version__}"
    changes = _git(package, "status", "--porcelain", "--", *_CODE)
    return f"version {__version__}, commit {commit}" + (", modified" if changes else "")


def _git(folder: Path, *arguments: str) -> str | None:
    """Return what git prints; None if it fails, or is not installed."""
    # Variables of a git that runs this, as a hook of it does, would name another repository.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment["GIT_OPTIONAL_LOCKS"] = "0"  # reads only, also while somebody commits
    try:
        answer = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=_GIT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
