import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]

TINY = """
study: tiny
classes: [cat, dog]
photos: {generate: {count: 60, seed: 3}}
splits:
  half: {train: 0.5, validation: 0.25, test: 0.25}
  most: {train: 0.6, validation: 0.2, test: 0.2}
defaults:
  split: half
  image_size: 16
  epochs: 2
  batch_size: 16
  network: {filters: [4], dense_units: 4, dropout: [0.1, 0.1]}
  optimizer: {name: adam, learning_rate: 0.01}
experiments:
  plain: {color: grayscale}
  augmented: {augment: true}
  other: {split: most}
"""


@dataclass(frozen=True)
class Project:
    """A copy of the project in a folder of its own, used as a person would: through `snakemake`."""

    folder: Path

    def write_config(self, text: str) -> None:
        (self.folder / "study.yaml").write_text(text, encoding="utf-8")

    def run(self, *arguments: str, **options) -> subprocess.CompletedProcess:
        return subprocess.run(
            self._command(arguments),
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=900,  # of a busy machine; alone it takes two minutes at most
            **options,
        )

    def start(self, *arguments: str) -> subprocess.Popen:
        """Run in a process group of its own, which can be killed with all its jobs."""
        return subprocess.Popen(
            self._command(arguments),
            cwd=self.folder,
            env=self._environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "study.yaml", *arguments]

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONPATH": str(self.folder / "src"),
            "CANIGATTI_CACHE": str(self.folder / "cache"),
            # as where a person calls `.venv/bin/snakemake` and has not activated the environment
            "PATH": os.pathsep.join(one for one in os.get_exec_path() if Path(one) != Path(sys.executable).parent),
        }

    def planned(self, *arguments: str) -> set[str]:
        """Jobs that would run, such as `train plain` or `write_report`."""
        answer = self.run("--dry-run", *arguments)
        assert answer.returncode == 0, answer.stdout + answer.stderr
        jobs = re.split(r"^(?:local)?rule ", answer.stdout + answer.stderr, flags=re.MULTILINE)[1:]
        return {_job_name(job) for job in jobs} - {"all"}


def _job_name(job: str) -> str:
    name = re.match(r"\w+", job).group()
    wildcards = re.search(r"wildcards: (.*)", job)
    values = re.findall(r"(?:experiment|split|size|trial|execution)=([^,\n]+)", wildcards.group(1)) if wildcards else []
    return " ".join([name, *values])


def copy_of_project(folder: Path) -> Project:
    for name in ("Snakefile", "rules", "workflow", "profiles", "config", "src"):
        source = REPOSITORY / name
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, folder / name, ignore=ignored) if source.is_dir() else shutil.copy(source, folder)
    return Project(folder)


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Project:
    """The tiny study, carried out once; tests that change something use `project`."""
    project = copy_of_project(tmp_path_factory.mktemp("finished"))
    project.write_config(TINY)
    answer = project.run()
    assert answer.returncode == 0, answer.stdout + answer.stderr
    (project.folder / "terminal.txt").write_text(answer.stdout + answer.stderr, encoding="utf-8")
    return project


@pytest.fixture
def project(finished, tmp_path) -> Project:
    """A copy of the finished study, times of files included, to change and plan again."""
    shutil.copytree(finished.folder, tmp_path / "project")
    return Project(tmp_path / "project")


@pytest.fixture(scope="session")
def copy_project():
    return copy_of_project


@pytest.fixture(scope="session")
def tiny() -> str:
    return TINY
