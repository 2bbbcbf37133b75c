import json
import zipfile

import numpy as np
import pytest

from canigatti.files import InputError, sha256_of
from canigatti.training import networks
from canigatti.training.model_files import load_model, read_classes, read_resize, save_model, verify_file


@pytest.fixture
def network(make_spec):
    return networks.build(make_spec(), None, 2)


@pytest.mark.parametrize("classes", [("cat", "dog"), ("dog", "cat"), ("chat/chien", 'é "猫"\n'), ("c", "b", "a")])
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


@pytest.mark.parametrize(
    "content",
    [b"{", b"[]", b"{}", b'{"classes": ["cat"]}', b'{"classes": 5}', b'{"classes": "ab"}', b'{"classes": [1, 2]}'],
)
def test_a_model_without_class_names_is_refused(tmp_path, content):
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.writestr("metadata.json", content)
    with pytest.raises(InputError, match=r"model\.keras: expected the names of two or more classes"):
        read_classes(tmp_path / "model.keras")


@pytest.mark.parametrize("resize", ["squeeze", "crop", "pad"])
def test_the_resize_mode_is_read_as_it_was_written(network, tmp_path, resize):
    save_model(network, tmp_path / "model.keras", ("cat", "dog"), resize)
    assert read_resize(tmp_path / "model.keras") == resize


@pytest.mark.parametrize(
    ("content", "mode"), [({}, "squeeze"), *(({"resize": value}, None) for value in ("stretch", None, ["crop"], 5))]
)
def test_a_model_without_resize_mode_squeezes_photos_and_an_unknown_mode_is_refused(tmp_path, content, mode):
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.writestr("metadata.json", json.dumps({"classes": ["cat", "dog"], **content}))
    if mode:
        assert read_resize(tmp_path / "model.keras") == mode
    else:
        with pytest.raises(InputError, match=r"model\.keras: expected one of squeeze, crop, pad as resize in the"):
            read_resize(tmp_path / "model.keras")


def test_a_thousand_long_names_are_read_and_megabytes_of_metadata_are_not(network, tmp_path):
    names = tuple(f"{number:04}{'猫' * 96}" for number in range(1000))
    save_model(network, tmp_path / "model.keras", names)
    assert read_classes(tmp_path / "model.keras") == names
    with zipfile.ZipFile(tmp_path / "large.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", b'{"classes": ["a", "b"]}'.ljust(2**23))
    with pytest.raises(InputError, match=r"metadata\.json of more than 4,194,304 bytes"):
        read_classes(tmp_path / "large.keras")


@pytest.mark.parametrize(("units", "accepted"), [(1, True), (2, False), (3, True), (1000, True)])
def test_a_model_returns_one_probability_or_those_of_three_or_more_classes(tmp_path, units, accepted):
    import keras

    photos = keras.Input((8, 8, 3), dtype="uint8")
    values = keras.layers.Dense(units)(keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(photos)))
    keras.Model(photos, values).save(tmp_path / "model.keras")
    if accepted:
        assert load_model(tmp_path / "model.keras", None).output_shape == (None, units)
    else:
        with pytest.raises(InputError, match=r"three or more classes \(batch, classes\), received .* \(None, 2\)"):
            load_model(tmp_path / "model.keras", None)


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
