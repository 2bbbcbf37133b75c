import atexit
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock
from warm import warm_process

from canigatti.config import Spec
from canigatti.photos.records import GROUPS, MANIFEST, SPLIT, ClassNames, Verdict
from canigatti.photos.store import Store
from canigatti.training.records import Inputs, Machine, TrainingRecord

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

REPOSITORY = Path(__file__).parents[1]

FULL = "--logger-canigatti-full"  # Snakemake's own messages, which say more than one line per job

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


# What takes longest starts first: a file that starts last would keep the other workers waiting. The second one needs no
# finished study, which the first one runs.
LONGEST = (
    *("workflow/test_pretrained.py", "hostile/test_configuration_owner.py", "report/test_page.py"),
    *("report/test_tables.py", "workflow/test_search_methods.py", "workflow/test_module_changes.py"),
    *("workflow/test_further.py", "workflow/test_changes.py", "training/test_features.py"),
    *("hostile/test_classes.py", "workflow/test_commands.py", "training/test_backbones.py", "hostile/test_predict.py"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {f"tests/{name}": place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.location[0], len(places)))


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory):
    """Keep the user's cache out of tests, and tests out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CANIGATTI_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@cache
def warm_environment() -> dict[str, str]:
    """Start a process that has imported the libraries, and return the variables with which commands run in it."""
    stack = ExitStack()
    atexit.register(stack.close)
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="warm-"))
    return stack.enter_context(warm_process(Path(folder)))


@dataclass(frozen=True)
class Project:
    """A copy of the project in its own folder, run like a user runs it: with `snakemake`.

    With `warm=True`, and in dry runs, libraries have been imported beforehand, see support/warm.py.
    """

    folder: Path

    def write_config(self, text: str) -> None:
        (self.folder / "study.yaml").write_text(text, encoding="utf-8")

    def run(self, *arguments: str, configuration="study.yaml", warm: bool | None = None) -> subprocess.CompletedProcess:
        options = ("--cores", "2", "--configfile", configuration, *arguments)
        return self.run_snakemake(*options, warm="--dry-run" in arguments if warm is None else warm)

    def run_snakemake(self, *arguments: str, warm: bool = False) -> subprocess.CompletedProcess:
        """Run `snakemake` with exactly these arguments."""
        return subprocess.run(
            [sys.executable, "-m", "snakemake", *arguments],
            cwd=self.folder,
            env=self._environment(warm),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,  # for a busy machine; otherwise two minutes suffice
        )

    def start(self, *arguments: str, **options) -> subprocess.Popen:
        """Start in a new process group, which can be killed with all its jobs."""
        return subprocess.Popen(
            [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "study.yaml", *arguments],
            cwd=self.folder,
            env=self._environment(),
            start_new_session=True,
            **{"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **options},
        )

    def _environment(self, warm: bool = False) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        libraries = warm_environment() if warm else {}
        paths = [str(self.folder / "src"), *filter(None, [libraries.get("PYTHONPATH")])]
        return {
            **inherited,  # a job of a user compiles the package once
            **libraries,
            "PYTHONPATH": os.pathsep.join(paths),
            "CANIGATTI_CACHE": str(self.folder / "cache"),
            # as if a user calls `.venv/bin/snakemake` without activating the environment
            "PATH": os.pathsep.join(path for path in os.get_exec_path() if Path(path) != Path(sys.executable).parent),
        }

    def planned(self, *arguments: str, **options) -> set[str]:
        """Return the jobs that would run, such as `train plain` or `write_report`."""
        process = self.run("--dry-run", FULL, *arguments, **options)
        assert process.returncode == 0, process.stdout + process.stderr
        jobs = re.split(r"^(?:local)?(?:rule|checkpoint) ", process.stdout + process.stderr, flags=re.MULTILINE)[1:]
        return {_job_name(job) for job in jobs} - {"all"}


def _job_name(job: str) -> str:
    name = re.match(r"\w+", job).group()
    wildcards = re.search(r"wildcards: (.*)", job)
    values = (
        re.findall(r"(?:experiment|split|part|size|rung|round|trial|execution)=([^,\n]+)", wildcards.group(1))
        if wildcards
        else []
    )
    return " ".join([name, *values])


def copy_of_project(folder: Path) -> Project:
    folder.mkdir(exist_ok=True)
    for name in ("Snakefile", "rules", "workflow", "profiles", "config", "src"):
        source = REPOSITORY / name
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, folder / name, ignore=ignored) if source.is_dir() else shutil.copy(source, folder)
    return Project(folder)


@pytest.fixture(scope="session")
def copy_project():
    return copy_of_project


@pytest.fixture(scope="session")
def project_class():
    return Project


@pytest.fixture(scope="session")
def tiny() -> str:
    return TINY


@pytest.fixture(scope="session")
def full() -> str:
    """Return the option with which Snakemake prints its own messages, which say more than one line per job."""
    return FULL


@pytest.fixture(scope="session")
def finished(tmp_path_factory, copy_project, project_class, tiny, worker_id):
    """The tiny study, run once for all workers of pytest-xdist; tests that change something use `project`."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "finished"
    with FileLock(f"{folder}.lock"):
        if not (folder / "terminal.txt").exists():
            project = copy_project(folder)
            project.write_config(tiny)
            answer = project.run(warm=True)
            assert answer.returncode == 0, answer.stdout + answer.stderr
            (folder / "terminal.txt").write_text(answer.stdout + answer.stderr, encoding="utf-8")
    return project_class(folder)


@pytest.fixture
def project(finished, tmp_path):
    """A copy of the finished study, times of files included, to change and plan again."""
    shutil.copytree(finished.folder, tmp_path / "project")
    return type(finished)(tmp_path / "project")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real photos and weights."""
    if "CANIGATTI_SHARED" not in os.environ:
        pytest.skip("CANIGATTI_SHARED is not set: real photos and weights are not available")
    return Path(os.environ["CANIGATTI_SHARED"])


def fifty_photos() -> Store:
    generator = np.random.default_rng(0)
    labels = np.arange(50) % 2
    images = generator.integers(0, 120, (50, 16, 16, 3), dtype=np.uint8)
    images[labels == 1, :8] += 120
    return Store(images, np.array([f"photo.{n}.jpg" for n in range(50)], dtype=object), labels)


@pytest.fixture
def store() -> Store:
    """Fifty easily distinguishable photos of 16×16 pixels: those of class 1 are brighter in the upper half."""
    return fifty_photos()


def write_photos(folder: Path, photos: Store, unreadable: int = 0) -> dict[str, Path]:
    """Write a photos folder like `inspect` and `store`, and return the paths of its manifest and images."""
    text = {"path": "", "mode": "RGB", "format": "JPEG", "sha256": "", "phash": "", "reason": ""}
    numbers = {"width": photos.images.shape[2], "height": photos.images.shape[1], "bytes": 1}
    usable = [
        {"id": name, "label": label, "verdict": Verdict.KEEP, **text, **numbers}
        for name, label in zip(photos.ids, photos.labels, strict=True)
    ]
    rejected = [{**usable[0], "id": f"broken.{number}", "verdict": Verdict.UNREADABLE} for number in range(unreadable)]
    MANIFEST.write(folder / "manifest.csv", [*rejected, *usable])
    ClassNames(names=("cat", "dog")).write(folder / "classes.json")
    GROUPS.write(folder / "groups.csv", pd.DataFrame({"id": photos.ids, "group": photos.ids}))
    np.save(folder / "images.npy", photos.images)
    return {"manifest": folder / "manifest.csv", "images": folder / "images.npy"}


@pytest.fixture(scope="session")
def write_photos_folder():
    """Return `write_photos`, which writes a photos folder."""
    return write_photos


@pytest.fixture(scope="session")
def photo_files(tmp_path_factory) -> dict[str, Path]:
    """Write the files that training commands read: fifty photos, forty for training and ten for validation."""
    photos, folder = fifty_photos(), tmp_path_factory.mktemp("photos")
    subsets = ["train"] * 40 + ["validation"] * 10
    SPLIT.write(folder / "split.csv", pd.DataFrame({"id": photos.ids, "label": photos.labels, "part": subsets}))
    return {"images": write_photos(folder, photos)["images"], "split": folder / "split.csv"}


def small_spec(**fields) -> Spec:
    """Return a small network on small photos, which trains in a second; `fields` override its settings."""
    settings = {"image_size": 16, "batch_size": 8, "epochs": 1, "augmentation": None}
    network = {"filters": [4], "dense_units": 4, "dropout": [0.1, 0.1]}
    return Spec(**{**settings, "network": network, **fields})


@pytest.fixture(scope="session")
def make_spec():
    """Return `small_spec`, which builds a resolved experiment."""
    return small_spec


def training_record(**fields) -> TrainingRecord:
    """Return the record of a training run of one epoch; `fields` override its values."""
    values = {
        **{"experiment": "plain", "seed": 42, "spec": small_spec(), "weights": None, "wall_seconds": 1.0},
        **{"status": "completed", "parameters": 193, "trainable_parameters": 193, "weight_mb": 0.1, "best_epoch": 1},
        **{"epochs": 1, "seconds_per_epoch": 1.0, "resumed_after": (), "device": "CPU, 2 cores", "versions": {}},
        "machine": Machine(cpu="a CPU", usable_cores=2, intra_op_threads=0, inter_op_threads=0, variables={}),
        "inputs": Inputs(images_sha256="1" * 64, split_sha256="2" * 64),
        **{"history_sha256": "3" * 64, "model_sha256": "0" * 64},
    }
    return TrainingRecord(**{**values, **fields})


@pytest.fixture(scope="session")
def make_training_record():
    """Return `training_record`, which builds the record of a training run."""
    return training_record


def build_train_command(files: dict[str, Path], output: Path, spec: Spec) -> list[str]:
    options = {"experiment": "tried", "spec": spec.to_json(), "seed": 42, **files, "output": output}
    flags = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    return [sys.executable, "-m", "canigatti", "train", *flags]


@pytest.fixture(scope="session")
def train_command():
    """Return a function that builds the command line of a training on the files of `photo_files`."""
    return build_train_command
