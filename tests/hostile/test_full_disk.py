"""A full disk: an error with the path, no incomplete file, and a rerun that finishes when there is more space."""

import subprocess
import sys

import numpy as np
import pytest

from canigatti.config import GeneratedPhotos
from canigatti.photos.commands.fetch import fetch
from canigatti.photos.commands.generate import generate
from canigatti.photos.commands.inspect import inspect
from canigatti.search.trials import execute
from canigatti.training.batches import Subset, Subsets
from canigatti.training.fitting import TrainingJob


@pytest.fixture
def spec(make_spec):
    """A small network with 0.8 MB of weights."""
    return make_spec(epochs=2, network={"dense_units": 64})


def canigatti(*arguments):
    return run([sys.executable, "-m", "canigatti", *map(str, arguments)])


def run(command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


def assert_cannot_write(path, result):
    assert result.returncode == 1, result.stdout + result.stderr
    message = result.stderr.splitlines()[-1]
    assert f"cannot write {path}" in message
    assert "No space left" in message


@pytest.fixture(scope="module")
def inspected(tmp_path_factory):
    """A photos folder with generated photos, fetched and inspected."""
    folder = tmp_path_factory.mktemp("photos")
    generate(GeneratedPhotos(count=60, seed=3).to_json(), folder / "photos.zip", folder / "planted.csv")
    fetch(str(folder / "photos.zip"), folder / "source.json")
    inspect(folder / "source.json", ["cat", "dog"], folder)
    return folder


def inspection(folder, output):
    return "inspect", "--source", folder / "source.json", "--class", "cat", "--class", "dog", "--output", output


@pytest.mark.slow
def test_a_checkpoint_that_does_not_fit_on_the_disk(photo_files, train_command, spec, small_disk):
    output = small_disk("1m") / "out"
    command = train_command(photo_files, output, spec)
    assert_cannot_write(output / "checkpoint", run(command))
    assert not [path for path in output.rglob("*") if path.suffix in (".keras", ".npz", ".json", ".csv")]
    small_disk("100m")
    result = run(command)
    assert result.returncode == 0, result.stderr
    assert all((output / file).is_file() for file in ("model.keras", "history.csv", "run.json"))


def test_logs_that_do_not_fit_on_the_disk(store, spec, small_disk, tmp_path):
    """TensorFlow raises the error of exhausted memory, which would count as a failed trial of a search."""
    subsets = Subsets(*(Subset(store, rows, "rgb") for rows in (np.arange(40), np.arange(40, 50))))
    logs = small_disk("8k") / "logs"
    job = TrainingJob(spec, 1, logs, tmp_path / "checkpoint.npz")
    with pytest.raises(OSError, match=f"No space left on device: '{logs}'"):
        execute(job, "val_loss", subsets, classes=2)


def files_in(folder):
    """The names of the files but for the locks, which remain."""
    return {path.name for path in folder.iterdir() if path.suffix != ".lock"}


def test_an_image_store_that_does_not_fit_on_the_disk(inspected, small_disk):
    output = small_disk("200k")
    options = ("--source", inspected / "source.json", "--manifest", inspected / "manifest.csv", "--size", 64)
    command = ("store", *options, "--output", output / "images.npy")
    assert_cannot_write(output / "images.npy", canigatti(*command))
    assert not files_in(output)
    small_disk("10m")
    assert canigatti(*command).returncode == 0
    assert files_in(output) == {"images.npy", "images.npy.sha256", ".images.npy.store.json"}


def test_a_manifest_that_does_not_fit_on_the_disk(inspected, small_disk):
    output = small_disk("4k")
    assert_cannot_write(output / "manifest.csv", canigatti(*inspection(inspected, output)))
    assert not files_in(output)
    small_disk("1m")
    assert canigatti(*inspection(inspected, output)).returncode == 0
    assert (output / "manifest.csv").read_bytes() == (inspected / "manifest.csv").read_bytes()
