import json
import zipfile

import numpy as np
import pytest

from canigatti.files import InputError, sha256_of
from canigatti.training.model_files import load_model, read_classes, save_model, verify_file
from canigatti.training.networks import build


@pytest.fixture
def network(make_spec):
    return build(make_spec())


@pytest.mark.parametrize("classes", [("cat", "dog"), ("dog", "cat"), ("chat/chien", 'é "猫"\n')])
def test_class_names_are_read_as_they_were_written(network, tmp_path, classes):
    save_model(network, tmp_path / "model.keras", classes)
    assert read_classes(tmp_path / "model.keras") == classes
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]


def test_keras_loads_the_file_without_this_package(network, tmp_path):
    """It has the same files as Keras writes, and no custom class."""
    import keras

    path = tmp_path / "model.keras"
    save_model(network, path, ("cat", "dog"))
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["metadata.json", "config.json", "model.weights.h5"]
        assert b"canigatti" not in archive.read("config.json")
        assert json.loads(archive.read("metadata.json"))["keras_version"] == keras.__version__
    loaded = keras.saving.load_model(path)
    assert not loaded.compiled, "the optimizer's state is as large as the weights and not needed"
    for expected, actual in zip(network.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b'{"classes": ["cat"]}', b'{"classes": 5}', bytes(2**21)])
def test_a_model_without_two_class_names_is_refused(tmp_path, content):
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.writestr("metadata.json", content)
    with pytest.raises(InputError, match=r"model\.keras: expected the names of two classes"):
        read_classes(tmp_path / "model.keras")


def test_a_saved_model_is_loaded_with_and_without_its_hash(network, tmp_path):
    path = tmp_path / "model.keras"
    save_model(network, path, ("cat", "dog"))
    for sha256 in (sha256_of(path), None):
        loaded = load_model(path, sha256)
        for expected, actual in zip(network.get_weights(), loaded.get_weights(), strict=True):
            np.testing.assert_array_equal(actual, expected)


def test_a_modified_file_outside_the_working_directory_must_be_copied_again(tmp_path):
    path = tmp_path / "file"
    path.write_text("modified")
    with pytest.raises(InputError, match=r"file: the weights file is corrupt: expected SHA-256 0+.*copy it again"):
        verify_file(path, "0" * 64, "weights file")


def test_a_modified_file_of_the_study_is_recreated_with_snakemake(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("modified")
    with pytest.raises(InputError, match="delete it and recreate it with `snakemake file --cores 1"):
        verify_file(tmp_path / "file", "0" * 64, "model file")
