"""The lock, the conda environment and the packaging agree."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from canigatti import __version__

REPOSITORY = Path(__file__).parents[2]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]


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
