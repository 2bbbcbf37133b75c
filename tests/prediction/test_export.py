"""Exported models: the runtime of each format predicts what Keras predicts, or nothing is written."""

import json
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from itertools import pairwise

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from canigatti.__main__ import main
from canigatti.evaluation.prediction import inputs_for
from canigatti.evaluation.predictions import as_logits, softmax
from canigatti.files import sha256_of
from canigatti.photos.records import SPLIT
from canigatti.prediction.export import exporting, formats
from canigatti.prediction.export.describe import describe_model
from canigatti.prediction.export.photos import random_images
from canigatti.prediction.export.records import ExportRecord, ModelDescription
from canigatti.prediction.export.rounding import logits_in
from canigatti.training.model_files import load_model, save_model
from canigatti.training.networks import build

SUFFIXES = {"onnx": ".onnx", "litert": ".tflite", "saved_model": ".saved_model"}
NETWORKS = {  # settings and classes
    "grayscale": ({"color": "grayscale"}, ("cat", "dog")),
    "rgb": ({}, ("cat", "dög")),
    "five classes": ({"resize": "pad"}, ("ant", "bee", "cat", "dog", "eel")),
}
CLASSES = ("cat", "dog")


def spread_out(network, deviation=4.0):
    """Replace the last layer's weights by larger ones, so that probabilities of different photos differ."""
    weights, bias = network.layers[-1].get_weights()
    network.layers[-1].set_weights([np.random.default_rng(0).normal(0, deviation, weights.shape), bias])
    return network


@pytest.fixture(scope="module")
def models(tmp_path_factory, make_spec):
    """The model file of each of `NETWORKS`, in a folder with nothing else."""
    keras.utils.set_random_seed(3)
    files = {}
    for name, (settings, classes) in NETWORKS.items():
        spec = make_spec(**settings)
        files[name] = tmp_path_factory.mktemp("model") / "model.keras"
        save_model(spread_out(build(spec, None, len(classes))), files[name], classes, spec.resize)
    return files


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder of forty photos of different sizes, and a file that is none."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(40):
        noise = np.random.default_rng(number).integers(0, 256, (2 + number // 4, 6, 3), dtype=np.uint8)
        Image.fromarray(noise).resize((30, 20 + number), Image.Resampling.BICUBIC).save(folder / f"{number}.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff broken")
    return folder


@pytest.fixture
def export(monkeypatch, capfd):
    """Return a function that runs the command as from a terminal: its stdout, its stderr, and its error message."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")  # so that the command's own change is undone

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["canigatti", "export", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_info:
            main()
        out, err = capfd.readouterr()
        return out, err, exit_info.value.code if isinstance(exit_info.value.code, str) else ""

    return run


def run_onnx(path, batches):
    import onnxruntime

    session = onnxruntime.InferenceSession(path)
    return [session.run(None, {"photos": images})[0] for images in batches]


def run_litert(path, batches):
    from ai_edge_litert.interpreter import Interpreter

    signature = Interpreter(str(path)).get_signature_runner("serving_default")
    return [signature(photos=images)["output_0"] for images in batches]


def run_saved_model(path, batches):
    loaded = tf.saved_model.load(path)
    return [loaded.serve([tf.constant(images)]).numpy() for images in batches]


def inside_onnx(path):
    import onnx

    properties = {one.key: one.value for one in onnx.load(path).metadata_props}
    assert json.loads(properties["classes"]) == json.loads(properties["canigatti"])["classes"]
    return properties["canigatti"]


def inside_litert(path):
    with zipfile.ZipFile(path) as archive:
        description = archive.read("canigatti.json").decode()
        assert archive.read("labels.txt").decode().split("\n") == [*json.loads(description)["classes"], ""]
    return description


def inside_saved_model(path):
    return (path / "assets.extra" / "canigatti.json").read_text(encoding="utf-8")


RUN = {"onnx": run_onnx, "litert": run_litert, "saved_model": run_saved_model}
INSIDE = {"onnx": inside_onnx, "litert": inside_litert, "saved_model": inside_saved_model}


def check_predictions(file, model, format):
    """Check the predictions of 32 images in the format's runtime, in batches of several sizes."""
    network = load_model(model, None)
    images = inputs_for(network, random_images(network.input_shape[1]))
    expected = network.predict_on_batch(images)
    assert np.ptp(expected[:, 0]) > 0.1
    sizes = [0, 32, 33, 40, 64]  # ends of batches of 32, 1, 7 and 24 images
    batches = [np.concatenate([images, images])[start:end] for start, end in pairwise(sizes)]
    received = np.concatenate(RUN[format](file, batches))
    np.testing.assert_allclose(received, np.concatenate([expected, expected]), rtol=0, atol=1e-5)


@pytest.mark.parametrize("format", SUFFIXES)
@pytest.mark.parametrize("name", NETWORKS)
def test_the_runtime_of_a_format_predicts_what_keras_predicts(export, models, photos, tmp_path, name, format):
    (settings, classes), target = NETWORKS[name], tmp_path / f"exported{SUFFIXES[format]}"
    out, err, error = export(models[name], "--format", format, "--output", target, "--photos", photos)
    assert (err, error) == ("", "")  # nothing that converters and runtimes print
    assert f"32 photos of {photos}" in out.splitlines()[1]
    check_predictions(target, models[name], format)

    record = ExportRecord.read(tmp_path / f"{target.name}.json")
    assert record.sha256 == (None if format == "saved_model" else sha256_of(target))
    assert record.comparison.photos == 32
    assert 0 <= record.comparison.largest_difference <= 1e-5
    description = record.description
    assert ModelDescription.from_json(INSIDE[format](target)) == description
    assert (description.classes, description.model_sha256) == (classes, sha256_of(models[name]))
    assert description.input.color == settings.get("color", "rgb")
    assert description.input.shape == (None, 16, 16, 1 if name == "grayscale" else 3)
    assert description.input.resize == settings.get("resize", "squeeze")
    assert description.input.name == "photos"
    assert description.output.shape == (None, 5 if name == "five classes" else 1)
    assert {path.name for path in tmp_path.iterdir()} == {target.name, f"{target.name}.json"}


@pytest.fixture
def mobilenetv2(make_spec, shared, tmp_path):
    """Return a function that writes a MobileNetV2 whose last layer has weights of a standard deviation."""

    def write(deviation):
        spec, model = make_spec(image_size=96, network={"backbone": "mobilenetv2"}), tmp_path / "model.keras"
        weights = shared / "weights" / "mobilenetv2_notop.weights.h5"
        save_model(spread_out(build(spec, weights, 2), deviation), model, CLASSES)
        return model

    return write


@pytest.mark.slow
@pytest.mark.parametrize("format", SUFFIXES)
def test_mobilenetv2_predicts_in_every_format_what_it_predicts_in_keras(export, mobilenetv2, format):
    model = mobilenetv2(0.06)
    _, err, error = export(model, "--format", format)
    assert error == ""
    assert "random images are compared" in err
    check_predictions(model.with_suffix(SUFFIXES[format]), model, format)


@pytest.fixture
def uncertain(mobilenetv2):
    """A MobileNetV2 with large logits, but for one photo, of which the probability is 0.5: it shows rounding errors."""
    path = mobilenetv2(4.0)
    network = load_model(path, None)
    logits = logits_in("float32", network).predict_on_batch(random_images(96))
    weights, bias = network.layers[-1].get_weights()
    network.layers[-1].set_weights([weights, bias - np.sort(logits[:, 0])[16]])
    save_model(network, path, CLASSES)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("format", ["onnx", "litert"])
def test_mobilenetv2_with_large_logits_is_exported_if_rounding_explains_the_difference(export, uncertain, format):
    assert export(uncertain, "--format", format)[2] == ""
    comparison = ExportRecord.read(uncertain.with_name(f"model{SUFFIXES[format]}.json")).comparison
    assert 1e-5 < comparison.largest_difference <= comparison.tolerance < 1e-3


@pytest.mark.slow
def test_mobilenetv2_with_weights_in_float16_is_refused(export, uncertain, monkeypatch):
    kind = formats.FORMATS["saved_model"]

    def convert(network, *arguments):
        network.set_weights([weights.astype("float16").astype("float32") for weights in network.get_weights()])
        return kind.convert(network, *arguments)

    monkeypatch.setitem(formats.FORMATS, "saved_model", replace(kind, convert=convert))
    assert "predicts something else than Keras" in export(uncertain, "--format", "saved_model")[2]


def test_the_default_is_next_to_the_model_and_nothing_is_replaced(export, models, tmp_path):
    model = tmp_path / "my.keras"
    model.write_bytes(models["rgb"].read_bytes())
    _, err, error = export(model, "--format", "onnx")
    assert error == ""
    assert err == (
        "canigatti: the test photos of the model's study were not found, so random images are compared; --photos "
        "FOLDER compares photos\n"
    )
    assert ExportRecord.read(tmp_path / "my.onnx.json").comparison.source == "32 random images"
    before = (tmp_path / "my.onnx").read_bytes()
    error = export(model, "--format", "onnx")[2]
    assert error == (
        f"canigatti: {tmp_path}/my.onnx exists already and is not replaced; choose another name with --output"
    )
    (tmp_path / "my.tflite.json").write_text("{}")
    assert "my.tflite.json exists already" in export(model, "--format", "litert")[2]
    assert (tmp_path / "my.onnx").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"my.keras", "my.onnx", "my.onnx.json", "my.tflite.json"}


def test_an_export_that_predicts_something_else_fails_and_leaves_nothing(export, models, tmp_path, monkeypatch):
    kind = formats.FORMATS["saved_model"]
    for error, is_written in ((2e-5, False), (float("nan"), False), (5e-6, True)):
        changed = replace(kind, predict=lambda *given, error=error: kind.predict(*given) + np.float32(error))
        monkeypatch.setitem(formats.FORMATS, "saved_model", changed)
        message = export(models["rgb"], "--format", "saved_model", "--output", tmp_path / "new")[2]
        assert bool([*tmp_path.iterdir()]) == is_written
        assert ("predicts something else than Keras: probabilities of 32 random" in message) == (not is_written)


def test_a_larger_difference_is_accepted_if_rounding_in_float32_explains_it(export, models, tmp_path, monkeypatch):
    kind, measured = formats.FORMATS["saved_model"], []
    monkeypatch.setattr(exporting, "rounding_error", lambda *_: measured.append(1) or 3e-6)
    for error, tolerance, times in ((5e-6, 1e-5, 0), (2e-5, 3e-5, 1), (4e-5, None, 2)):
        changed = replace(kind, predict=lambda *given, error=error: kind.predict(*given) + np.float32(error))
        monkeypatch.setitem(formats.FORMATS, "saved_model", changed)
        target = tmp_path / f"{error}"
        out, _, message = export(models["rgb"], "--format", "saved_model", "--output", target)
        assert len(measured) == times
        if tolerance is None:
            assert "differ by up to 4e-05, expected at most 3e-05; nothing is written" in message
            assert not target.exists()
        else:
            assert ExportRecord.read(tmp_path / f"{error}.json").comparison.tolerance == pytest.approx(tolerance)
            assert f"({tolerance:g} is allowed)" in out


def test_a_runtime_or_converter_that_fails_leaves_nothing(export, models, tmp_path, monkeypatch):
    def fail(*_):
        raise RuntimeError("no such operation\nat 0x123")

    kind = formats.FORMATS["saved_model"]
    for changed, said in (
        (replace(kind, predict=fail), "the exported model does not run in tensorflow: no such operation"),
        (replace(kind, convert=fail), "it cannot be converted to saved_model: no such operation"),
    ):
        monkeypatch.setitem(formats.FORMATS, "saved_model", changed)
        message = export(models["rgb"], "--format", "saved_model", "--output", tmp_path / "new")[2]
        assert message == f"canigatti: {models['rgb']}: {said}"
        assert [*tmp_path.iterdir()] == []


def test_a_model_of_a_study_is_compared_on_its_test_photos(
    export, models, store, tmp_path, write_photos_folder, make_training_record, make_spec
):
    study = tmp_path / "results" / "pets"
    model = study / "training" / "plain" / "seed1" / "model.keras"
    model.parent.mkdir(parents=True)
    model.write_bytes(models["rgb"].read_bytes())
    spec = make_spec(split="half")
    make_training_record(spec=spec, model_sha256=sha256_of(model)).write(model.with_name("run.json"))
    assert "random images" in export(model, "--format", "saved_model", "--output", tmp_path / "without")[1]
    (study / "photos").mkdir()
    files = write_photos_folder(study / "photos", store)
    files["images"].rename(study / "photos" / "images-16.npy")
    rows = [{"id": one, "label": label, "part": "test"} for one, label in zip(store.ids, store.labels, strict=True)]
    SPLIT.write(study / "splits" / "half.csv", rows[:20])
    out, err, error = export(model, "--format", "saved_model")
    assert (err, error) == ("", "")
    assert "20 test photos of pets" in out
    model.write_bytes(models["grayscale"].read_bytes())
    assert "the model file is corrupt" in export(model, "--format", "onnx")[2]


@pytest.mark.parametrize("classes", [2, 3])
def test_the_temperature_is_in_the_description_with_a_formula_that_holds(models, classes):
    network = load_model(models["rgb" if classes == 2 else "five classes"], None)
    names, logits = CLASSES if classes == 2 else ("a", "b", "c", "d", "e"), np.array([[0.3, -1.0, 2.0, 0.1, 0.0]])
    logits = as_logits(logits[:, :1]) if classes == 2 else logits
    description = describe_model(network, names, "squeeze", 1.75, "0" * 64).output
    assert description.temperature == 1.75
    calibrated, probabilities = softmax(logits / 1.75), softmax(logits)
    if classes == 2:
        formula = re.search(r"the calibrated one is (.*)\.$", description.description)[1].replace("^", "**")
        assert eval(formula, {"p": probabilities[0, 1]}) == pytest.approx(calibrated[0, 1])
    else:
        assert description.description.endswith("to the power of 1 / 1.75, and add up to 1.")
        np.testing.assert_allclose(calibrated, probabilities ** (1 / 1.75) / (probabilities ** (1 / 1.75)).sum())
    without = describe_model(network, names, "squeeze", None, "0" * 64).output
    assert without.temperature is None
    assert without.description.endswith("the network's own probabilities, which are not calibrated.")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--format", "tflite"], "--format: expected onnx, litert, saved_model, received 'tflite'"),
        (["--format", "onnx", "--output", "a.tflite"], "--output a.tflite: expected a name that ends with .onnx"),
        (["--format", "onnx", "--output", "a.onnx", "--photos", "nowhere"], "--photos nowhere: expected a folder"),
    ],
)
def test_wrong_options_are_refused(export, models, options, message):
    assert export(models["rgb"], *options)[2].startswith(f"canigatti: {message}")


def test_a_missing_package_is_named_with_how_to_install_it(export, models, monkeypatch):
    find = formats.importlib.util.find_spec
    monkeypatch.setattr(formats.importlib.util, "find_spec", lambda name: None if "onnx" in name else find(name))
    assert export(models["rgb"], "--format", "onnx")[2] == (
        "canigatti: --format onnx needs onnx and onnxruntime and tf2onnx, which are not installed: "
        "pip install canigatti[export]"
    )


def test_a_folder_without_readable_photos_is_refused(export, models, tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"no photo")
    message = export(models["rgb"], "--format", "saved_model", "--output", tmp_path / "new", "--photos", tmp_path)[2]
    assert message == f"canigatti: --photos {tmp_path}: expected a folder of photos, but none in it can be read"


def test_a_missing_or_damaged_model_is_refused(export, tmp_path):
    assert "the model file cannot be read" in export(tmp_path / "model.keras", "--format", "saved_model")[2]
    (tmp_path / "model.keras").write_bytes(b"no model")
    assert "expected a model file that Keras wrote" in export(tmp_path / "model.keras", "--format", "saved_model")[2]
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]


def test_a_network_that_has_diverged_is_not_exported(export, models, tmp_path):
    network = load_model(models["rgb"], None)
    network.layers[-1].set_weights([np.full_like(one, np.nan) for one in network.layers[-1].get_weights()])
    save_model(network, tmp_path / "model.keras", CLASSES)
    message = export(tmp_path / "model.keras", "--format", "saved_model")[2]
    assert message.endswith("its predictions are not numbers: its training has diverged")


@pytest.mark.slow
@pytest.mark.parametrize("format", ["onnx", "litert"])
def test_the_terminal_shows_five_lines(models, tmp_path, format):
    target = tmp_path / f"a{SUFFIXES[format]}"
    command = [sys.executable, "-m", "canigatti", "export", models["rgb"], "--format", format, "--output", target]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (answer.stdout.count("\n"), answer.stderr.count("\n")) == (4, 1)
