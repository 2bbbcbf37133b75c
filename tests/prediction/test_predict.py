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

import numpy as np
import pytest
from PIL import Image

from canigatti.__main__ import main
from canigatti.files import sha256_of
from canigatti.photos.color import to_grayscale
from canigatti.photos.decoding import decode, to_square
from canigatti.photos.demo import faults
from canigatti.prediction import files as photos_from_files
from canigatti.prediction.files import find_files, predict_files
from canigatti.training.model_files import save_model

keras = pytest.importorskip("keras")

SIZE = 8
CLASSES = ("cat", "dog")


def network(channels=3):
    """Gives every photo a probability of its own, which the order of rows and columns decides."""
    keras.utils.set_random_seed(7)
    photos = keras.Input((SIZE, SIZE, channels), dtype="uint8")
    values = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(photos))
    initializer = keras.initializers.RandomNormal(stddev=0.5, seed=3)
    return keras.Model(photos, keras.layers.Dense(1, "sigmoid", kernel_initializer=initializer)(values))


def by_hand(path, channels=3):
    """The probability from the weights alone, in double precision."""
    square = to_square(decode(Path(path).read_bytes()).image, SIZE)
    shown = to_grayscale(square) if channels == 1 else square
    weights, bias = network(channels).get_weights()
    return 1 / (1 + np.exp(-float((shown / 255).ravel() @ weights[:, 0].astype(float) + bias[0])))


def drawn(seed, size=(60, 40)):
    noise = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)


@dataclass(frozen=True)
class Answer:
    out: str
    err: str
    code: int


@pytest.fixture
def predict(monkeypatch, capsys):
    """Runs the command as the terminal would, with this on standard input."""

    def run(*arguments, stdin=b""):
        monkeypatch.setattr(sys, "argv", ["canigatti", "predict", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        code = ended.value.code or 0
        return Answer(told.out, told.err, code) if isinstance(code, int) else Answer(told.out, told.err + code, 1)

    return run


@pytest.fixture
def model(tmp_path):
    save_model(network(), tmp_path / "model.keras", CLASSES)
    return tmp_path / "model.keras"


@pytest.fixture
def photos(tmp_path):
    """A folder of twelve photos in two folders, with what a folder of photos has beside them."""
    folder = tmp_path / "photos"
    for place in ("a/.hidden", "b"):
        (folder / place).mkdir(parents=True)
    for number in range(12):
        drawn(number).save(folder / "ab"[number % 2] / f"{number}.jpg")
    for name in ("notes.txt", "a/Thumbs.db", "a/.hidden/0.jpg", "b/._1.jpg"):
        (folder / name).write_bytes(b"no photo")
    return folder


IN_ORDER = [*(f"a/{n}.jpg" for n in (0, 2, 4, 6, 8, 10)), *(f"b/{n}.jpg" for n in (1, 3, 5, 7, 9, 11))]


def test_a_folder_is_a_table_in_natural_order(predict, model, photos):
    answer = predict(model, photos)
    assert (answer.code, answer.err) == (0, "")
    heading, *lines = answer.out.splitlines()
    assert re.split("  +", heading) == ["class", "probability of dog", "photo"]
    rows = [line.split() for line in lines]
    assert [path for _, _, path in rows] == [f"{photos}/{name}" for name in IN_ORDER]
    for name, probability, path in rows:
        assert float(probability) == pytest.approx(by_hand(path), abs=1e-6)
        assert name == CLASSES[int(by_hand(path) > 0.5)]
    assert {name for name, *_ in rows} == set(CLASSES)
    assert {line.index(str(photos)) for line in lines} == {heading.index("photo")}


def test_json_and_csv_say_the_same_in_full_precision(predict, model, photos):
    answers = [predict(model, form, photos) for form in ("--json", "--csv")]
    assert [(answer.err, answer.code) for answer in answers] == [("", 0)] * 2
    objects = json.loads(answers[0].out)
    rows = list(csv.DictReader(io.StringIO(answers[1].out)))
    assert [{**row, "probability": float(row["probability"])} for row in rows] == objects
    assert [list(row) for row in objects] == [["path", "class", "probability", "probability_of"]] * 12
    for row in objects:
        assert row["probability"] == pytest.approx(by_hand(row["path"]), abs=1e-6)
        assert row["class"] == CLASSES[row["probability"] > 0.5]
        assert row["probability_of"] == "dog"
        assert row["probability"] == np.float32(row["probability"]) != round(row["probability"], 6)


def test_both_forms_at_once_are_refused(predict, model, photos):
    answer = predict(model, "--json", "--csv", photos)
    assert (answer.out, answer.err, answer.code) == ("", "canigatti: expected --json or --csv, received both", 1)


def test_every_kind_of_photo_is_seen_as_the_store_sees_it_in_colour_and_in_gray(predict, tmp_path):
    kinds = [faults.cmyk_jpeg_bytes, faults.sideways_jpeg_bytes, faults.png_bytes, faults.gif_bytes, faults.jpeg_bytes]
    paths = [tmp_path / f"{kind.__name__}.jpg" for kind in kinds]
    for path, kind in zip(paths, kinds, strict=True):
        path.write_bytes(kind(drawn(1)))
    for channels in (1, 3):
        save_model(network(channels), tmp_path / "model.keras", CLASSES)
        rows = json.loads(predict(tmp_path / "model.keras", "--json", *paths).out)
        assert [row["path"] for row in rows] == [str(path) for path in paths]
        expected = [by_hand(path, channels) for path in paths]
        np.testing.assert_allclose([row["probability"] for row in rows], expected, rtol=0, atol=1e-6)


def test_files_folders_and_a_list_on_standard_input_can_be_given_together(predict, model, photos):
    stdin = f"{photos}/b/3.jpg\n\n{photos}/b/1.jpg\r\n{photos}/a".encode()
    answer = predict(model, "--json", f"{photos}/b/7.jpg", "-", f"{photos}/b/9.jpg", stdin=stdin)
    expected = ["b/7.jpg", "b/3.jpg", "b/1.jpg", *IN_ORDER[:6], "b/9.jpg"]
    assert [row["path"] for row in json.loads(answer.out)] == [f"{photos}/{name}" for name in expected]
    assert answer.code == 0


def test_a_file_given_by_name_is_a_photo_whatever_its_suffix(predict, model, photos):
    os.rename(photos / "a/0.jpg", photos / "a/upload")
    assert json.loads(predict(model, "--json", photos / "a/upload").out)[0]["path"] == f"{photos}/a/upload"


def test_a_linked_photo_is_read_and_a_linked_folder_is_not_entered(tmp_path, photos):
    folder = tmp_path / "links"
    folder.mkdir()
    os.symlink(photos / "a/0.jpg", folder / "photo.jpg")
    os.symlink(tmp_path / "nowhere", folder / "lost.jpg")
    os.symlink(tmp_path, folder / "round.jpg")
    os.mkfifo(folder / "pipe.jpg")
    assert find_files([str(folder)]) == ([f"{folder}/lost.jpg", f"{folder}/photo.jpg"], {})


def test_what_cannot_be_read_is_told_and_the_rest_is_done(predict, model, photos, monkeypatch):
    """In batches of four, so that whole batches and single places of others are unreadable."""
    monkeypatch.setattr(photos_from_files, "BATCH_SIZE", 4)
    good = (photos / "a/0.jpg").read_bytes()
    bad = {0: b"", 2: b"text", 4: good[: len(good) // 2], 6: b"\0\0\0\x18ftypheic" + bytes(99), 11: b"GIF89a"}
    for number, content in bad.items():
        (photos / "ab"[number % 2] / f"{number}.jpg").write_bytes(content)
    (photos / "empty").mkdir()
    answer = predict(model, "--json", photos / "a", photos / "empty", photos / "b", photos / "gone.jpg")
    rows = json.loads(answer.out)
    assert [row["path"] for row in rows] == [f"{photos}/{n}" for n in IN_ORDER if int(Path(n).stem) not in bad]
    np.testing.assert_allclose([row["probability"] for row in rows], [by_hand(row["path"]) for row in rows], atol=1e-6)
    assert answer.code == 1
    *lines, last = answer.err.splitlines()
    told = dict(line.removeprefix(f"canigatti: {photos}/").split(": ", 1) for line in lines)
    assert list(told) == ["empty", "a/0.jpg", "a/2.jpg", "a/4.jpg", "a/6.jpg", "b/11.jpg", "gone.jpg"]
    assert told["empty"].startswith("the folder holds no file that ends in .jpg")
    assert told["a/0.jpg"] == "the file has 0 bytes"
    assert "HEIC" in told["a/6.jpg"]
    assert told["gone.jpg"] == "No such file or directory"
    assert last == "canigatti: 7 of 14 files and folders could not be used; the reasons stand above"


@pytest.mark.parametrize(("form", "out"), [("--json", "[]\n"), ("--csv", "path,class,probability,probability_of\n")])
def test_nothing_but_unreadable_photos_gives_an_empty_result(predict, model, photos, form, out):
    answer = predict(model, form, photos / "notes.txt")
    assert (answer.out, answer.code) == (out, 1)


def test_a_folder_that_cannot_be_listed_is_told(photos, monkeypatch):
    scandir = os.scandir

    def refusing(path):
        if str(path).endswith("/a"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    files, told = find_files([str(photos)])
    assert files == [f"{photos}/{name}" for name in IN_ORDER[6:]]
    assert told == {f"{photos}/a": "the folder cannot be listed (Permission denied)"}


@pytest.mark.parametrize("given", ["empty", "-"])
def test_nothing_to_do_is_an_error_and_the_model_is_not_even_opened(predict, tmp_path, given):
    (tmp_path / "empty").mkdir()
    answer = predict(tmp_path / "absent.keras", tmp_path / given if given == "empty" else given, stdin=b"\n")
    assert (answer.out, answer.code) == ("", 1)
    assert "there is no photo to predict" in answer.err


def test_a_file_too_large_to_be_a_photo_is_not_read(predict, model, tmp_path):
    with (tmp_path / "huge.tif").open("wb") as stream:
        stream.truncate(10**10)  # takes no room on the disk
    answer = predict(model, tmp_path / "huge.tif")
    assert "huge.tif: the file has 10,000,000,000 bytes, expected at most 1,000,000,000" in answer.err


def test_results_come_while_photos_are_decoded_and_few_are_decoded_ahead(model, monkeypatch):
    decoded = []

    def slow(path, size):
        decoded.append(path)
        return np.zeros((size, size, 3), np.uint8)

    monkeypatch.setattr(photos_from_files, "read_square", slow)
    monkeypatch.setattr(photos_from_files, "BATCH_SIZE", 4)
    asked = iter(predict_files(network(), [f"{number}.jpg" for number in range(1000)]))
    assert [next(asked).path for _ in range(5)] == [f"{number}.jpg" for number in range(5)]
    time.sleep(0.1)
    assert 8 <= len(decoded) <= 2 * 4 + 2 * 4 + 1
    asked.close()
    assert len(decoded) < 30


def test_photos_are_decoded_while_a_batch_is_predicted(monkeypatch):
    monkeypatch.setattr(photos_from_files, "BATCH_SIZE", 4)
    ahead, seen = threading.Event(), []

    def read(path, size):
        seen.append(path)
        if path == "7.jpg":
            ahead.set()
        return np.zeros((size, size, 3), np.uint8)

    def during_prediction(model, photos):
        seen.append("prediction")
        assert ahead.wait(10)
        return np.full(len(photos), 0.5)

    monkeypatch.setattr(photos_from_files, "read_square", read)
    monkeypatch.setattr(photos_from_files, "probabilities", during_prediction)
    assert len(list(predict_files(network(), [f"{number}.jpg" for number in range(8)]))) == 8


def with_config(model, change):
    """The model's file with another config.json."""
    with zipfile.ZipFile(model) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["config.json"] = json.dumps(change(json.loads(members["config.json"]))).encode()
    with zipfile.ZipFile(model, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def of_unknown_class(config):
    config["config"]["layers"][-1].update({"module": "strange", "class_name": "Secret", "registered_name": "Secret"})
    return config


def program(config):
    return {"module": "os", "class_name": "system", "config": {"command": "touch ran"}, "registered_name": None}


def other_models():
    rgb = keras.Input((SIZE, SIZE, 3), dtype="uint8")
    flat = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(rgb))
    float_input = keras.Input((SIZE, SIZE, 3))
    oblong, free = keras.Input((SIZE, 4, 3), dtype="uint8"), keras.Input((None, None, 3), dtype="uint8")
    dense, pool = keras.layers.Dense(1, "sigmoid"), keras.layers.GlobalAveragePooling2D()
    one = dense(flat)
    return {
        "two outputs": keras.Model(rgb, [one, keras.layers.Dense(1)(flat)]),
        "two probabilities": keras.Model(rgb, keras.layers.Dense(2, "softmax")(flat)),
        "two inputs": keras.Model([rgb, float_input], one),
        "float input": keras.Model(float_input, keras.layers.Dense(1)(keras.layers.Flatten()(float_input))),
        "oblong": keras.Model(oblong, keras.layers.Dense(1)(keras.layers.Flatten()(oblong))),
        "any size": keras.Model(free, keras.layers.Dense(1)(pool(free))),
        "no output": keras.Sequential([keras.layers.Dense(1)]),
    }


@pytest.mark.parametrize(
    "kind",
    ["two outputs", "two probabilities", "two inputs", "float input", "oblong", "any size", "no output"],
)
def test_a_model_of_another_kind_is_refused(predict, model, photos, kind):
    other_models()[kind].save(model)
    answer = predict(model, photos)
    assert answer.err.startswith(f"canigatti: {model}: expected a model that takes uint8 (batch, size, size, 3 or 1)")
    assert (answer.out, answer.code) == ("", 1)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda path: path.unlink(), "the model file cannot be read (No such file or directory)"),
        (lambda path: (path.unlink(), path.mkdir()), "the model file cannot be read (Is a directory)"),
        (lambda path: path.write_bytes(b""), "expected a model file that Keras wrote (.keras), received none"),
        (lambda path: path.write_bytes(b"GIF89a"), "expected a model file that Keras wrote (.keras), received none"),
        (lambda path: path.write_bytes(path.read_bytes()[:-100]), "received none, or one that is not whole"),
        (lambda path: flip(path, 0.6), "received one whose model.weights.h5 is damaged"),
        (lambda path: with_config(path, lambda config: {}), "expected a model that Keras"),
        (lambda path: with_config(path, lambda config: []), "expected a model that Keras"),
        (lambda path: with_config(path, of_unknown_class), "Could not locate class 'Secret'"),
        (lambda path: with_config(path, program), "expected a model that Keras"),
        (lambda path: network().save(path), "expected the names of two classes in the model's metadata.json"),
    ],
)
def test_a_model_that_cannot_be_used_is_named_and_nothing_else_is_said(
    predict, model, photos, damage, told, monkeypatch
):
    monkeypatch.chdir(model.parent)
    damage(model)
    answer = predict(model, photos)
    assert answer.err.startswith(f"canigatti: {model}: ")
    assert told in answer.err
    assert answer.err.count("\n") == 0
    assert len(answer.err) < 700
    assert (answer.out, answer.code) == ("", 1)
    assert not (model.parent / "ran").exists()


def flip(path, place):
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 1
    path.write_bytes(content)


def test_a_model_that_brings_code_is_refused_and_its_code_is_not_run(predict, model, photos, tmp_path):
    marker = str(tmp_path / "ran")
    # Keras cannot load default arguments and closures again, so the path stands in the code itself.
    code = keras.layers.Lambda(eval(f"lambda values: (open({marker!r}, 'w').close(), values)[1]"))
    given = keras.Input((SIZE, SIZE, 3), dtype="uint8")
    save_model(keras.Model(given, keras.layers.Dense(1)(code(keras.layers.Flatten()(given)))), model, CLASSES)
    Path(marker).unlink()
    answer = predict(model, photos)
    assert "Lambda" in answer.err
    assert answer.err.startswith(f"canigatti: {model}: expected a model that Keras")
    assert (answer.out, answer.code) == ("", 1)
    assert not Path(marker).exists()
    keras.saving.load_model(model, safe_mode=False)
    assert Path(marker).exists(), "the code could never have run"


def test_the_hash_is_checked_where_the_record_of_the_training_lies_beside_the_model(predict, model, photos):
    run = model.with_name("run.json")
    run.write_text(json.dumps({"model_sha256": sha256_of(model)}))
    assert predict(model, photos).code == 0
    run.write_text(json.dumps({"model_sha256": "0" * 64}))
    answer = predict(model, photos)
    assert f"{model}: the model file is corrupt: expected SHA-256 {'0' * 64}" in answer.err
    assert (answer.out, answer.code) == ("", 1)


def test_a_diverged_model_is_named(predict, model, photos):
    diverged = network()
    diverged.set_weights([np.full_like(value, np.nan) for value in diverged.get_weights()])
    save_model(diverged, model, CLASSES)
    answer = predict(model, photos)
    assert f"{model}: the model has diverged: expected probabilities from 0 to 1, received nan" in answer.err
    assert answer.code == 1


def test_names_of_files_and_classes_cannot_break_the_result(predict, model, photos):
    save_model(network(), model, ("猫, \x1b[31mred", 'dog "1"\nline'))
    names = ["a\nb.jpg", "c\rd.jpg", '"q", e.jpg', "\x1b[2J.jpg", "\udce9.jpg", "猫🐶.jpg"]
    paths = [str(photos / name) for name in names]
    for number, path in enumerate(paths):
        drawn(number).save(io.BytesIO(), "JPEG")
        os.rename(photos / IN_ORDER[number], path)
    table, text, rows = (predict(model, *form, *paths) for form in ([], ["--json"], ["--csv"]))
    assert [table.err, text.err, rows.err] == [""] * 3
    assert len(table.out.splitlines()) == 7
    assert "\x1b" not in table.out
    assert [row["path"] for row in json.loads(text.out)] == paths
    read = list(csv.DictReader(io.StringIO(rows.out, newline="")))
    assert [row["path"] for row in read] == [path.replace("\udce9", "\\udce9") for path in paths]
    assert {row["probability_of"] for row in read} == {'dog "1"\nline'}


def test_the_terminal_shows_results_and_faults_and_nothing_of_tensorflow(model, photos):
    command = [sys.executable, "-m", "canigatti", "predict", "--csv", model, photos / "a", photos / "gone.jpg"]
    environment = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    answer = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert len(list(csv.DictReader(io.StringIO(answer.stdout)))) == 6
    assert answer.stderr.splitlines() == [
        f"canigatti: {photos}/gone.jpg: No such file or directory",
        "canigatti: 1 of 7 files and folders could not be used; the reasons stand above",
    ]
    assert answer.returncode == 1
