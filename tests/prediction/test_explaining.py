"""`canigatti predict --explain FOLDER` writes one image per predicted photo, and nothing where something is already."""

import keras
import numpy as np
import pytest
from PIL import Image

from canigatti.evaluation.gradcam import GradCam
from canigatti.evaluation.heat_maps import describe_empty, overlay, scale_map
from canigatti.files import InputError
from canigatti.prediction import explaining
from canigatti.prediction.calibration import Rules
from canigatti.prediction.commands import predict
from canigatti.prediction.files import Prediction, predict_files
from canigatti.training.model_files import save_model

SIZE = 8
CLASSES = ("cat", "dog")


@pytest.fixture(scope="module")
def network():
    """A network that finds dogs where a photo is red."""
    photos = keras.Input((SIZE, SIZE, 3), dtype="uint8")
    convolution = keras.layers.Conv2D(1, 1, activation="relu")
    values = convolution(keras.layers.Rescaling(1 / 255)(photos))
    dense = keras.layers.Dense(1, "sigmoid")
    model = keras.Model(photos, dense(keras.layers.GlobalAveragePooling2D()(values)))
    convolution.set_weights([np.array([1.0, -1, -1]).reshape(1, 1, 3, 1), np.zeros(1)])
    dense.set_weights([np.array([[40.0]]), np.array([-1.0])])
    return model


@pytest.fixture(scope="module")
def model(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.keras"
    save_model(network, path, CLASSES)
    return path


def spot(row, column):
    """A gray photo with a red spot, 64×64."""
    pixels = np.full((64, 64, 3), 120, np.uint8)
    pixels[8 * row : 8 * row + 16, 8 * column : 8 * column + 16] = (250, 0, 0)
    return Image.fromarray(pixels)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    (folder / "b").mkdir(parents=True)
    spot(0, 0).save(folder / "one.png")
    spot(5, 3).save(folder / "b" / "one.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a photo")
    return folder


def test_every_readable_photo_has_an_image(model, photos, tmp_path, capsys):
    with pytest.raises(InputError, match="1 of 3 files"):
        predict(model, [str(photos)], as_csv=True, explain=tmp_path / "out")
    rows = capsys.readouterr().out.splitlines()
    assert len(rows) == 3
    images = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in images] == ["00001-one.png", "00002-one.png"]
    for path, (row, column) in zip(images, [(5, 3), (0, 0)], strict=True):
        with Image.open(path) as image:
            right = np.asarray(image.convert("RGB"), float)[12:372, 384:744]  # the map, next to the photo
        colorful = right.max(axis=2) - right.min(axis=2)
        found = np.array(np.unravel_index(colorful.argmax(), colorful.shape)) / 45
        assert row <= found[0] <= row + 2
        assert column <= found[1] <= column + 2


def test_the_predictions_are_those_without_explanations(model, photos, tmp_path, capsys):
    printed = []
    for options in ({}, {"explain": tmp_path / "out"}):
        with pytest.raises(InputError):
            predict(model, [str(photos)], **options)
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]


def test_the_text_is_name_class_and_probability(network, tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(explaining, "note", lambda line, sheet: written.append(line) or Image.new("RGB", (9, 9)))
    explainer = explaining.Explainer(network, CLASSES, tmp_path / "out")
    explainer(
        np.stack([np.asarray(spot(0, 0).resize((SIZE, SIZE)))] * 2),
        [Prediction("a/x.jpg", (0.25, 0.75)), Prediction("a/y.jpg", (0.6, 0.4), is_sure=False)],
    )
    shown = "In color: what speaks for {} (Grad-CAM, 8 × 8 cells)"
    assert written[:3] == ["x.jpg", "dog: 0.7500", shown.format("dog")]
    assert written[3:] == ["y.jpg", "unsure (cat: 0.6000)", shown.format("cat") + ": empty"]


def test_a_folder_that_contains_something_is_refused_before_anything_runs(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    for folder, message in ((tmp_path, "contains notes.txt"), (tmp_path / "notes.txt", "this is a file")):
        with pytest.raises(InputError, match=message):
            predict(tmp_path / "missing.keras", ["missing.jpg"], explain=folder)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_network_without_a_convolution_is_refused(photos, tmp_path):
    inputs = keras.Input((SIZE, SIZE, 3), dtype="uint8")
    flat = keras.layers.Dense(1, "sigmoid")(keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(inputs)))
    save_model(keras.Model(inputs, flat), tmp_path / "flat.keras", CLASSES)
    with pytest.raises(InputError, match=r"flat\.keras: expected a model with a convolution"):
        predict(tmp_path / "flat.keras", [str(photos / "one.png")], explain=tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["x" * 250 + ".jpg", "a:b*?.jpg", "\udcff\n.jpg", "ж" * 120 + ".jpg"])
def test_any_name_of_a_photo_gives_a_name_that_file_systems_accept(network, tmp_path, name):
    explainer = explaining.Explainer(network, CLASSES, tmp_path)
    explainer(np.zeros((1, SIZE, SIZE, 3), np.uint8), [Prediction(f"folder/{name}", (0.9, 0.1))])
    (written,) = tmp_path.iterdir()
    assert written.name.startswith("00001-")
    assert len(written.name.encode()) < 200
    assert written.name.isprintable()
    assert not set(written.name) & set(':*?"<>|\\')


def test_a_map_is_interpolated_to_the_photo_and_scaled_to_its_maximum():
    large = scale_map(np.array([[0, 0], [0, 1e-13]], np.float32), 8)
    assert large.shape == (8, 8)
    assert large.max() == large[7, 7] == 1
    assert large[0, 0] == 0
    assert 0 < large[4, 4] < 1  # between the centers of the cells
    np.testing.assert_allclose(large, large.T)


@pytest.mark.parametrize(("value", "word"), [(0.0, "empty"), (np.nan, "undefined")])
def test_an_empty_map_leaves_the_photo_gray_and_says_so(value, word):
    values, photo = np.full((2, 2), value, np.float32), spot(1, 1)
    assert describe_empty(values) == word
    np.testing.assert_array_equal(np.asarray(overlay(photo, values)), np.asarray(photo.convert("L").convert("RGB")))
    assert describe_empty(np.eye(2, dtype=np.float32)) == ""


def test_each_batch_is_observed_before_its_predictions_are_returned(network, photos):
    seen = []
    found = predict_files(network, [str(photos / "one.png")], observe=lambda images, made: seen.append((images, made)))
    prediction = next(found)
    ((images, made),) = seen
    assert made == [prediction]
    assert images.shape == (1, SIZE, SIZE, 3)


def test_the_map_is_that_of_the_class_that_calibrated_probabilities_predict(network, photos):
    """A temperature changes no predicted class, so the explained class is the printed one."""
    (prediction,) = predict_files(network, [str(photos / "one.png")], rules=Rules(temperature=2.0, kind="calibrated"))
    assert prediction.label == 1
    with Image.open(photos / "one.png") as opened:
        small = np.asarray(opened.resize((SIZE, SIZE)))[None]
    (((values,)),) = GradCam(network).maps_of_batch(small, np.array([[1]]))
    assert np.unravel_index(values.argmax(), values.shape) < (2, 2)
