import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from canigatti.config import Pretrained
from canigatti.provenance import PACKAGE
from canigatti.training import checkpoint, device
from canigatti.training.checkpoint import (
    Checkpoint,
    checkpoint_path,
    delete_checkpoint,
    read_checkpoint,
    write_checkpoint,
)

METRICS = ("loss", "accuracy", "val_loss", "val_accuracy", "seconds")
FINITE = st.floats(allow_nan=False, allow_infinity=False)
SHAPES = arrays.array_shapes(min_dims=0, max_dims=3, max_side=3)
ARRAYS = st.lists(
    st.sampled_from([np.float32, np.int64, np.uint32]).flatmap(lambda dtype: arrays.arrays(dtype, SHAPES)), max_size=12
)


@st.composite
def checkpoints(draw):
    epochs = draw(st.integers(1, 4))
    return Checkpoint(
        rows=[{"epoch": epoch, **{name: draw(FINITE) for name in METRICS}} for epoch in range(1, epochs + 1)],
        variables=draw(ARRAYS),
        best_weights=draw(ARRAYS),
        early_stopping={name: draw(FINITE) for name in ("wait", "best", "best_epoch", "stopped_epoch")},
        stopped=draw(st.booleans()),
        resumed_after=draw(st.lists(st.integers(1, 100), max_size=3)),
        plateau=draw(st.just({}) | st.fixed_dictionaries({"wait": FINITE, "best": FINITE})),
    )


def an_epoch(number=1) -> Checkpoint:
    row = {"epoch": number, **dict.fromkeys(METRICS, 0.5)}
    return Checkpoint([row], [np.arange(10.0)], [np.arange(10.0)], {"best": 0.5}, False, [])


def assert_same_arrays(actual, expected):
    for array, expected_array in zip(actual, expected, strict=True):
        assert array.dtype == expected_array.dtype
        np.testing.assert_array_equal(array, expected_array)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(checkpoints())
def test_a_checkpoint_is_read_as_it_was_written(tmp_path, checkpoint):
    path = tmp_path / "folder" / "checkpoint.npz"
    write_checkpoint(path, checkpoint)
    result = read_checkpoint(path)
    assert result.rows == checkpoint.rows
    assert all(type(row["epoch"]) is int for row in result.rows)
    assert_same_arrays(result.variables, checkpoint.variables)
    assert_same_arrays(result.best_weights, checkpoint.best_weights)
    assert (result.early_stopping, result.plateau) == (checkpoint.early_stopping, checkpoint.plateau)
    assert (result.stopped, result.resumed_after) == (checkpoint.stopped, checkpoint.resumed_after)


def test_without_a_checkpoint_there_is_nothing_to_resume(tmp_path, capsys):
    assert read_checkpoint(tmp_path / "folder" / "checkpoint.npz") is None
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("damage", ["truncated", "empty", "not a zip file", "without state", "other state"])
def test_a_damaged_checkpoint_is_reported_and_not_resumed(tmp_path, capsys, damage):
    path = tmp_path / "checkpoint.npz"
    write_checkpoint(path, an_epoch())
    if damage in ("truncated", "empty"):
        os.truncate(path, path.stat().st_size // 2 if damage == "truncated" else 0)
    elif damage == "not a zip file":
        path.write_bytes(b"<html>")
    else:
        np.savez(
            path, **({"state": np.array('{"rows": []}')} if damage == "other state" else {"variables0": np.ones(3)})
        )
    assert read_checkpoint(path) is None
    message = capsys.readouterr().out
    assert message.startswith(f"{path}: the checkpoint cannot be read (")
    assert message.endswith("); the training starts from the beginning\n")


def test_other_checkpoints_in_the_folder_are_deleted_and_reported(tmp_path, capsys):
    path, other, interrupted = (tmp_path / name for name in ("this.npz", "other.npz", ".1a2b3c4d-this.npz"))
    for file in (path, other, interrupted):
        write_checkpoint(file, an_epoch())
    assert read_checkpoint(path) is not None
    assert list(tmp_path.iterdir()) == [path]
    message = f"{other}: ignored and deleted, because settings, seed, code, photos, versions or the machine differ\n"
    assert capsys.readouterr().out == message, "of a file that was only half written there is nothing to report"


CHANGES = ["nothing", "seed", "settings", "split", "images", "hash file", "versions", "code", "machine", "device"]


@pytest.mark.parametrize("change", CHANGES)
def test_the_name_of_a_checkpoint_depends_on_everything_that_affects_the_result(
    make_spec, tmp_path, monkeypatch, change
):
    images, split = tmp_path / "images.npy", tmp_path / "split.csv"
    images.write_bytes(b"images")
    split.write_text("split")
    before = checkpoint_path(tmp_path, make_spec(), 1, [images, split])
    if change in ("split", "images"):
        {"split": split, "images": images}[change].write_text("changed")
    if change == "hash file":
        (tmp_path / "images.npy.sha256").write_text("0" * 64)
    if change == "versions":
        monkeypatch.setattr(device, "versions", dict)
    if change == "machine":
        monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    if change == "device":
        monkeypatch.setattr(device, "device_name", lambda: "another GPU")
    if change == "code":
        monkeypatch.setattr("canigatti.training.checkpoint.modules_behind_training", lambda *_: [])
    spec = make_spec(batch_size=9) if change == "settings" else make_spec()
    after = checkpoint_path(tmp_path, spec, 2 if change == "seed" else 1, [images, split])
    assert (after == before) == (change == "nothing")
    assert after.parent == tmp_path


@pytest.mark.parametrize(
    ("fields", "more"),
    [
        ({}, set()),
        ({"network": Pretrained(backbone="vgg16")}, {"backbones", "features", "records"}),
        ({"schedule": {"name": "cosine"}}, {"schedules"}),
        ({"mixed_precision": True}, {"precision"}),
    ],
    ids=["plain", "pretrained", "schedule", "mixed precision"],
)
def test_the_code_behind_a_checkpoint_is_what_decides_how_the_training_goes_on(
    make_spec, tmp_path, monkeypatch, fields, more
):
    hashed = []
    monkeypatch.setattr(checkpoint, "sha256_of", lambda path: hashed.append(str(path.relative_to(PACKAGE))) or "")
    checkpoint_path(tmp_path, make_spec(**fields), 1, [])
    deciding = {"batches", "callbacks", "device", "divergence", "fitting", "networks", "outputs", "sampling"}
    assert {Path(path).stem for path in hashed if path.startswith("training/")} == deciding | more


def test_a_checkpoint_is_deleted_with_its_folder(tmp_path):
    path = tmp_path / "checkpoint" / "this.npz"
    write_checkpoint(path, an_epoch())
    delete_checkpoint(path)
    assert not path.parent.exists()
    delete_checkpoint(path)
