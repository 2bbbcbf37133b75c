import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from canigatti.evaluation.commands import evaluate
from canigatti.evaluation.metrics import measure, read_predictions
from canigatti.evaluation.prediction import predict
from canigatti.evaluation.speed import measure_speed
from canigatti.files import InputError, sha256_of
from canigatti.training.model_files import load_model

keras = pytest.importorskip("keras")

IMAGES = np.random.default_rng(6).integers(0, 256, (20, 8, 8, 3), dtype=np.uint8)
LABELS = np.arange(20) // 10


def network(channels=3, weight=None):
    keras.utils.set_random_seed(7)
    model = keras.Sequential(
        [
            keras.Input((8, 8, channels), dtype="uint8"),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    if weight is not None:
        model.set_weights([np.full_like(value, weight) for value in model.get_weights()])
    return model


def by_hand(model, images):
    """Probabilities from the weights alone; independent of how Keras runs a model."""
    weights, bias = model.get_weights()
    logits = (images / 255).reshape(len(images), -1) @ weights.astype(float) + bias
    return 1 / (1 + np.exp(-logits[:, 0]))


@pytest.fixture
def options(tmp_path, photos_of):
    """Everything `evaluate` needs: photos, a split that tests every second one, and a trained model."""
    photos = photos_of(tmp_path, IMAGES, LABELS)
    ids = pd.read_csv(photos["manifest"]).query("verdict == 'keep'")["id"]
    parts = np.where(np.arange(20) % 2, "test", "train")
    pd.DataFrame({"id": ids, "label": LABELS, "part": parts}).to_csv(tmp_path / "split.csv", index=False)
    save(network(), tmp_path)
    outputs = {name: tmp_path / f"{name}.csv" for name in ("predictions", "uncertain")}
    given = {"model": tmp_path / "model.keras", "run": tmp_path / "run.json", "split": tmp_path / "split.csv"}
    return {**photos, **given, **outputs, "metrics": tmp_path / "metrics.json", "speed": tmp_path / "speed.json"}


def save(model, folder):
    model.save(folder / "model.keras")
    (folder / "run.json").write_text(json.dumps({"model_sha256": sha256_of(folder / "model.keras")}))


def test_the_test_photos_are_predicted_and_measured(options):
    evaluate(**options)
    frame = read_predictions(options["predictions"])
    assert frame["id"].tolist() == [f"{'cat' if n < 10 else 'dog'}.{n}.jpg" for n in range(1, 20, 2)]
    assert frame["label"].tolist() == [0] * 5 + [1] * 5
    np.testing.assert_allclose(frame["probability"], by_hand(network(), IMAGES[1::2]), rtol=1e-5)
    metrics = json.loads(options["metrics"].read_text())
    assert metrics == measure(frame["label"].to_numpy(), frame["probability"].to_numpy())
    assert len(pd.read_csv(options["uncertain"])) == 10


def test_a_second_evaluation_gives_the_same_bytes(options):
    repeatable = [options[name] for name in ("predictions", "metrics", "uncertain")]
    evaluate(**options)
    first = [path.read_bytes() for path in repeatable]
    evaluate(**options)
    assert [path.read_bytes() for path in repeatable] == first


def test_the_time_a_photo_takes_has_a_file_of_its_own(options):
    evaluate(**options)
    speed = json.loads(options["speed"].read_text())
    assert 0 < speed["milliseconds_per_photo"] < 1000
    assert speed["batch_size"] == 10
    assert speed["device"]
    assert "milliseconds_per_photo" not in json.loads(options["metrics"].read_text())


def test_the_first_batch_is_not_timed_and_slow_models_are_timed_less_often(monkeypatch):
    clock, shown = [0.0], []

    class Slow:
        input_shape = (None, 8, 8, 3)

        def predict_on_batch(self, photos):
            shown.append(len(photos))
            clock[0] += 100 if len(shown) == 1 else 1.6
            return np.full((len(photos), 1), 0.5)

    monkeypatch.setattr("canigatti.evaluation.speed.time.perf_counter", lambda: clock[0])
    assert measure_speed(Slow(), IMAGES, np.arange(20), batch_size=16) == {
        "milliseconds_per_photo": pytest.approx(100),  # 1.6 s for 16 photos
        "batch_size": 16,
        "batches": 3,
    }
    assert shown == [16] * 4


def test_a_diverged_model_is_named_and_nothing_is_written(options, tmp_path):
    save(network(weight=np.nan), tmp_path)
    with pytest.raises(InputError, match=r"model\.keras: the model has diverged: .* received nan .* 10 of 10"):
        evaluate(**options)
    assert not options["predictions"].exists()
    assert not options["metrics"].exists()


def test_a_model_of_another_size_is_named(options):
    np.save(options["images"], np.zeros((20, 9, 9, 3), np.uint8))
    with pytest.raises(InputError, match=r"model\.keras: the model expects photos of 8 × 8 pixels, received 9 × 9"):
        evaluate(**options)


@pytest.mark.parametrize("content", [None, "{", "[]", '{"seed": 1}'])
def test_a_run_without_the_hash_is_named(options, content):
    options["run"].unlink()
    if content is not None:
        options["run"].write_text(content)
    with pytest.raises(InputError, match=r"run\.json: expected the run\.json of a training with its model_sha256"):
        evaluate(**options)


def test_photos_are_predicted_in_the_order_asked_and_in_batches():
    asked = []

    class Images:
        shape = IMAGES.shape

        def __getitem__(self, rows):
            asked.append(len(rows))
            return IMAGES[rows]

    rows = np.random.default_rng(8).permutation(20)[:15]
    probabilities = predict(network(), Images(), rows, batch_size=4)
    assert asked == [4, 4, 4, 3]
    assert probabilities.dtype == np.float64
    np.testing.assert_allclose(probabilities, by_hand(network(), IMAGES[rows]), rtol=1e-5)


def test_a_network_of_one_channel_is_shown_what_pillow_calls_gray():
    gray = np.stack([np.asarray(Image.fromarray(photo).convert("L")) for photo in IMAGES])[..., None]
    model = network(channels=1)
    np.testing.assert_allclose(predict(model, IMAGES, np.arange(20)), by_hand(model, gray), rtol=1e-5)


@pytest.mark.parametrize("damage", ["truncated", "flipped", "missing", "a folder"])
def test_a_damaged_model_is_refused_with_the_way_to_make_it_again(tmp_path, monkeypatch, damage):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "results" / "demo" / "training" / "base" / "seed42"
    folder.mkdir(parents=True)
    save(network(), folder)
    path, content = folder / "model.keras", (folder / "model.keras").read_bytes()
    sha256 = sha256_of(path)
    path.unlink()
    if damage == "truncated":
        path.write_bytes(content[:-100])
    elif damage == "flipped":
        path.write_bytes(content[:500] + bytes([content[500] ^ 1]) + content[501:])
    elif damage == "a folder":
        path.mkdir()
    remedy = r"delete it and .*`snakemake results/demo/training/base/seed42/model\.keras --cores 1"
    with pytest.raises(InputError, match=rf"model\.keras: the model file (is corrupt|cannot be read).*{remedy}"):
        load_model(path, sha256)


def test_a_file_that_is_no_model_is_refused_though_its_hash_is_right(tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes(b"not a model")
    with pytest.raises(InputError, match=r"model\.keras: expected a model that Keras .* loads"):
        load_model(path, sha256_of(path))


def test_a_model_that_brings_code_is_refused(tmp_path):
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Lambda(lambda photos: photos * 2)])
    save(model, tmp_path)
    with pytest.raises(InputError, match=r"model\.keras: expected a model .*`Lambda` layer"):
        load_model(tmp_path / "model.keras", sha256_of(tmp_path / "model.keras"))
