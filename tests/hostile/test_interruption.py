"""A training that is killed, or asked to end, at a real moment goes on and ends as if nothing had happened."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import canigatti
from canigatti.config import SGD, Augmentation, Convolutional, EarlyStopping, Spec
from canigatti.training import checkpoint as backup
from canigatti.training.checkpoint import backup_file
from canigatti.training.model_files import load_model

pytestmark = pytest.mark.slow

EPOCHS = 20
MEASURED = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy"]
SPEC = Spec(
    image_size=16,
    batch_size=8,
    epochs=EPOCHS,
    network=Convolutional(filters=(16, 16), dense_units=16, dropout=(0.2, 0.2, 0.5)),
    optimizer=SGD(name="sgd", learning_rate=0.1, momentum=0.9),
    early_stopping=EarlyStopping(patience=8),
    augmentation=Augmentation(),
)


class Training:
    """The command `train`, as a process of its own."""

    def __init__(self, command: list[str], out: Path, code: Path | None = None) -> None:
        self.command, self.out = command, out
        self.environment = {**os.environ, **({"PYTHONPATH": str(code)} if code else {})}

    def start(self) -> subprocess.Popen:
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(self.command, env=self.environment, **options)

    def end(self, process: subprocess.Popen | None = None) -> str:
        """All it says until it ends well."""
        process = process or self.start()
        told, _ = process.communicate(timeout=300)
        assert process.returncode == 0, told
        return told

    def cut_off(self, with_signal: signal.Signals, at_epoch: int = 7) -> tuple[int, str]:
        """Send the signal as soon as this epoch is told; its exit code, and all it said."""
        process, told = self.start(), ""
        for line in process.stdout:
            told += line
            if re.match(rf"epoch +{at_epoch}/", line):
                process.send_signal(with_signal)
                break
        told += process.communicate(timeout=300)[0]
        return process.returncode, told

    @property
    def states(self) -> list[Path]:
        return list((self.out / "model.backup").glob("[!.]*.npz"))

    @property
    def run(self) -> dict:
        return json.loads((self.out / "run.json").read_text(encoding="utf-8"))

    @property
    def history(self) -> pd.DataFrame:
        return pd.read_csv(self.out / "history.csv")

    def assert_like(self, other: "Training") -> None:
        pd.testing.assert_frame_equal(self.history[MEASURED], other.history[MEASURED], check_exact=True)
        assert self.run["best_epoch"] == other.run["best_epoch"]
        models = [load_model(one.out / "model.keras", one.run["model_sha256"]) for one in (self, other)]
        for mine, theirs in zip(*(model.get_weights() for model in models), strict=True):
            np.testing.assert_array_equal(mine, theirs)
        assert not self.states


def epochs_told(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"^epoch +(\d+)/", text, re.MULTILINE)]


@pytest.fixture(scope="module")
def make(train_command, photo_files):
    """A training that writes into this folder, by the code in a folder of its own if one is given."""
    return lambda out, files=photo_files, spec=SPEC, code=None: Training(train_command(files, out, spec), out, code)


@pytest.fixture(scope="module")
def whole(make, tmp_path_factory):
    """The training, never interrupted."""
    training = make(tmp_path_factory.mktemp("whole"))
    training.end()
    # The best epoch comes before the moment of the signal, and early stopping has its say after it.
    assert training.run["best_epoch"] < 7 < 10 < len(training.history) < EPOCHS
    assert training.run["resumed_after"] == []
    return training


@pytest.mark.parametrize(
    ("with_signal", "code"),
    [(signal.SIGKILL, -9), (signal.SIGTERM, 143), (signal.SIGINT, 130)],
    ids=lambda one: str(one),
)
def test_a_training_that_is_cut_off_goes_on_and_ends_as_one_that_is_not(make, tmp_path, whole, with_signal, code):
    training = make(tmp_path / "cut")
    exit_code, told = training.cut_off(with_signal)
    assert exit_code == code
    assert not (training.out / "model.keras").exists()
    done = epochs_told(told)
    if with_signal != signal.SIGKILL:  # was given the time to end its epoch
        assert "which is kept" in told
    again = training.end()
    kept = int(re.search(r"goes on after epoch (\d+)", again)[1])
    assert kept in ({done[-1], done[-1] - 1, done[-1] + 1} if with_signal == signal.SIGKILL else {done[-1]})
    assert epochs_told(again)[0] == kept + 1
    assert training.run["resumed_after"] == [kept]
    training.assert_like(whole)


def test_one_that_is_killed_twice_tells_both(make, tmp_path, whole):
    training = make(tmp_path / "cut")
    training.cut_off(signal.SIGTERM, at_epoch=3)
    training.cut_off(signal.SIGTERM, at_epoch=6)
    training.end()
    first, second = training.run["resumed_after"]
    assert 3 <= first < second <= 8
    training.assert_like(whole)


def test_one_that_is_killed_before_its_model_is_saved_trains_no_epoch_again(make, tmp_path, whole):
    training, last = make(tmp_path / "cut"), len(whole.history)
    _kill_before_saving(training, last)
    assert epochs_told(training.end()) == []
    assert training.run["resumed_after"] == [last]
    training.assert_like(whole)


def test_a_disk_that_fills_while_the_model_is_saved_costs_no_epoch(make, whole, small_disk):
    disk = small_disk("100m")
    training, last = make(disk / "cut"), len(whole.history)
    _kill_before_saving(training, last)
    with (disk / "filling").open("wb", buffering=0) as filling, contextlib.suppress(OSError):
        while True:
            filling.write(bytes(4096))
    process = training.start()
    told, _ = process.communicate(timeout=300)
    assert process.returncode == 1
    assert f"cannot write {training.out / 'model.keras'}" in told
    assert "No space left" in told
    assert [path.name for path in training.out.iterdir() if path.suffix != ".backup"] == ["logs"]
    (disk / "filling").unlink()
    assert epochs_told(training.end()) == []
    training.assert_like(whole)


def _kill_before_saving(training: Training, last: int) -> None:
    process = training.start()
    while not _has_kept(training, last):
        assert process.poll() is None, process.stdout.read()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (training.out / "run.json").exists()


def _has_kept(training: Training, epoch: int) -> bool:
    try:
        with np.load(training.states[0]) as content:
            return len(json.loads(str(content["told"]))["rows"]) == epoch
    except (IndexError, OSError, ValueError, KeyError):
        time.sleep(0.002)
        return False


def test_a_state_of_other_settings_is_not_used(make, tmp_path):
    training = make(tmp_path / "cut")
    training.cut_off(signal.SIGKILL)
    assert training.states
    other = SPEC.model_copy(update={"optimizer": SPEC.optimizer.model_copy(update={"learning_rate": 0.03})})
    changed = make(tmp_path / "cut", spec=other)
    told = changed.end()
    assert epochs_told(told)[0] == 1
    assert "not used: settings, code or photos have changed since" in told
    assert changed.run["resumed_after"] == []
    assert not changed.states


def test_a_state_of_other_photos_is_not_used(make, photo_files, tmp_path):
    images = np.load(photo_files["images"])
    np.save(tmp_path / "images.npy", images)
    training = make(tmp_path / "cut", {**photo_files, "images": tmp_path / "images.npy"})
    training.cut_off(signal.SIGKILL)
    np.save(tmp_path / "images.npy", 255 - images)
    assert epochs_told(training.end())[0] == 1


@pytest.mark.parametrize("change", ["nothing", "seed", "settings", "split", "images", "versions"])
def test_the_name_of_a_state_says_all_that_decides_the_end(tmp_path, monkeypatch, change):
    images, split = tmp_path / "images.npy", tmp_path / "split.csv"
    images.write_bytes(b"images")
    split.write_text("split")
    before = backup_file(tmp_path / "model.keras", SPEC, 1, images, [split])
    if change in ("split", "images"):
        {"split": split, "images": images}[change].write_text("changed")
    if change == "versions":
        monkeypatch.setattr(backup, "versions", dict)
    settings = SPEC.model_copy(update={"batch_size": 9}) if change == "settings" else SPEC
    after = backup_file(tmp_path / "model.keras", settings, 2 if change == "seed" else 1, images, [split])
    assert (after == before) == (change == "nothing")


def test_a_state_of_another_split_is_not_used(make, photo_files, tmp_path):
    split = tmp_path / "split.csv"
    shutil.copy(photo_files["split"], split)
    training = make(tmp_path / "cut", {**photo_files, "split": split})
    training.cut_off(signal.SIGKILL)
    rows = pd.read_csv(split)
    rows.loc[[0, 49], "part"] = rows.loc[[49, 0], "part"].to_numpy()
    rows.to_csv(split, index=False)
    assert epochs_told(training.end())[0] == 1


def test_a_state_of_other_code_is_not_used(make, tmp_path):
    shutil.copytree(Path(canigatti.__file__).parent, tmp_path / "code" / "canigatti")
    training = make(tmp_path / "cut", code=tmp_path / "code")
    training.cut_off(signal.SIGKILL)
    with (tmp_path / "code/canigatti/training/fitting.py").open("a", encoding="utf-8") as code:
        code.write("\n# edited\n")
    told = training.end()
    assert epochs_told(told)[0] == 1
    assert "not used: settings, code or photos have changed since" in told


def test_a_damaged_state_is_told_and_the_training_begins_anew(make, tmp_path, whole):
    training = make(tmp_path / "cut")
    training.cut_off(signal.SIGKILL)
    (state,) = training.states
    os.truncate(state, state.stat().st_size // 2)
    told = training.end()
    assert f"{state}: the backup cannot be read" in told
    assert epochs_told(told)[0] == 1
    training.assert_like(whole)
