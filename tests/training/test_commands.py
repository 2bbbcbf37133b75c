import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from canigatti.config import Head, Pretrained
from canigatti.files import InputError, sha256_of
from canigatti.photos.records import SPLIT, ClassNames
from canigatti.photos.store import Store
from canigatti.training.commands.plot import plot_training
from canigatti.training.commands.train import train
from canigatti.training.model_files import load_model, read_classes, read_resize
from canigatti.training.records import HISTORY, TrainingRecord, WeightsRecord
from canigatti.training.shutdown import GracefulShutdown
from canigatti.training.starting import parse_spec

BACKBONE = Pretrained(backbone="vgg16", head=Head(dense_units=(4,)))


@pytest.fixture
def output(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def run_train(photo_files, output, make_spec):
    """Run the command on fifty small photos, with files to start from, and return its record."""

    def run(weights=None, folder=None, **fields) -> TrainingRecord:
        spec = make_spec(**fields).to_json()
        train("tried", spec, 42, **photo_files, output=output, weights=weights, start_from=folder)
        return TrainingRecord.read(output / "run.json")

    return run


def test_a_network_from_scratch_needs_no_weights(run_train, output, make_spec):
    record = run_train()
    assert record.weights is None
    assert (record.experiment, record.seed, record.spec) == ("tried", 42, make_spec())
    assert (record.status, record.epochs, record.best_epoch, record.resumed_after) == ("completed", 1, 1, ())
    assert {path.name for path in output.iterdir()} == {"model.keras", "history.csv", "run.json", "tensorboard"}
    assert record.history_sha256 == sha256_of(output / "history.csv")
    assert read_classes(output / "model.keras") == ("cat", "dog")
    assert read_resize(output / "model.keras") == "squeeze"
    assert list(HISTORY.read(output / "history.csv")["epoch"]) == [1]


def test_a_batch_size_above_the_number_of_photos_works(run_train):
    record = run_train(batch_size=512)
    assert (record.status, record.epochs) == ("completed", 1)


def test_a_training_starts_from_the_model_of_another_training(run_train, output, tmp_path):
    sgd = {"name": "sgd", "learning_rate": 1e-12}
    first = run_train(epochs=4)
    output.rename(tmp_path / "before")
    record = run_train(folder=tmp_path / "before", start_from="before", optimizer=sgd)
    before, after = (HISTORY.read(folder / "history.csv") for folder in (tmp_path / "before", output))
    assert after["val_loss"].min() == pytest.approx(before["val_loss"].min(), rel=1e-4)
    assert record.parameters == first.parameters


@pytest.fixture
def three_classes(tmp_path, store, write_photos_folder):
    """The files of `photo_files`, with three classes."""
    photos = Store(store.images, store.ids, np.arange(50) % 3)
    files = write_photos_folder(tmp_path / "three", photos)
    ClassNames(names=("ant", "bee", "cat")).write(tmp_path / "three" / "classes.json")
    parts = ["train"] * 40 + ["validation"] * 10
    rows = pd.DataFrame({"id": photos.ids, "label": photos.labels, "part": parts})
    SPLIT.write(tmp_path / "three" / "split.csv", rows)
    return {"images": files["images"], "split": tmp_path / "three" / "split.csv"}


def test_the_network_has_as_many_classes_as_the_photos(three_classes, output, make_spec):
    train("tried", make_spec().to_json(), 42, **three_classes, output=output)
    record = TrainingRecord.read(output / "run.json")
    assert read_classes(output / "model.keras") == ("ant", "bee", "cat")
    assert load_model(output / "model.keras", record.model_sha256).output_shape == (None, 3)


def test_a_training_of_three_classes_resumes_with_the_result_of_an_uninterrupted_one(
    three_classes, output, tmp_path, make_spec, monkeypatch
):
    def run(folder):
        train("tried", make_spec(epochs=4).to_json(), 42, **three_classes, output=folder)

    run(tmp_path / "uninterrupted")
    requested = iter([False, True])  # after the second epoch
    monkeypatch.setattr(GracefulShutdown, "exit_if_requested", lambda _: next(requested) and sys.exit(143))
    with pytest.raises(SystemExit):
        run(output)
    monkeypatch.undo()
    run(output)
    records = [TrainingRecord.read(folder / "run.json") for folder in (tmp_path / "uninterrupted", output)]
    assert [record.resumed_after for record in records] == [(), (2,)]
    assert_same_training(tmp_path / "uninterrupted", output)


def assert_same_training(first, second):
    histories = [HISTORY.read(folder / "history.csv").drop(columns="seconds") for folder in (first, second)]
    pd.testing.assert_frame_equal(*histories, check_exact=True)
    weights = [load_model(folder / "model.keras", None).get_weights() for folder in (first, second)]
    for actual, expected in zip(*weights, strict=True):
        np.testing.assert_array_equal(actual, expected)


def test_a_start_from_a_network_with_another_number_of_classes_is_refused(
    run_train, three_classes, output, tmp_path, make_spec
):
    run_train()
    output.rename(tmp_path / "before")
    spec = make_spec(start_from="before").to_json()
    with pytest.raises(InputError, match=r"model\.keras: expected a network for the 3 classes .*, received one for 2"):
        train("tried", spec, 42, **three_classes, output=output, start_from=tmp_path / "before")
    assert not output.exists()


def test_an_experiment_is_read_from_the_file_of_a_search(photo_files, output, tmp_path, make_spec):
    make_spec(batch_size=5, resize="pad").write(tmp_path / "spec.json")
    train("tried", str(tmp_path / "spec.json"), 42, **photo_files, output=output)
    spec = TrainingRecord.read(output / "run.json").spec
    assert (spec.batch_size, spec.resize) == (5, "pad")
    assert read_resize(output / "model.keras") == "pad"


def test_a_training_that_diverges_is_recorded_as_diverged(run_train):
    record = run_train(optimizer={"name": "sgd", "learning_rate": 1e30})
    assert (record.status, record.diverged, record.best_epoch) == ("diverged", True, 0)


def test_the_learning_curves_are_plotted_from_the_output_of_a_training(tmp_path, make_training_record):
    make_training_record().write(tmp_path / "run.json")
    columns = {name: [0.5, 0.4] for name in ("loss", "accuracy", "val_loss", "val_accuracy", "seconds")}
    HISTORY.write(tmp_path / "history.csv", pd.DataFrame({"epoch": [1, 2], **columns}))
    plot_training(tmp_path, tmp_path / "curves.png")
    assert Image.open(tmp_path / "curves.png").width > 400


@pytest.mark.parametrize("start", ["model", "weights"])
def test_a_start_that_differs_from_its_record_is_refused_and_nothing_is_written(
    run_train, tmp_path, output, start, make_training_record
):
    if start == "model":
        (tmp_path / "model.keras").write_bytes(b"other")
        make_training_record().write(tmp_path / "run.json")
        options = {"start_from": "before", "folder": tmp_path}
    else:
        weights = tmp_path / "vgg16.weights.h5"
        weights.write_bytes(b"other")
        record = WeightsRecord(backbone="vgg16", source="imagenet", weights="imagenet", sha256="0" * 64)
        record.write(tmp_path / "vgg16.json")
        options = {"network": BACKBONE, "image_size": 32, "weights": weights}
    with pytest.raises(InputError, match="is corrupt: expected SHA-256 0000"):
        run_train(**options)
    assert not output.exists()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"network": BACKBONE, "image_size": 32}, "expected --weights for this experiment, received None"),
        ({"start_from": "before"}, "expected --start-from for this experiment, received None"),
        ({"folder": "other"}, "expected no --start-from for this experiment, received other"),
        ({"weights": "w.h5"}, "expected no --weights for this experiment, received w.h5"),
        (
            {"network": BACKBONE, "image_size": 32, "start_from": "before", "folder": "other", "weights": "w.h5"},
            "expected no --weights for this experiment, received w.h5",
        ),
    ],
    ids=["no weights", "no folder", "unexpected folder", "unexpected weights", "both"],
)
def test_options_that_do_not_suit_the_experiment_are_refused_and_nothing_is_written(run_train, output, fields, message):
    with pytest.raises(InputError, match=message):
        run_train(**fields)
    assert not output.exists()


def test_a_damaged_record_is_refused_with_its_name(run_train, tmp_path):
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(InputError, match=r"run\.json: expected a record of type TrainingRecord"):
        run_train(folder=tmp_path, start_from="before")


@pytest.mark.parametrize(
    "content", ['{"network": {}}', "[]", "{", '{"network": {"fliters": [1]}, "augmentation": null}'], ids=range(4)
)
def test_a_damaged_experiment_is_refused(tmp_path, content):
    (tmp_path / "spec.json").write_text(content)
    with pytest.raises(InputError, match=r"spec\.json: expected a record of type Spec"):
        parse_spec(str(tmp_path / "spec.json"))
    with pytest.raises(InputError, match="expected a record of type Spec"):
        parse_spec(content)
