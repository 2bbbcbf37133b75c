"""`canigatti predict` on what is not a photo: nothing is skipped without a word, and nothing waits or grows forever."""

import os
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import pytest

from canigatti.prediction.search import find_files
from canigatti.training.model_files import save_model

LIMIT = 6 * 2**20  # kB of address space: TensorFlow's libraries take 2 GB of it


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.keras"
    photos = keras.Input((8, 8, 3), dtype="uint8")
    values = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(photos))
    save_model(keras.Model(photos, keras.layers.Dense(1, "sigmoid")(values)), path, ("cat", "dog"))
    return path


def predict(*arguments, redirection=""):
    """Run the command in a shell, with limited memory and time."""
    command = shlex.join([sys.executable, "-P", "-m", "canigatti", "predict", *map(str, arguments)])
    limited = f"ulimit -v {LIMIT} && exec {command} {redirection}"
    return subprocess.run(["bash", "-c", limited], capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def folder(tmp_path, drawn_photos):
    """A folder of photos with uncommon names, and of what a folder of photos also has."""
    folder = tmp_path / "photos"
    (folder / ".cache").mkdir(parents=True)
    content = drawn_photos[min(drawn_photos)]
    for name in ("a.jfif", "b.jpe", "c", "d.upload", "e.jpg", ".hidden.jpg", ".cache/f.jpg"):
        (folder / name).write_bytes(content)
    (folder / "notes.txt").write_text("not a photo")
    (folder / "empty").touch()
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to(folder / "loop")
    return folder


def test_a_folder_is_searched_by_content_and_what_is_skipped_is_counted(folder):
    found = find_files([str(folder)])
    assert [Path(path).name for path in found.files] == ["a.jfif", "b.jpe", "c", "d.upload", "e.jpg"]
    line = found.describe_skipped()
    assert line.startswith("skipped 6 paths: ")
    assert {*line.removeprefix("skipped 6 paths: ").split(", ")} == {
        "not an image: 2",
        "hidden: 2",
        "not a regular file: 1",
        "unreadable: 1",
    }


def test_the_command_says_what_it_skipped(folder, model):
    answer = predict(model, folder, "--csv")
    assert answer.returncode == 0, answer.stderr
    assert len(answer.stdout.splitlines()) == 1 + 5
    assert "canigatti: skipped 6 paths: " in answer.stderr


def test_the_root_folder_is_searched_without_proc_and_sys_and_with_a_limit(monkeypatch):
    monkeypatch.setattr("canigatti.prediction.search._MAX_FILES", 2000)
    found = find_files(["/"])
    assert found.errors["/"] == "expected at most 2,000 files in a folder, received more"
    assert not [path for path in found.errors if path.startswith(("/proc", "/sys", "/dev"))]


def test_pipes_and_devices_are_refused_by_name(folder, model):
    answer = predict(model, folder / "pipe", "/dev/zero", folder / "loop", folder / "e.jpg")
    assert answer.returncode == 1
    assert "Traceback" not in answer.stderr
    for name in ("pipe", "zero"):
        assert f"{name}: expected a regular file, received a folder, pipe or device" in answer.stderr
    assert "loop: Too many levels of symbolic links" in answer.stderr
    assert len(answer.stdout.splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "redirection", "message"),
    [
        (("-",), "<&-", "standard input is closed"),
        (("e.jpg",), ">&-", "standard output is closed"),
        (("e.jpg",), "2>&-", ""),
    ],
)
def test_closed_streams_are_told(folder, model, arguments, redirection, message):
    paths = [path if path == "-" else folder / path for path in arguments]
    answer = predict(model, *paths, redirection=redirection)
    assert answer.returncode == (1 if message else 0)
    assert message in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("kind", ["bomb", "stored", "pipe", "zero"])
def test_a_hostile_model_is_refused_without_unpacking_it(tmp_path, folder, model, kind):
    path = Path("/dev/zero") if kind == "zero" else tmp_path / "hostile.keras"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind != "zero":
        compression = zipfile.ZIP_DEFLATED if kind == "bomb" else zipfile.ZIP_STORED
        with zipfile.ZipFile(model) as source, zipfile.ZipFile(path, "w", compression, compresslevel=1) as target:
            for name in ("metadata.json", "model.weights.h5"):
                target.writestr(name, source.read(name))
            with target.open("config.json", "w", force_zip64=True) as config:
                for _ in range(1000 if kind == "bomb" else 100):
                    config.write(bytes(10**6))
    answer = predict(path, folder / "e.jpg")
    assert answer.returncode == 1
    assert "Traceback" not in answer.stderr
    reason = {"bomb": "unpacks to 1,000,", "stored": "whose config.json has 100,000,000 bytes"}
    assert reason.get(kind, "not a regular file") in answer.stderr
