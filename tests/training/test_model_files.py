import json
import zipfile

import numpy as np
import pytest

from canigatti.config import Convolutional, Spec
from canigatti.files import InputError
from canigatti.training.model_files import class_pair, read_classes, save_model
from canigatti.training.networks import build


@pytest.fixture
def network():
    settings = Convolutional(filters=(4,), dense_units=4, dropout=(0.1, 0.1))
    return build(Spec(augmentation=None, image_size=16, network=settings))


@pytest.mark.parametrize("classes", [("cat", "dog"), ("dog", "cat"), ("chat/chien", 'é "猫"\n')])
def test_the_names_of_the_classes_are_read_as_they_were_written(network, tmp_path, classes):
    save_model(network, tmp_path / "model.keras", classes)
    assert read_classes(tmp_path / "model.keras") == classes
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]


def test_keras_loads_the_file_without_this_package(network, tmp_path):
    """It holds what Keras itself writes, and no class of ours."""
    import keras

    path = tmp_path / "model.keras"
    save_model(network, path, ("cat", "dog"))
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["metadata.json", "config.json", "model.weights.h5"]
        assert b"canigatti" not in archive.read("config.json")
        assert json.loads(archive.read("metadata.json"))["keras_version"] == keras.__version__
    loaded = keras.saving.load_model(path)
    assert not loaded.compiled, "the optimizer's state is as large as the weights and of no use"
    for mine, theirs in zip(network.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b'{"classes": ["cat"]}', b'{"classes": 5}', bytes(2**21)])
def test_a_file_without_two_names_is_named(tmp_path, content):
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.writestr("metadata.json", content)
    with pytest.raises(InputError, match=r"model\.keras: expected the names of two classes"):
        read_classes(tmp_path / "model.keras")


def test_three_names_are_too_many():
    with pytest.raises(InputError, match="--class: expected two names, received 3: cat, dog, bird"):
        class_pair(["cat", "dog", "bird"])
