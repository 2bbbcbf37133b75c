"""What Snakemake's workflow catalog requires, and the folder that snakedeploy makes of it: it runs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
FILES = ("Snakefile", "rules", "workflow", "profiles", "config", "LICENSE", ".snakemake-workflow-catalog.yml")
# What snakedeploy 0.17 writes for `snakedeploy deploy-workflow https://github.com/canigatti/canigatti . --tag v0.1.0`.
DEPLOYED = """
from snakemake.utils import min_version
min_version("6.10.0")
configfile: "config/config.yml"
module canigatti:
    snakefile:
        github("canigatti/canigatti", path="workflow/Snakefile", tag="v0.1.0")
    config:
        config
use rule * from canigatti
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A git repository of the workflow as it is, with a tag; snakedeploy takes its path for an address of GitHub."""
    folder = tmp_path_factory.mktemp("git") / "github.com/canigatti/canigatti"
    folder.mkdir(parents=True)
    for name in FILES:
        source = REPOSITORY / name
        shutil.copytree(source, folder / name) if source.is_dir() else shutil.copy(source, folder)
    own = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "core.hooksPath=/dev/null"]
    for words in (["init", "--quiet"], ["add", "--all"], [*own, "commit", "--quiet", "-m", "test"], ["tag", "v0.1.0"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder


@pytest.fixture
def cached(repository, tmp_path, monkeypatch):
    """Put the repository where Snakemake keeps those that it has downloaded, so that it needs no network."""
    cache = tmp_path / "cache/snakemake/snakemake/source-cache/snakemake-git-cache/github.com/canigatti/canigatti"
    subprocess.run(["git", "clone", "--quiet", "--bare", repository, cache], check=True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def deploy(repository, folder):
    """Make the folder as snakedeploy does: it copies configurations and profiles, and writes a Snakefile."""
    for name in ("config", "profiles"):
        shutil.copytree(repository / name, folder / name)
    (folder / "workflow").mkdir()
    (folder / "workflow/Snakefile").write_text(DEPLOYED, encoding="utf-8")


@pytest.fixture
def deployed(repository, cached, tmp_path, project_class):
    """A folder like that of snakedeploy; the package is that of the tests, no project is in the folder."""
    project = project_class(tmp_path / "deployed")
    project.folder.mkdir()
    deploy(repository, project.folder)
    (project.folder / "src").symlink_to(REPOSITORY / "src")
    return project


def test_the_catalog_finds_what_standard_usage_requires():
    settings = yaml.safe_load((REPOSITORY / ".snakemake-workflow-catalog.yml").read_text(encoding="utf-8"))
    usage = settings["usage"]
    assert set(usage) == {"mandatory-flags", "software-stack-deployment", "report"}
    assert set(usage["software-stack-deployment"]) == {"conda", "apptainer", "apptainer+conda"}
    assert (REPOSITORY / "workflow/Snakefile").is_file()
    assert (REPOSITORY / "config/README.md").read_text(encoding="utf-8").strip()
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8").lower()
    assert "snakemake" in readme
    assert "workflow" in readme
    named = yaml.safe_load((REPOSITORY / "config/config.yml").read_text(encoding="utf-8"))["configuration"]
    assert (REPOSITORY / named).is_file()


def test_the_linter_of_snakemake_accepts_the_workflow_as_the_catalog_calls_it(project_class):
    answer = project_class(REPOSITORY).run_snakemake("--lint", warm=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_a_deployed_workflow_plans_the_demonstration(deployed):
    answer = deployed.run_snakemake("--dry-run", "--cores", "2", warm=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "139 jobs would run" in answer.stdout + answer.stderr


def test_a_deployed_workflow_runs_a_study_of_that_folder(deployed, tiny):
    (deployed.folder / "config/own.yaml").write_text(tiny, encoding="utf-8")
    (deployed.folder / "config/config.yml").write_text("configuration: config/own.yaml", encoding="utf-8")
    answer = deployed.run_snakemake("results/tiny/splits/half.csv", "--cores", "2", warm=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert (deployed.folder / "results/tiny/splits/half.csv").is_file()


def test_snakedeploy_writes_the_folder_that_these_tests_run(repository, tmp_path):
    program = shutil.which("snakedeploy", path=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]))
    if program is None:
        pytest.skip("snakedeploy is not installed")
    command = [program, "deploy-workflow", f"file://{repository}", tmp_path / "made", "--tag", "v0.1.0"]
    subprocess.run(command, check=True, capture_output=True)
    (tmp_path / "expected").mkdir()
    deploy(repository, tmp_path / "expected")

    def content(folder):
        files = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        snakefile = files.pop(Path("workflow/Snakefile")).decode().splitlines()
        code = [line.strip() for line in snakefile if line.strip() and not line.startswith("#")]
        return files, code

    made, code = content(tmp_path / "made")
    assert made.pop(Path("LICENSE")) == (REPOSITORY / "LICENSE").read_bytes()
    assert (made, code) == content(tmp_path / "expected")
