"""Which of the package's own files a result depends on, so that editing one of them makes the result again."""

import ast
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent

# Commands only move values between files and functions; the configuration reaches a job as its `spec`; files.py decides
# how a result is written and not what it says. Editing these leaves results as they are.
# A training that goes on from a backup ends as one that was not interrupted.
WITHOUT_EFFECT = (
    "canigatti",
    *(f"canigatti.{name}" for name in ("config", "files", "provenance", "training.checkpoint", "training.shutdown")),
)


def modules_behind(*modules: str, without: tuple[str, ...] = ()) -> list[str]:
    """The files of these modules and of every canigatti module they import, at any depth, sorted.

    Args:
        modules: names such as `training.fitting`.
        without: modules that are left out together with what only they import.

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


def _file(module: str) -> Path:
    path = PACKAGE.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def _imports(module: str) -> frozenset[str]:
    """Modules of the package that a module imports, anywhere in it, functions included."""
    names = set()
    for node in ast.walk(ast.parse(_file(module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("canigatti"):
            names |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names if alias.name.startswith("canigatti")}
    return frozenset(name for name in names if _file(name).is_file() and _file(name).name != "__init__.py")
