"""`predict` calibrates probabilities, and is unsure, by the calibration.json next to the model."""

import csv
import io
import json
import sys

import keras
import numpy as np
import pytest
from PIL import Image

from canigatti.__main__ import main
from canigatti.evaluation.abstention import certainty
from canigatti.evaluation.calibration import Sample, calibrate
from canigatti.evaluation.logits import LogitNetwork
from canigatti.evaluation.predictions import Predictions, as_logits, softmax
from canigatti.files import sha256_of
from canigatti.training.model_files import save_model

SIZE = 8
CLASSES = ("cat", "dog", "owl")


def network(classes):
    keras.utils.set_random_seed(7)
    photos = keras.Input((SIZE, SIZE, 3), dtype="uint8")
    values = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(photos))
    initializer = keras.initializers.RandomNormal(stddev=0.5, seed=3)
    units, activation = (1, "sigmoid") if classes == 2 else (classes, "softmax")
    return keras.Model(photos, keras.layers.Dense(units, activation, kernel_initializer=initializer)(values))


def calibration_of(model, count=600, wrong=20, **fields):
    """The calibration of a model by made-up predictions, of which the least certain ones are wrong."""
    logit = np.linspace(0.01, 9, count)
    logits = as_logits(logit[:, None])
    labels = (np.arange(count) >= wrong).astype(int)
    made = Sample(Predictions(np.arange(count).astype(object), labels, softmax(logits), logits), np.arange(count))
    return calibrate(made, made, sha256_of(model), False).model_copy(update=fields)


@pytest.fixture(params=[2, 3], ids=["two classes", "three classes"])
def classes(request):
    return CLASSES[: request.param]


@pytest.fixture
def model(tmp_path, classes):
    save_model(network(len(classes)), tmp_path / "model.keras", classes)
    return tmp_path / "model.keras"


@pytest.fixture
def photos(tmp_path):
    generator = np.random.default_rng(1)
    paths = [tmp_path / f"{number}.png" for number in range(12)]
    for path in paths:
        Image.fromarray(generator.integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)).save(path)
    return paths


@pytest.fixture
def predict(monkeypatch, capsys):
    """Run the command; return what it printed, its messages, and whether it succeeded."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["canigatti", "predict", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_info:
            main()
        captured = capsys.readouterr()
        message = exit_info.value.code or ""
        return captured.out, captured.err + str(message), message == ""

    return run


def rows_of(predict, *arguments):
    out, err, succeeded = predict("--json", *arguments)
    assert succeeded, err
    return json.loads(out)


def outputs(model, photos):
    images = np.stack([np.asarray(Image.open(path)) for path in photos])
    return LogitNetwork(keras.saving.load_model(model)).predict_batch(images)


def shown(probabilities):
    return probabilities[:, 1] if probabilities.shape[1] == 2 else probabilities.max(axis=1)


def test_the_probabilities_are_those_of_the_logits_divided_by_the_temperature(predict, model, photos, classes):
    calibration = calibration_of(model)
    calibration.write(model.with_name("calibration.json"))
    expected = softmax(outputs(model, photos).logits / calibration.temperature.value)
    rows = rows_of(predict, model, *photos)
    np.testing.assert_allclose([row["probability"] for row in rows], shown(expected), rtol=1e-5)
    assert [row["class"] for row in rows] == [classes[label] for label in expected.argmax(axis=1)]
    if len(classes) == 3:
        np.testing.assert_allclose([row["probability_owl"] for row in rows], expected[:, 2], rtol=1e-5)


def test_uncalibrated_prints_the_probabilities_of_the_network(predict, model, photos):
    without = rows_of(predict, model, *photos)
    calibration_of(model).write(model.with_name("calibration.json"))
    assert rows_of(predict, "--uncalibrated", model, *photos) == without
    assert rows_of(predict, model, *photos) != without
    probabilities = shown(outputs(model, photos).probabilities)
    np.testing.assert_allclose([row["probability"] for row in without], probabilities, rtol=1e-5)


def test_the_table_says_which_probabilities_it_shows(predict, model, photos):
    assert "  probability  photo" in predict(model, photos[0])[0]
    calibration_of(model).write(model.with_name("calibration.json"))
    assert " calibrated probability  photo" in predict(model, photos[0])[0]
    assert " uncalibrated probability  photo" in predict("--uncalibrated", model, photos[0])[0]


def test_a_calibration_without_temperature_is_reported(predict, model, photos):
    without = rows_of(predict, model, *photos)
    calibration_of(model, wrong=0).write(model.with_name("calibration.json"))
    out, err, succeeded = predict("--json", model, *photos)
    assert succeeded
    assert json.loads(out) == without
    assert "canigatti: the probabilities are not calibrated: every photo is classified correctly" in err
    assert " uncalibrated probability" in predict(model, photos[0])[0]


def test_photos_below_the_threshold_are_unsure(predict, model, photos):
    certain = certainty(outputs(model, photos).logits)
    median = float(np.sort(certain)[5:7].mean())
    calibration = calibration_of(model)
    chosen = calibration.candidates[-1].model_copy(update={"threshold": median, "bound": 0.04})
    calibration.model_copy(update={"candidates": (chosen,)}).write(model.with_name("calibration.json"))
    answered = rows_of(predict, model, *photos)
    rows = rows_of(predict, "--max-error", "0.05", model, *photos)
    is_unsure = [row["class"] == "unsure" for row in rows]
    assert is_unsure == (certain < median).tolist()
    assert sum(is_unsure) == 6
    assert [row["probability"] for row in rows] == [row["probability"] for row in answered]
    kept = [row for row in rows if row["class"] != "unsure"]
    assert kept == [row for row, unsure in zip(answered, is_unsure, strict=True) if not unsure]
    table = predict("--max-error", "0.05", model, *photos)[0]
    assert [line.split()[0] == "unsure" for line in table.splitlines()[1:]] == is_unsure
    text = predict("--csv", "--max-error", "0.05", "--uncalibrated", model, *photos)[0]
    assert [row["class"] == "unsure" for row in csv.DictReader(io.StringIO(text))] == is_unsure


def test_an_error_that_cannot_be_promised_is_refused_with_the_number_of_photos(predict, model, photos):
    calibration_of(model, count=100, wrong=0).write(model.with_name("calibration.json"))
    out, err, succeeded = predict("--max-error", "0.01", model, *photos)
    assert (out, succeeded) == ("", False)
    assert "calibration.json: an error of at most 1% cannot be promised with so few validation photos" in err
    assert "it needs at least 299, and there are 100" in err


@pytest.mark.parametrize("value", ["0", "1", "-0.1", "nan"])
def test_an_error_outside_0_to_1_is_refused(predict, tmp_path, value):
    out, err, succeeded = predict("--max-error", value, tmp_path / "model.keras", tmp_path / "photo.jpg")
    assert (out, succeeded) == ("", False)
    assert f"--max-error: expected a fraction above 0 and below 1, received {float(value):g}" in err


def test_a_promise_needs_a_calibration(predict, model, photos):
    out, err, succeeded = predict("--max-error", "0.05", model, *photos)
    assert (out, succeeded) == ("", False)
    assert f"{model.with_name('calibration.json')}: --max-error needs the calibration of the model" in err


def test_the_calibration_of_another_model_is_refused(predict, model, photos):
    calibration_of(model, model_sha256="0" * 64).write(model.with_name("calibration.json"))
    for options in ((), ("--max-error", "0.05")):
        out, err, succeeded = predict(*options, model, *photos)
        assert (out, succeeded) == ("", False)
        assert f"calibration.json: it is the calibration of another model than {model}" in err
    assert predict("--uncalibrated", model, *photos)[2]


def test_a_damaged_calibration_is_refused(predict, model, photos):
    model.with_name("calibration.json").write_text("{")
    out, err, succeeded = predict(model, *photos)
    assert (out, succeeded) == ("", False)
    assert "calibration.json: expected a record of type Calibration" in err


def test_a_class_named_unsure_is_not_mixed_up(predict, model, photos, classes):
    save_model(network(len(classes)), model, ("unsure", *classes[1:]))
    calibration_of(model).write(model.with_name("calibration.json"))
    assert {row["class"] for row in rows_of(predict, model, *photos)} <= {"unsure", *classes[1:]}
    out, err, succeeded = predict("--max-error", "0.05", model, *photos)
    assert (out, succeeded) == ("", False)
    assert "--max-error prints unsure as a class, and a class has this name" in err


def test_a_missing_model_is_reported_as_without_a_calibration(predict, model, photos):
    calibration_of(model).write(model.with_name("calibration.json"))
    model.unlink()
    assert f"{model}: the model file cannot be read (No such file or directory)" in predict(model, *photos)[1]
