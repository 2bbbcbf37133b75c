"""A training that is killed or stopped in an epoch resumes, with the result of an uninterrupted training."""

import contextlib
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
from canigatti.config import SGD, Augmentation, Spec
from canigatti.photos.records import MANIFEST, SPLIT, ClassNames
from canigatti.photos.store import Store
from canigatti.training.model_files import load_model
from canigatti.training.records import HISTORY, TrainingRecord

pytestmark = pytest.mark.slow

EPOCHS = 20
METRICS = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy"]


class Training:
    """The command `train`, as a separate process."""

    def __init__(self, command: list[str], output: Path, code: Path | None = None) -> None:
        self.command, self.output = command, output
        self.environment = {**os.environ, **({"PYTHONPATH": str(code)} if code else {})}

    def start(self) -> subprocess.Popen:
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(self.command, env=self.environment, **options)

    def complete(self) -> str:
        """Run the command, check that it succeeds, and return its log."""
        process = self.start()
        log, _ = process.communicate(timeout=300)
        assert process.returncode == 0, log
        return log

    def interrupt(self, number: signal.Signals, epoch: int = 7) -> tuple[int, str]:
        """Send the signal after the log line of an epoch, and return exit code and log."""
        process, log = self.start(), ""
        for line in process.stdout:
            log += line
            if re.search(rf"\bepoch +{epoch}/", line):
                process.send_signal(number)
                break
        log += process.communicate(timeout=300)[0]
        return process.returncode, log

    @property
    def checkpoints(self) -> list[Path]:
        return list((self.output / "checkpoint").glob("[!.]*.npz"))

    @property
    def record(self) -> TrainingRecord:
        return TrainingRecord.read(self.output / "run.json")

    @property
    def history(self) -> pd.DataFrame:
        return HISTORY.read(self.output / "history.csv")

    def assert_same_result(self, other: "Training") -> None:
        pd.testing.assert_frame_equal(self.history[METRICS], other.history[METRICS], check_exact=True)
        assert self.record.best_epoch == other.record.best_epoch
        models = [load_model(run.output / "model.keras", run.record.model_sha256) for run in (self, other)]
        for actual, expected in zip(*(model.get_weights() for model in models), strict=True):
            np.testing.assert_array_equal(actual, expected)
        assert not self.checkpoints


def logged_epochs(log: str) -> list[int]:
    return [int(number) for number in re.findall(r"\bepoch +(\d+)/", log)]


@pytest.fixture(scope="module")
def spec(make_spec) -> Spec:
    return make_spec(
        epochs=EPOCHS,
        network={"filters": [16, 16], "dense_units": 16, "dropout": [0.2, 0.2, 0.5]},
        optimizer=SGD(name="sgd", learning_rate=0.1, momentum=0.9),
        early_stopping={"patience": 8},
        augmentation=Augmentation(),
    )


@pytest.fixture(scope="module")
def make(train_command, photo_files, spec):
    """Make a training that writes into a folder, with other files, settings or code if they are given."""

    def run(output, files=photo_files, settings=spec, code=None) -> Training:
        return Training(train_command(files, output, settings), output, code)

    return run


@pytest.fixture
def training(make, tmp_path) -> Training:
    return make(tmp_path / "out")


@pytest.fixture(scope="module")
def uninterrupted(make, tmp_path_factory) -> Training:
    training = make(tmp_path_factory.mktemp("uninterrupted"))
    training.complete()
    # The signal comes after the best epoch and before early stopping.
    assert training.record.best_epoch < 7 < 10 < len(training.history) < EPOCHS
    assert training.record.resumed_after == ()
    return training


@pytest.mark.parametrize(
    ("number", "exit_code"), [(signal.SIGKILL, -9), (signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=str
)
def test_an_interrupted_training_resumes_with_the_result_of_an_uninterrupted_one(
    training, uninterrupted, number, exit_code
):
    received, log = training.interrupt(number)
    assert received == exit_code
    assert not (training.output / "model.keras").exists()
    last = logged_epochs(log)[-1]
    if number != signal.SIGKILL:
        assert f"{signal.Signals(number).name}: stopping after this epoch, whose checkpoint is kept" in log
    resumed = training.complete()
    epoch = int(re.search(r"resuming after epoch (\d+), from the checkpoint", resumed)[1])
    # A killed process may have logged an epoch without its checkpoint, or written one without its log line.
    assert epoch in ({last - 1, last, last + 1} if number == signal.SIGKILL else {last})
    assert logged_epochs(resumed)[0] == epoch + 1
    assert training.record.resumed_after == (epoch,)
    training.assert_same_result(uninterrupted)


@pytest.fixture
def five_classes(tmp_path, store, write_photos_folder) -> dict[str, Path]:
    """The files of `photo_files`, with five classes, of which the last has half as many photos."""
    photos = Store(store.images, store.ids, np.minimum(np.arange(50) % 9, 8) // 2)
    files = write_photos_folder(tmp_path / "five", photos)
    ClassNames(names=("ant", "bee", "cat", "dog", "elk")).write(tmp_path / "five" / "classes.json")
    parts = ["train"] * 40 + ["validation"] * 10
    rows = pd.DataFrame({"id": photos.ids, "label": photos.labels, "part": parts})
    SPLIT.write(tmp_path / "five" / "split.csv", rows)
    return {"images": files["images"], "split": tmp_path / "five" / "split.csv"}


@pytest.mark.parametrize(
    "schedule",
    [{"name": "cosine", "warmup_epochs": 4}, {"name": "plateau", "factor": 0.5, "patience": 1}],
    ids=["cosine", "plateau"],
)
def test_five_classes_with_class_weights_and_a_schedule_resume_after_a_kill(
    make, five_classes, tmp_path, make_spec, schedule
):
    settings = make_spec(
        epochs=EPOCHS,
        network={"filters": [16, 16], "dense_units": 16, "dropout": [0.2, 0.2, 0.5]},
        early_stopping={"patience": EPOCHS},
        augmentation=Augmentation(),
        class_weight="balanced",
        schedule=schedule,
    )
    uninterrupted, killed = (make(tmp_path / name, five_classes, settings) for name in ("uninterrupted", "killed"))
    uninterrupted.complete()
    assert uninterrupted.history["learning_rate"].nunique() > 2
    assert killed.interrupt(signal.SIGKILL)[0] == -9
    killed.complete()
    assert 6 <= killed.record.resumed_after[0] <= 8
    killed.assert_same_result(uninterrupted)
    pd.testing.assert_series_equal(
        killed.history["learning_rate"], uninterrupted.history["learning_rate"], check_exact=True
    )


def test_two_interruptions_are_both_recorded(training, uninterrupted):
    training.interrupt(signal.SIGTERM, epoch=3)
    training.interrupt(signal.SIGTERM, epoch=6)
    training.complete()
    first, second = training.record.resumed_after
    assert 3 <= first < second <= 8
    training.assert_same_result(uninterrupted)


def test_a_training_that_is_killed_before_its_model_is_saved_repeats_no_epoch(training, uninterrupted):
    last = len(uninterrupted.history)
    kill_before_saving(training, last)
    assert logged_epochs(training.complete()) == []
    assert training.record.resumed_after == (last,)
    training.assert_same_result(uninterrupted)


def test_no_epoch_is_repeated_after_a_disk_is_full_while_the_model_is_saved(make, uninterrupted, small_disk):
    disk = small_disk("100m")
    training = make(disk / "out")
    kill_before_saving(training, len(uninterrupted.history))
    with (disk / "large").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    process = training.start()
    log, _ = process.communicate(timeout=300)
    assert process.returncode == 1
    assert f"cannot write {training.output / 'model.keras'}" in log
    assert "No space left" in log
    assert {path.name for path in training.output.iterdir()} == {"checkpoint", "tensorboard"}
    (disk / "large").unlink()
    assert logged_epochs(training.complete()) == []
    training.assert_same_result(uninterrupted)


def kill_before_saving(training: Training, last: int) -> None:
    process = training.start()
    while not has_checkpoint(training, last):
        assert process.poll() is None, process.stdout.read()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (training.output / "run.json").exists()


def has_checkpoint(training: Training, epoch: int) -> bool:
    """Whether there is a checkpoint of this epoch. Unlike `read_checkpoint`, this deletes no file."""
    try:
        with np.load(training.checkpoints[0]) as content:
            return f'"epoch": {epoch}' in str(content["state"])
    except (IndexError, OSError, ValueError, KeyError):
        time.sleep(0.002)
        return False


def test_a_checkpoint_of_other_settings_is_not_resumed(training, make, spec):
    training.interrupt(signal.SIGKILL)
    assert training.checkpoints
    other = spec.model_copy(update={"optimizer": spec.optimizer.model_copy(update={"learning_rate": 0.03})})
    changed = make(training.output, settings=other)
    log = changed.complete()
    assert logged_epochs(log)[0] == 1
    assert "ignored and deleted, because settings, seed, code, photos, versions or the machine differ" in log
    assert changed.record.resumed_after == ()
    assert not changed.checkpoints


@pytest.fixture
def copied_files(photo_files, tmp_path) -> dict[str, Path]:
    """A copy of the photos folder and the split."""
    shutil.copytree(photo_files["images"].parent, tmp_path / "photos")
    return {name: tmp_path / "photos" / path.name for name, path in photo_files.items()}


def change_images(files: dict[str, Path]) -> None:
    np.save(files["images"], 255 - np.load(files["images"]))


def change_split(files: dict[str, Path]) -> None:
    rows = SPLIT.read(files["split"])
    rows.loc[[0, 49], "part"] = rows.loc[[49, 0], "part"].to_numpy()
    SPLIT.write(files["split"], rows)


def change_labels(files: dict[str, Path]) -> None:
    manifest = files["images"].with_name("manifest.csv")
    MANIFEST.write(manifest, (rows := MANIFEST.read(manifest)).assign(label=1 - rows["label"]))


@pytest.mark.parametrize("change", [change_images, change_split, change_labels])
def test_a_checkpoint_of_other_photos_is_not_resumed(make, copied_files, tmp_path, change):
    training = make(tmp_path / "out", files=copied_files)
    training.interrupt(signal.SIGKILL)
    change(copied_files)
    assert logged_epochs(training.complete())[0] == 1


def test_a_checkpoint_of_other_code_is_not_resumed(make, tmp_path):
    shutil.copytree(Path(canigatti.__file__).parent, tmp_path / "code" / "canigatti")
    training = make(tmp_path / "out", code=tmp_path / "code")
    training.interrupt(signal.SIGKILL)
    with (tmp_path / "code/canigatti/training/fitting.py").open("a", encoding="utf-8") as code:
        code.write("\n# edited\n")
    log = training.complete()
    assert logged_epochs(log)[0] == 1
    assert "ignored and deleted, because settings, seed, code, photos, versions or the machine differ" in log


def test_a_checkpoint_of_another_machine_is_not_resumed(training):
    training.interrupt(signal.SIGKILL)
    training.environment["TF_ENABLE_ONEDNN_OPTS"] = "0"
    log = training.complete()
    assert logged_epochs(log)[0] == 1
    assert "ignored and deleted, because settings, seed, code, photos, versions or the machine differ" in log
    assert training.record.machine.variables == {"TF_ENABLE_ONEDNN_OPTS": "0"}


def test_a_damaged_checkpoint_is_reported_and_the_training_starts_from_the_beginning(training, uninterrupted):
    training.interrupt(signal.SIGKILL)
    (checkpoint,) = training.checkpoints
    os.truncate(checkpoint, checkpoint.stat().st_size // 2)
    log = training.complete()
    assert f"{checkpoint}: the checkpoint cannot be read" in " ".join(log.split())  # lines are folded
    assert logged_epochs(log)[0] == 1
    training.assert_same_result(uninterrupted)
