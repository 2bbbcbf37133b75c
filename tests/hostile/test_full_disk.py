"""A disk that fills up: a clear error with the path, nothing half-written, and the rerun with more room finishes."""

import subprocess
import sys

import numpy as np
import pytest

from canigatti.config import Convolutional, Spec
from canigatti.search.trials import execute
from canigatti.training.batches import Part

SPEC = Spec(
    image_size=16, batch_size=8, epochs=2, network=Convolutional(dense_units=64), augmentation=None
)  # 0.8 MB of weights


def canigatti(*arguments):
    return run([sys.executable, "-m", "canigatti", *map(str, arguments)])


def run(command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


def refused(answer, path):
    assert answer.returncode == 1, answer.stdout + answer.stderr
    last = answer.stderr.splitlines()[-1]
    assert f"cannot write {path}" in last
    assert "No space left" in last
    return True


@pytest.fixture(scope="module")
def inspected(tmp_path_factory):
    """Drawn photos, fetched and inspected."""
    folder = tmp_path_factory.mktemp("photos")
    made = {
        "generate": ("--spec", '{"count": 60, "seed": 3}', "--output", "photos.zip", "--planted", "planted.csv"),
        "fetch": ("--source", folder / "photos.zip", "--output", "source.json"),
        "inspect": inspection(folder),
    }
    for command, options in made.items():
        answer = canigatti(
            command, *(folder / one if str(one).endswith(("csv", "zip", "json")) else one for one in options)
        )
        assert answer.returncode == 0, answer.stderr
    return folder


def inspection(folder, out=None):
    out = out or folder
    return (
        *("--source-record", folder / "source.json", "--class", "cat", "--class", "dog"),
        *("--manifest", out / "manifest.csv", "--groups", out / "groups.csv", "--summary", out / "summary.json"),
    )


def test_the_model(photo_files, train_command, small_disk):
    out = small_disk("1m") / "out"
    command = train_command(photo_files, out, SPEC)
    assert refused(run(command), out / "model")
    assert not [path for path in out.rglob("*") if path.suffix in (".keras", ".npz", ".json", ".csv", ".png")]
    small_disk("100m")
    answer = run(command)
    assert answer.returncode == 0, answer.stderr
    assert all((out / file).is_file() for file in ("model.keras", "history.csv", "curves.png", "run.json"))


def test_the_logs(store, small_disk, tmp_path):
    """TensorFlow tells of it as of exhausted memory; a search would take it for a network that is too large."""
    learned, validation = (Part(store, rows, "rgb") for rows in (np.arange(40), np.arange(40, 50)))
    logs = small_disk("8k") / "logs"
    with pytest.raises(OSError, match=f"No space left on device: '{logs}'"):
        execute(SPEC, "val_loss", learned, validation, 1, logs, tmp_path / "kept.npz")


def test_the_image_store(inspected, small_disk):
    out = small_disk("200k")
    options = ("--source-record", inspected / "source.json", "--manifest", inspected / "manifest.csv", "--size", 64)
    written = ("--output", out / "images.npy", "--hash", out / "images.npy.sha256")
    assert refused(canigatti("store", *options, *written), out / "images.npy")
    assert not list(out.iterdir())
    small_disk("10m")
    assert canigatti("store", *options, *written).returncode == 0
    assert {path.name for path in out.iterdir()} == {"images.npy", "images.npy.sha256"}


def test_the_manifest(inspected, small_disk):
    out = small_disk("4k")
    assert refused(canigatti("inspect", *inspection(inspected, out)), out / "manifest.csv")
    assert not list(out.iterdir())
    small_disk("1m")
    assert canigatti("inspect", *inspection(inspected, out)).returncode == 0
    assert (out / "manifest.csv").read_bytes() == (inspected / "manifest.csv").read_bytes()
