import csv
import io
import json
import os
import re
import subprocess
import sys
import threading
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from canigatti.__main__ import main
from canigatti.config import Square
from canigatti.evaluation.commands.evaluate import evaluate
from canigatti.evaluation.predictions import read_predictions
from canigatti.files import sha256_of
from canigatti.photos.color import to_grayscale
from canigatti.photos.commands.inspect import inspect
from canigatti.photos.commands.store import store
from canigatti.photos.decoding import decode
from canigatti.photos.demo import faults
from canigatti.photos.origin import describe
from canigatti.photos.records import SPLIT, read_kept
from canigatti.photos.resizing import to_square
from canigatti.prediction import files as prediction_files
from canigatti.prediction.files import predict_files
from canigatti.prediction.search import find_files
from canigatti.training.model_files import save_model

SIZE = 8
CLASSES = ("cat", "dog")


def network(channels=3):
    """Return a network whose output differs between photos and depends on the order of rows and columns."""
    keras.utils.set_random_seed(7)
    photos = keras.Input((SIZE, SIZE, channels), dtype="uint8")
    values = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(photos))
    initializer = keras.initializers.RandomNormal(stddev=0.5, seed=3)
    return keras.Model(photos, keras.layers.Dense(1, "sigmoid", kernel_initializer=initializer)(values))


def by_hand(path, channels=3, resize="squeeze"):
    """Return the probability computed from the weights, in double precision."""
    square = to_square(decode(Path(path).read_bytes()).image, Square(SIZE, resize))
    inputs = to_grayscale(square) if channels == 1 else square
    weights, bias = network(channels).get_weights()
    return 1 / (1 + np.exp(-float((inputs / 255).ravel() @ weights[:, 0].astype(float) + bias[0])))


def noise_photo(seed, size=(60, 40)):
    noise = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)


@dataclass(frozen=True)
class Result:
    out: str
    err: str
    code: int


@pytest.fixture
def predict(monkeypatch, capsys):
    """Return a function that runs the command as from a terminal, with the given standard input."""

    def run(*arguments, stdin=b""):
        monkeypatch.setattr(sys, "argv", ["canigatti", "predict", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as exit_info:
            main()
        captured = capsys.readouterr()
        code = exit_info.value.code or 0
        return (
            Result(captured.out, captured.err, code)
            if isinstance(code, int)
            else Result(captured.out, captured.err + code, 1)
        )

    return run


@pytest.fixture
def model(tmp_path):
    save_model(network(), tmp_path / "model.keras", CLASSES)
    return tmp_path / "model.keras"


@pytest.fixture
def photos(tmp_path):
    """Return a folder with twelve photos in two subfolders, and with hidden and other files."""
    folder = tmp_path / "photos"
    for subfolder in ("a/.hidden", "b"):
        (folder / subfolder).mkdir(parents=True)
    for number in range(12):
        noise_photo(number).save(folder / "ab"[number % 2] / f"{number}.jpg")
    for name in ("notes.txt", "a/Thumbs.db", "a/.hidden/0.jpg", "b/._1.jpg"):
        (folder / name).write_bytes(b"not a photo")
    return folder


SKIPPED = "canigatti: skipped 4 paths: not an image: 2, hidden: 2\n"  # in the folder `photos`
IN_ORDER = [*(f"a/{n}.jpg" for n in (0, 2, 4, 6, 8, 10)), *(f"b/{n}.jpg" for n in (1, 3, 5, 7, 9, 11))]


def test_the_photos_of_a_folder_are_printed_as_a_table_in_natural_order(predict, model, photos):
    result = predict(model, photos)
    assert (result.code, result.err) == (0, SKIPPED)
    heading, *lines = result.out.splitlines()
    assert re.split("  +", heading) == ["class", "probability", "photo"]
    rows = [line.split() for line in lines]
    assert [path for _, _, path in rows] == [f"{photos}/{name}" for name in IN_ORDER]
    for name, probability, path in rows:
        of_dog = by_hand(path)
        assert name == CLASSES[int(of_dog > 0.5)]
        assert float(probability) == pytest.approx(max(of_dog, 1 - of_dog), abs=1e-6), "that of the class in its row"
    assert {name for name, *_ in rows} == set(CLASSES)
    assert {line.index(str(photos)) for line in lines} == {heading.index("photo")}


def test_json_and_csv_contain_the_same_values_in_full_precision(predict, model, photos):
    results = [predict(model, option, photos) for option in ("--json", "--csv")]
    assert [(result.err, result.code) for result in results] == [(SKIPPED, 0)] * 2
    objects = json.loads(results[0].out)
    rows = list(csv.DictReader(io.StringIO(results[1].out)))
    assert [{**row, "probability": float(row["probability"])} for row in rows] == objects
    assert [list(row) for row in objects] == [["path", "class", "probability", "probability_of"]] * 12
    for row in objects:
        assert row["probability"] == pytest.approx(by_hand(row["path"]), abs=1e-6)
        assert row["class"] == CLASSES[row["probability"] > 0.5]
        assert row["probability_of"] == "dog"
        assert row["probability"] == float(np.float32(row["probability"]))
        assert row["probability"] != round(row["probability"], 6)


def test_json_and_csv_together_raise(predict, model, photos):
    result = predict(model, "--json", "--csv", photos)
    assert (result.out, result.err, result.code) == ("", "canigatti: expected --json or --csv, received both", 1)


def test_photos_of_every_kind_are_decoded_as_for_the_image_store_in_rgb_and_grayscale(predict, tmp_path):
    kinds = [faults.cmyk_jpeg_bytes, faults.sideways_jpeg_bytes, faults.png_bytes, faults.gif_bytes, faults.jpeg_bytes]
    paths = [tmp_path / f"{kind.__name__}.jpg" for kind in kinds]
    for path, kind in zip(paths, kinds, strict=True):
        path.write_bytes(kind(noise_photo(1)))
    for channels in (1, 3):
        save_model(network(channels), tmp_path / "model.keras", CLASSES)
        rows = json.loads(predict(tmp_path / "model.keras", "--json", *paths).out)
        assert [row["path"] for row in rows] == [str(path) for path in paths]
        expected = [by_hand(path, channels) for path in paths]
        np.testing.assert_allclose([row["probability"] for row in rows], expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("resize", ["squeeze", "crop", "pad"])
def test_probabilities_are_those_of_the_evaluation_in_every_resize_mode(
    predict, tmp_path, resize, make_training_record, capsys
):
    for number, size in enumerate([(60, 40), (40, 60), (90, 20), (41, 97)]):
        path = tmp_path / "photos" / CLASSES[number % 2] / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(faults.sideways_jpeg_bytes(noise_photo(number, size)))
    describe("photos", tmp_path / "photos", None).write(tmp_path / "source.json")
    inspect(tmp_path / "source.json", CLASSES, tmp_path)
    store(tmp_path / "source.json", tmp_path / "manifest.csv", str(Square(SIZE, resize)), tmp_path / "images.npy")
    kept = read_kept(tmp_path / "manifest.csv")
    subsets = [kept[["id", "label"]].assign(part=subset) for subset in ("test", "validation")]
    SPLIT.write(tmp_path / "split.csv", pd.concat(subsets))
    save_model(network(), tmp_path / "model.keras", CLASSES, resize)
    make_training_record(model_sha256=sha256_of(tmp_path / "model.keras")).write(tmp_path / "run.json")
    evaluate(tmp_path / "model.keras", tmp_path / "split.csv", tmp_path / "images.npy", tmp_path)
    capsys.readouterr()  # what the evaluation printed

    evaluated = read_predictions(tmp_path / "predictions.csv", CLASSES).probabilities[:, 1]
    paths = [tmp_path / "photos" / path for path in kept["path"]]
    predicted = [row["probability"] for row in json.loads(predict(tmp_path / "model.keras", "--json", *paths).out)]
    np.testing.assert_allclose(predicted, evaluated, rtol=0, atol=1e-6)
    np.testing.assert_allclose(predicted, [by_hand(path, resize=resize) for path in paths], rtol=0, atol=1e-6)


def test_files_folders_and_standard_input_can_be_combined(predict, model, photos):
    stdin = f"{photos}/b/3.jpg\n\n{photos}/b/1.jpg\r\n{photos}/a".encode()
    result = predict(model, "--json", f"{photos}/b/7.jpg", "-", f"{photos}/b/9.jpg", stdin=stdin)
    expected = ["b/7.jpg", "b/3.jpg", "b/1.jpg", *IN_ORDER[:6], "b/9.jpg"]
    assert [row["path"] for row in json.loads(result.out)] == [f"{photos}/{name}" for name in expected]
    assert result.code == 0


def test_a_file_argument_is_predicted_whatever_its_suffix(predict, model, photos):
    os.rename(photos / "a/0.jpg", photos / "a/upload")
    assert json.loads(predict(model, "--json", photos / "a/upload").out)[0]["path"] == f"{photos}/a/upload"


def test_links_to_photos_are_read_and_links_to_folders_are_not_followed(tmp_path, photos):
    folder = tmp_path / "links"
    folder.mkdir()
    os.symlink(photos / "a/0.jpg", folder / "photo.jpg")
    os.symlink(tmp_path / "nowhere", folder / "lost.jpg")
    os.symlink(tmp_path, folder / "round.jpg")
    os.mkfifo(folder / "pipe.jpg")
    found = find_files([str(folder)])
    assert (found.files, found.errors) == ([f"{folder}/lost.jpg", f"{folder}/photo.jpg"], {})
    assert found.skipped == {"not a regular file": 1}


def test_unreadable_files_are_reported_and_all_others_are_predicted(predict, model, photos, monkeypatch):
    """Use batches of four, so that some batches are completely unreadable and others partly."""
    monkeypatch.setattr(prediction_files, "BATCH_SIZE", 4)
    good = (photos / "a/0.jpg").read_bytes()
    bad = {0: b"", 2: b"text", 4: good[: len(good) // 2], 6: b"\0\0\0\x18ftypheic" + bytes(99), 11: b"GIF89a"}
    for number, content in bad.items():
        (photos / "ab"[number % 2] / f"{number}.jpg").write_bytes(content)
    (photos / "empty").mkdir()
    result = predict(model, "--json", photos / "a", photos / "empty", photos / "b", photos / "gone.jpg")
    rows = json.loads(result.out)
    assert [row["path"] for row in rows] == [f"{photos}/{n}" for n in IN_ORDER if int(Path(n).stem) not in bad]
    np.testing.assert_allclose([row["probability"] for row in rows], [by_hand(row["path"]) for row in rows], atol=1e-6)
    assert result.code == 1
    *lines, skipped, last = result.err.splitlines()
    assert skipped == "canigatti: skipped 3 paths: hidden: 2, not an image: 1"
    errors = dict(line.removeprefix(f"canigatti: {photos}/").split(": ", 1) for line in lines)
    assert list(errors) == ["empty", "a/0.jpg", "a/2.jpg", "a/4.jpg", "a/6.jpg", "b/11.jpg", "gone.jpg"]
    assert errors["empty"] == "the folder contains no photo"
    assert errors["a/0.jpg"] == "the file has 0 bytes"
    assert "HEIC" in errors["a/6.jpg"]
    assert errors["gone.jpg"] == "No such file or directory"
    assert last == "canigatti: 7 of 14 files and folders could not be used; see the messages above"


@pytest.mark.parametrize(("option", "out"), [("--json", "[]\n"), ("--csv", "path,class,probability,probability_of\n")])
def test_unreadable_photos_alone_give_an_empty_result(predict, model, photos, option, out):
    result = predict(model, option, photos / "notes.txt")
    assert (result.out, result.code) == (out, 1)


def test_a_folder_that_cannot_be_listed_is_reported(photos, monkeypatch):
    scandir = os.scandir

    def scandir_without_permission(path):
        if str(path).endswith("/a"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", scandir_without_permission)
    found = find_files([str(photos)])
    assert found.files == [f"{photos}/{name}" for name in IN_ORDER[6:]]
    assert found.errors == {f"{photos}/a": "the folder cannot be listed (Permission denied)"}


@pytest.mark.parametrize("argument", ["empty", "-"])
def test_no_photos_is_an_error_raised_before_the_model_is_loaded(predict, tmp_path, argument):
    (tmp_path / "empty").mkdir()
    result = predict(tmp_path / "absent.keras", tmp_path / argument if argument == "empty" else argument, stdin=b"\n")
    assert (result.out, result.code) == ("", 1)
    assert "there is no photo to predict" in result.err


def test_a_file_too_large_for_a_photo_is_not_read(predict, model, tmp_path):
    with (tmp_path / "huge.tif").open("wb") as stream:
        stream.truncate(10**10)  # a sparse file
    result = predict(model, tmp_path / "huge.tif")
    assert "huge.tif: the file has 10,000,000,000 bytes, expected at most 1,000,000,000" in result.err


def test_results_are_yielded_during_decoding_and_few_photos_are_decoded_ahead(model, monkeypatch):
    decoded = []

    def slow(path, square):
        decoded.append(path)
        return np.zeros((square.size, square.size, 3), np.uint8)

    monkeypatch.setattr(prediction_files, "read_square", slow)
    monkeypatch.setattr(prediction_files, "BATCH_SIZE", 4)
    predictions = iter(predict_files(network(), [f"{number}.jpg" for number in range(1000)]))
    assert [next(predictions).path for _ in range(5)] == [f"{number}.jpg" for number in range(5)]
    time.sleep(0.1)
    assert 8 <= len(decoded) <= 2 * 4 + 2 * 4 + 1
    predictions.close()
    assert len(decoded) < 30


def test_photos_are_decoded_while_a_batch_is_predicted(monkeypatch):
    monkeypatch.setattr(prediction_files, "BATCH_SIZE", 4)
    ahead, seen = threading.Event(), []

    def read(path, square):
        seen.append(path)
        if path == "7.jpg":
            ahead.set()
        return np.zeros((square.size, square.size, 3), np.uint8)

    def during_prediction(model, photos):
        seen.append("prediction")
        assert ahead.wait(10)
        return np.full((len(photos), 2), 0.5)

    monkeypatch.setattr(prediction_files, "read_square", read)
    monkeypatch.setattr("canigatti.prediction.calibration.predict_batch", during_prediction)
    assert len(list(predict_files(network(), [f"{number}.jpg" for number in range(8)]))) == 8


def with_config(model, change):
    """Change the config.json of a model file."""
    with zipfile.ZipFile(model) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["config.json"] = json.dumps(change(json.loads(members["config.json"]))).encode()
    with zipfile.ZipFile(model, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def with_unknown_class(config):
    config["config"]["layers"][-1].update({"module": "strange", "class_name": "Secret", "registered_name": "Secret"})
    return config


def with_system_call(config):
    return {"module": "os", "class_name": "system", "config": {"command": "touch ran"}, "registered_name": None}


def other_models():
    rgb = keras.Input((SIZE, SIZE, 3), dtype="uint8")
    flat = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(rgb))
    float_input = keras.Input((SIZE, SIZE, 3))
    oblong, free = keras.Input((SIZE, 4, 3), dtype="uint8"), keras.Input((None, None, 3), dtype="uint8")
    dense, pool = keras.layers.Dense(1, "sigmoid"), keras.layers.GlobalAveragePooling2D()
    probability = dense(flat)
    return {
        "two outputs": keras.Model(rgb, [probability, keras.layers.Dense(1)(flat)]),
        "two probabilities": keras.Model(rgb, keras.layers.Dense(2, "softmax")(flat)),
        "two inputs": keras.Model([rgb, float_input], probability),
        "float input": keras.Model(float_input, keras.layers.Dense(1)(keras.layers.Flatten()(float_input))),
        "oblong": keras.Model(oblong, keras.layers.Dense(1)(keras.layers.Flatten()(oblong))),
        "any size": keras.Model(free, keras.layers.Dense(1)(pool(free))),
        "no output": keras.Sequential([keras.layers.Dense(1)]),
    }


@pytest.mark.parametrize(
    "kind",
    ["two outputs", "two probabilities", "two inputs", "float input", "oblong", "any size", "no output"],
)
def test_a_model_with_other_inputs_or_outputs_raises(predict, model, photos, kind):
    other_models()[kind].save(model)
    result = predict(model, photos)
    assert result.err.startswith(f"canigatti: {model}: expected a model that takes uint8 (batch, size, size, 3 or 1)")
    assert (result.out, result.code) == ("", 1)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.unlink(), "the model file cannot be read (No such file or directory)"),
        (lambda path: (path.unlink(), path.mkdir()), "the model file cannot be read (not a regular file)"),
        (lambda path: path.write_bytes(b""), "expected a model file that Keras wrote (.keras), received none"),
        (lambda path: path.write_bytes(b"GIF89a"), "expected a model file that Keras wrote (.keras), received none"),
        (lambda path: path.write_bytes(path.read_bytes()[:-100]), "received none, or an incomplete one"),
        (lambda path: flip(path, 0.6), "received one whose model.weights.h5 is damaged"),
        (lambda path: with_config(path, lambda config: {}), "expected a model that Keras"),
        (lambda path: with_config(path, lambda config: []), "expected a model that Keras"),
        (lambda path: with_config(path, with_unknown_class), "Could not locate class 'Secret'"),
        (lambda path: with_config(path, with_system_call), "expected a model that Keras"),
        (lambda path: network().save(path), "expected the names of two or more classes in the model's metadata.json"),
    ],
)
def test_an_unusable_model_is_reported_on_one_line_and_nothing_else_is_printed(
    predict, model, photos, damage, message, monkeypatch
):
    monkeypatch.chdir(model.parent)
    damage(model)
    result = predict(model, photos)
    assert result.err.startswith(f"canigatti: {model}: ")
    assert message in result.err
    assert result.err.count("\n") == 0
    assert len(result.err) < 700
    assert (result.out, result.code) == ("", 1)
    assert not (model.parent / "ran").exists()


def flip(path, position):
    content = bytearray(path.read_bytes())
    content[int(position * len(content))] ^= 1
    path.write_bytes(content)


def test_the_code_in_a_model_file_is_not_executed(predict, model, photos, tmp_path):
    marker = str(tmp_path / "ran")
    # Keras cannot load default arguments and closures, so the code contains the path.
    code = keras.layers.Lambda(eval(f"lambda values: (open({marker!r}, 'w').close(), values)[1]"))
    photos_input = keras.Input((SIZE, SIZE, 3), dtype="uint8")
    save_model(
        keras.Model(photos_input, keras.layers.Dense(1)(code(keras.layers.Flatten()(photos_input)))), model, CLASSES
    )
    Path(marker).unlink()
    result = predict(model, photos)
    assert "Lambda" in result.err
    assert result.err.startswith(f"canigatti: {model}: expected a model that Keras")
    assert (result.out, result.code) == ("", 1)
    assert not Path(marker).exists()
    keras.saving.load_model(model, safe_mode=False)
    assert Path(marker).exists(), "this code can never run"


def test_the_hash_is_checked_if_the_training_record_is_next_to_the_model(predict, model, photos, make_training_record):
    def write_record(sha256):
        make_training_record(model_sha256=sha256).write(model.with_name("run.json"))

    write_record(sha256_of(model))
    assert predict(model, photos).code == 0
    write_record("0" * 64)
    result = predict(model, photos)
    assert f"{model}: the model file is corrupt: expected SHA-256 {'0' * 64}" in result.err
    assert (result.out, result.code) == ("", 1)


def test_the_error_of_a_diverged_model_names_it(predict, model, photos):
    diverged = network()
    diverged.set_weights([np.full_like(value, np.nan) for value in diverged.get_weights()])
    save_model(diverged, model, CLASSES)
    result = predict(model, photos)
    assert (
        f"{model}: the model has diverged: expected probabilities from 0 to 1, received invalid ones such as nan"
        in result.err
    )
    assert result.code == 1


def test_unusual_names_of_files_and_classes_do_not_break_the_output(predict, model, photos):
    save_model(network(), model, ("猫, \x1b[31mred", 'dog "1"\nline'))
    names = ["a\nb.jpg", "c\rd.jpg", '"q", e.jpg', "\x1b[2J.jpg", "\udce9.jpg", "猫🐶.jpg"]
    paths = [str(photos / name) for name in names]
    for number, path in enumerate(paths):
        noise_photo(number).save(io.BytesIO(), "JPEG")
        os.rename(photos / IN_ORDER[number], path)
    table, text, rows = (predict(model, *options, *paths) for options in ([], ["--json"], ["--csv"]))
    assert [table.err, text.err, rows.err] == [""] * 3
    assert len(table.out.splitlines()) == 7
    assert "\x1b" not in table.out
    assert [row["path"] for row in json.loads(text.out)] == paths
    read = list(csv.DictReader(io.StringIO(rows.out, newline="")))
    assert [row["path"] for row in read] == [path.replace("\udce9", "\\udce9") for path in paths]
    assert {row["probability_of"] for row in read} == {'dog "1"\nline'}


def test_the_terminal_shows_results_and_errors_but_no_tensorflow_messages(model, photos):
    command = [sys.executable, "-m", "canigatti", "predict", "--csv", model, photos / "a", photos / "gone.jpg"]
    environment = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert len(list(csv.DictReader(io.StringIO(result.stdout)))) == 6
    assert result.stderr.splitlines() == [
        f"canigatti: {photos}/gone.jpg: No such file or directory",
        "canigatti: skipped 2 paths: not an image: 1, hidden: 1",
        "canigatti: 1 of 7 files and folders could not be used; see the messages above",
    ]
    assert result.returncode == 1
