"""Which modules of the package are behind a command."""

import ast
from pathlib import Path

import pytest

from canigatti import provenance
from canigatti.provenance import PACKAGE, modules_behind

MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")


def name_of(path: Path) -> str:
    return ".".join(("canigatti", *path.relative_to(PACKAGE).with_suffix("").parts))


def parsed_imports(path: Path) -> set[str]:
    """The modules of the package that a module imports, as Python's own parser finds them."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports are not followed"
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
            assert not any(alias.name.startswith("canigatti.") for alias in node.names), (
                "write `from canigatti import …`"
            )
    return names & {name_of(module) for module in MODULES}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_the_imports_of_a_module_are_those_that_python_finds(path):
    assert provenance._imports(name_of(path)) == parsed_imports(path)


def test_imports_are_followed_at_any_depth_and_modules_without_effect_are_left_out():
    behind = modules_behind("training.commands.train")
    assert {"training/commands/train.py", "training/networks.py", "photos/color.py"} <= set(behind)
    assert not {"files.py", "records.py", "training/checkpoint.py", "config/experiment.py"} & set(behind)


def test_a_module_that_is_left_out_takes_along_what_only_it_imports():
    behind = modules_behind("search.commands.train_trial", without=("training.backbones", "training.weights"))
    assert not {"training/backbones.py", "training/records.py"} & set(behind)
