import json

import pytest

from canigatti.config import Convolutional, Head, Pretrained, Spec
from canigatti.files import InputError
from canigatti.training.commands import train

SMALL = Convolutional(filters=(4,), dense_units=4, dropout=(0.1, 0.1))
STARTS = ("weights", "weights_record", "start", "start_run")
BACKBONE = Pretrained(backbone="vgg16", head=Head(dense_units=(4,)))


@pytest.fixture
def run_train(photo_files, tmp_path):
    """Run the command on fifty small photos, with these options besides."""
    results = {name: tmp_path / "out" / file for name, file in RESULTS.items()}

    def run(**fields):
        options = {
            name: fields.pop(name) for name in ("weights", "weights_record", "start", "start_run") if name in fields
        }
        spec = Spec(**{"image_size": 16, "batch_size": 8, "epochs": 1, "augmentation": None, **fields}).spec()
        train("tried", spec, 42, **photo_files, classes=["cat", "dog"], **results, **options)
        return json.loads(results["run"].read_text())

    return run


RESULTS = {"model": "model.keras", "history": "history.csv", "curves": "curves.png", "run": "run.json", "logs": "logs"}


def test_a_network_from_scratch_needs_no_start(run_train, tmp_path):
    run = run_train(network=SMALL)
    assert run["weights"] is None
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(RESULTS.values())


def test_a_training_that_diverges_is_recorded_as_such(run_train):
    assert run_train(network=SMALL, optimizer={"name": "sgd", "learning_rate": 1e30})["status"] == "diverged"


@pytest.mark.parametrize("start", ["model", "weights"])
def test_a_start_that_is_not_the_recorded_file_is_refused_and_nothing_is_written(run_train, tmp_path, start):
    file, record = tmp_path / "file", tmp_path / "record.json"
    file.write_bytes(b"other")
    record.write_text(json.dumps({"model_sha256": "0" * 64, "sha256": "0" * 64, "weights": None}))
    if start == "model":
        options = {"network": SMALL, "start_from": "before", "start": file, "start_run": record}
    else:
        options = {"network": BACKBONE, "image_size": 32, "weights": file, "weights_record": record}
    with pytest.raises(InputError, match="is corrupt: expected SHA-256 0000"):
        run_train(**options)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"network": BACKBONE, "image_size": 32}, "takes --weights with their --weights-record, received neither"),
        ({"network": BACKBONE, "image_size": 32, "weights": "w.h5"}, "takes --weights with .*, received w.h5"),
        ({"network": SMALL, "start_from": "before", "start": "m.keras"}, "takes --start with .*, received m.keras"),
        (
            {"network": SMALL, "start": "m.keras", "start_run": "run.json"},
            "no --start .* received m.keras and run",
        ),
        (
            {"network": SMALL, "weights": "w.h5", "weights_record": "w.json"},
            "no --weights .* received w.h5 and w",
        ),
    ],
    ids=["no weights", "no record", "no run.json", "start not asked for", "weights not asked for"],
)
def test_a_start_that_does_not_suit_the_experiment_is_refused_and_nothing_is_written(run_train, tmp_path, fields, told):
    with pytest.raises(InputError, match=told):
        run_train(**fields)
    assert not (tmp_path / "out").exists()
