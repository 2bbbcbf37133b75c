"""The lock, the conda environment and the packaging agree."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

from canigatti import __version__

REPOSITORY = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
PARTS = {"annotated_types", "h5py", "snakemake_interface_logger_plugins"}  # of pydantic, Keras and Snakemake


def imported_packages(path):
    """Return the top-level names that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("folder", ["tests", "benchmarks"])
def test_every_package_that_only_tests_or_benchmarks_import_is_declared(folder):
    extras, groups = PROJECT["optional-dependencies"], PYPROJECT["dependency-groups"]
    lists = [PROJECT["dependencies"], *extras.values(), *groups.values()]
    declared = {re.match(r"[\w-]+", text).group().lower() for one in lists for text in one}
    files = [*(REPOSITORY / folder).rglob("*.py")]
    own = {path.stem for root in ("src", "tests", "benchmarks", "docs") for path in (REPOSITORY / root).rglob("*")}
    known = packages_distributions()
    others = {name for path in files for name in imported_packages(path)} - own - sys.stdlib_module_names - PARTS
    assert len(others) >= 5
    assert {
        name for name in others if not declared & {one.lower().replace("_", "-") for one in known.get(name, [name])}
    } == set()


@pytest.mark.parametrize("kind", ["cpu", "gpu"])
def test_every_pin_of_the_lock_has_a_hash_and_no_address(kind):
    lock = (REPOSITORY / "requirements" / f"{kind}.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    pins = re.findall(r"^\S+==.*?(?=^\S|\Z)", lock, flags=re.MULTILINE | re.DOTALL)
    assert len(pins) > 100
    assert all("--hash=sha256:" in pin for pin in pins)


def test_the_conda_environment_has_the_package_and_every_dependency_at_the_version_of_the_lock():
    environment = yaml.safe_load((REPOSITORY / "workflow" / "environment.yaml").read_text(encoding="utf-8"))
    own, *pins = environment["dependencies"][-1]["pip"]
    assert own == f"canigatti=={__version__}"
    lock = (REPOSITORY / "requirements" / "cpu.lock").read_text(encoding="utf-8")
    plain = [re.sub(r"\[.*\]", "", pin) for pin in pins]
    assert not [pin for pin in plain if not re.search(rf"^{re.escape(pin)} ", lock, re.MULTILINE)]
    names = {re.split(r"[\[=]", pin)[0] for pin in pins}
    wanted = {re.match(r"[\w-]+", text).group() for text in PROJECT["dependencies"]}
    assert names == wanted | {"tensorflow-cpu"}


def test_no_photo_weight_or_path_of_a_machine_is_in_the_repository():
    suffixes = {".jpg", ".jpeg", ".png", ".zip", ".npy", ".h5", ".keras"}
    folders = ("config", "rules", "src", "workflow", "tests", "profiles", "requirements", "docs")
    files = [path for folder in folders for path in (REPOSITORY / folder).rglob("*") if path.is_file()]
    built = REPOSITORY / "docs" / "_build"  # `make docs` writes it, and git ignores it
    assert not [path for path in files if path.suffix in suffixes and not path.is_relative_to(built)]
