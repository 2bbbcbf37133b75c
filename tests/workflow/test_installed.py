"""`canigatti run`, from a checkout and from an installed wheel, in a folder with nothing in it."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from canigatti.files import InputError
from canigatti.project import INSTALLED, find_configuration, own_command
from canigatti.running import snakemake_command

REPOSITORY = Path(__file__).parents[2]
IMPORTING = """
from canigatti.project import workflow_folder

module pets:
    snakefile: str(workflow_folder() / "workflow/Snakefile")
    prefix: "pets"
    config: {"configuration": "study.yaml"}

use rule * from pets as pets_*
"""
CARRIED = ("Snakefile", "rules", "workflow", "profiles", "config")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    (path,) = WheelBuilder(str(REPOSITORY)).build(directory=str(tmp_path_factory.mktemp("dist")), versions=["standard"])
    return Path(path)


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Return a function that runs the installed `canigatti`, or Snakemake, in a folder, in an environment of its own.

    The environment has the wheel, and finds the libraries in those of the tests; the package is not among these.
    """
    environment = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel]
    subprocess.run(install, check=True)
    (own,) = environment.glob("lib/python*/site-packages")
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    (own / "libraries.pth").write_text("\n".join(libraries), encoding="utf-8")
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def run(folder: Path, *arguments: str, program=(environment / "bin" / "canigatti",)) -> subprocess.CompletedProcess:
        command = [*program, *arguments]
        options = {"capture_output": True, "text": True, "check": False, "timeout": 600}
        return subprocess.run(command, cwd=folder, env=variables, stdin=subprocess.DEVNULL, **options)

    run.snakemake = (python, "-P", "-m", "snakemake")
    return run


def test_the_wheel_carries_every_file_of_the_workflow_as_it_is(wheel):
    with zipfile.ZipFile(wheel) as archive:
        carried = {name: archive.read(name) for name in archive.namelist() if name.startswith("canigatti/_workflow/")}
    roots = [REPOSITORY / name for name in CARRIED]
    files = [path for root in roots for path in (root.rglob("*") if root.is_dir() else [root]) if path.is_file()]
    assert len(files) > 25
    assert carried == {f"canigatti/_workflow/{path.relative_to(REPOSITORY)}": path.read_bytes() for path in files}


def test_an_editable_install_copies_no_file_of_the_workflow(tmp_path):
    (path,) = WheelBuilder(str(REPOSITORY)).build(directory=str(tmp_path), versions=["editable"])
    with zipfile.ZipFile(path) as archive:
        assert not [name for name in archive.namelist() if "_workflow" in name]


def test_an_installed_package_plans_an_included_study_from_an_empty_folder(installed, tmp_path):
    # Without the profile, Snakemake prints its own messages, which list the inputs of jobs.
    options = ("--dry-run", "--workflow-profile", "none")
    answer = installed(tmp_path, "run", "demo", "results/demo/splits/80-10-10.csv", *options)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "rule split_photos:" in answer.stdout + answer.stderr


def test_another_workflow_imports_that_of_the_installed_package(installed, tmp_path, tiny):
    (tmp_path / "study.yaml").write_text(tiny, encoding="utf-8")
    (tmp_path / "Snakefile").write_text(IMPORTING, encoding="utf-8")
    target = "pets/results/tiny/photos/source.json"
    answer = installed(tmp_path, target, "--cores", "1", program=installed.snakemake)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert (tmp_path / target).is_file()


@pytest.mark.slow
def test_an_installed_package_runs_a_study_from_an_empty_folder(installed, tmp_path, tiny):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "birds.yaml").write_text(tiny.replace("study: tiny", "study: birds"), encoding="utf-8")
    answer = installed(tmp_path, "run", "birds")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    page = (tmp_path / "results/birds/report/index.html").read_text(encoding="utf-8")
    assert "canigatti run config/birds.yaml --cores 1" in page
    assert INSTALLED.name not in page
    models = {path: path.stat().st_mtime_ns for path in tmp_path.glob("results/birds/training/*/*/model.keras")}
    assert len(models) == 3
    moved = tmp_path.rename(tmp_path.with_name(f"{tmp_path.name}-moved"))
    again = installed(moved, "run", "birds")
    assert again.returncode == 0, again.stdout + again.stderr
    assert models == {
        tmp_path / path.relative_to(moved): path.stat().st_mtime_ns
        for path in moved.glob("results/birds/training/*/*/model.keras")
    }


def test_a_short_name_is_a_study_of_this_folder_before_an_included_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_configuration("demo") == REPOSITORY / "config/demo.yaml"
    Path("config").mkdir()
    Path("config/demo.yaml").touch()
    assert find_configuration("demo") == Path("config/demo.yaml")
    Path("demo").touch()
    assert find_configuration("demo") == Path("demo")


@pytest.mark.parametrize("name", ["birds", "config/birds.yaml", "../config/demo"])
def test_a_configuration_that_does_not_exist_is_refused_with_the_names_of_those_that_do(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=rf"^{re.escape(name)}: .*named demo, full, laptop$"):
        find_configuration(name)


@pytest.mark.parametrize("option", ["--configfile", "--configfile=x.yaml", "--snakefile", "-s"])
def test_options_that_select_another_study_are_refused(option):
    with pytest.raises(InputError, match="canigatti run"):
        snakemake_command(Path("study.yaml"), ["--dry-run", option])


def test_targets_are_not_taken_for_configurations():
    command = snakemake_command(Path("study.yaml"), ["results/x/report/index.html", "-n"])
    assert command[-2:] == ["results/x/report/index.html", "-n"]
    assert command[command.index("--configfile") + 2].startswith("--")


def test_the_page_of_an_installed_package_names_no_file_of_the_package():
    folder = "../../venv/lib/python3.11/site-packages/canigatti/_workflow"
    options = ("--snakefile", f"{folder}/Snakefile", "--config", "seeds=[1]")
    assert own_command(f"{folder}/config/demo.yaml", options) == ["canigatti", "run", "demo"]
    assert own_command("config/birds.yaml", options) == ["canigatti", "run", "config/birds.yaml"]
    assert own_command("config/birds.yaml", ("--snakefile", "../canigatti/Snakefile")) is None
    assert own_command("config/birds.yaml", ()) is None
