import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from canigatti.evaluation.commands.evaluate import evaluate
from canigatti.evaluation.metrics import compute_metrics
from canigatti.evaluation.prediction import predict
from canigatti.evaluation.predictions import read_predictions
from canigatti.evaluation.records import EVALUATION_FILES, UNCERTAIN, EvaluationRecord, Metrics, Speed
from canigatti.evaluation.speed import measure_speed
from canigatti.files import InputError, sha256_of
from canigatti.photos.records import SPLIT, read_kept
from canigatti.training.model_files import load_model

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
    """Return probabilities computed from the weights, without running the Keras model."""
    weights, bias = model.get_weights()
    logits = (images / 255).reshape(len(images), -1) @ weights.astype(float) + bias
    return 1 / (1 + np.exp(-logits[:, 0]))


@pytest.fixture
def options(tmp_path, photos_of, make_record):
    """Write the inputs of `evaluate`: photos, a split with every second photo in the test set, and a trained model."""
    images = photos_of(tmp_path, IMAGES, LABELS)["images"]
    ids = read_kept(tmp_path / "manifest.csv")["id"]
    subsets = np.array(["train", "test", "validation", "test"] * 5)
    SPLIT.write(tmp_path / "split.csv", pd.DataFrame({"id": ids, "label": LABELS, "part": subsets}))
    save(network(), tmp_path, make_record)
    folders = {"model": tmp_path / "model.keras", "output": tmp_path / "evaluation"}
    return {"images": images, "split": tmp_path / "split.csv", **folders}


@pytest.fixture
def make_record(make_training_record):
    """Return a function that builds the training record of a saved model."""
    return lambda model: make_training_record(model_sha256=sha256_of(model))


def save(model, folder, make_record):
    model.save(folder / "model.keras")
    make_record(folder / "model.keras").write(folder / "run.json")


def test_the_command_writes_predictions_and_metrics_of_the_test_set(options):
    evaluate(**options)
    predicted = read_predictions(options["output"] / "predictions.csv", ("cat", "dog"))
    assert predicted.ids.tolist() == [f"{'cat' if n < 10 else 'dog'}.{n}.jpg" for n in range(1, 20, 2)]
    assert predicted.labels.tolist() == [0] * 5 + [1] * 5
    np.testing.assert_allclose(predicted.probabilities[:, 1], by_hand(network(), IMAGES[1::2]), rtol=1e-5)
    metrics = Metrics.read(options["output"] / "metrics.json")
    assert metrics == compute_metrics(predicted)
    assert len(UNCERTAIN.read(options["output"] / "uncertain.csv")) == 10


def test_the_command_writes_the_predictions_of_the_validation_set(options):
    evaluate(**options)
    predicted = read_predictions(options["output"] / "validation.csv", ("cat", "dog"))
    assert predicted.ids.tolist() == [f"{'cat' if n < 10 else 'dog'}.{n}.jpg" for n in range(2, 20, 4)]
    assert predicted.labels.tolist() == [0, 0, 1, 1, 1]
    np.testing.assert_allclose(predicted.probabilities[:, 1], by_hand(network(), IMAGES[2::4]), rtol=1e-5)
    record = EvaluationRecord.read(options["output"] / "evaluation.json")
    assert record.files["validation.csv"] == sha256_of(options["output"] / "validation.csv")


def test_a_second_evaluation_writes_the_same_bytes(options):
    reproducible = [options["output"] / name for name in EVALUATION_FILES if name != "speed.json"]
    evaluate(**options)
    first = [path.read_bytes() for path in reproducible]
    evaluate(**options)
    assert [path.read_bytes() for path in reproducible] == first


def test_the_prediction_time_is_not_in_the_metrics_but_in_a_separate_file(options):
    evaluate(**options)
    speed = Speed.read(options["output"] / "speed.json")
    assert 0 < speed.milliseconds_per_photo < 1000
    assert speed.batch_size == 10
    assert speed.device
    assert "milliseconds_per_photo" not in (options["output"] / "metrics.json").read_text()


def test_the_first_batch_is_not_timed_and_slow_models_are_timed_fewer_times(monkeypatch):
    clock, batches = [0.0], []

    class Slow:
        input_shape = (None, 8, 8, 3)

        def predict_on_batch(self, photos):
            batches.append(len(photos))
            clock[0] += 100 if len(batches) == 1 else 1.6
            return np.full((len(photos), 1), 0.5)

    monkeypatch.setattr("canigatti.evaluation.speed.time.perf_counter", lambda: clock[0])
    speed = measure_speed(Slow(), IMAGES, np.arange(20), batch_size=16)
    assert speed.milliseconds_per_photo == pytest.approx(100)  # 1.6 s for 16 photos
    assert (speed.batch_size, speed.batches) == (16, 3)
    assert batches == [16] * 4


def test_the_error_of_a_diverged_model_names_it_and_nothing_is_written(options, tmp_path, make_record):
    save(network(weight=np.nan), tmp_path, make_record)
    with pytest.raises(InputError, match=r"model\.keras: the model has diverged: .* such as nan for 10 of 10 photos"):
        evaluate(**options)
    assert not options["output"].exists()


def test_the_error_of_a_wrong_image_size_names_the_model(options):
    np.save(options["images"], np.zeros((20, 9, 9, 3), np.uint8))
    with pytest.raises(InputError, match=r"model\.keras: the model expects photos of 8 × 8 pixels, received 9 × 9"):
        evaluate(**options)


@pytest.mark.parametrize("content", [None, "{", "[]", '{"seed": 1}'])
def test_an_invalid_training_record_is_named(options, content):
    record = options["model"].with_name("run.json")
    record.unlink()
    if content is not None:
        record.write_text(content)
    with pytest.raises(InputError, match=r"run\.json: expected a record of type TrainingRecord"):
        evaluate(**options)


def test_photos_are_predicted_in_batches_in_the_order_of_the_rows():
    batches = []

    class Images:
        shape = IMAGES.shape

        def __getitem__(self, rows):
            batches.append(len(rows))
            return IMAGES[rows]

    rows = np.random.default_rng(8).permutation(20)[:15]
    probabilities = predict(network(), Images(), rows, batch_size=4)
    assert batches == [4, 4, 4, 3]
    assert probabilities.dtype == np.float64
    np.testing.assert_allclose(probabilities[:, 1], by_hand(network(), IMAGES[rows]), rtol=1e-5)


def test_photos_are_converted_to_grayscale_like_pillow_for_a_network_with_one_channel():
    gray = np.stack([np.asarray(Image.fromarray(photo).convert("L")) for photo in IMAGES])[..., None]
    model = network(channels=1)
    np.testing.assert_allclose(predict(model, IMAGES, np.arange(20))[:, 1], by_hand(model, gray), rtol=1e-5)


@pytest.mark.parametrize("damage", ["truncated", "flipped", "missing", "a folder"])
def test_the_error_of_a_damaged_model_explains_how_to_recreate_it(tmp_path, monkeypatch, damage):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "results" / "demo" / "training" / "base" / "seed42"
    folder.mkdir(parents=True)
    network().save(folder / "model.keras")
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


def test_a_file_that_is_not_a_model_raises_even_if_its_hash_is_correct(tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes(b"not a model")
    with pytest.raises(InputError, match=r"model\.keras: expected a model that Keras .* loads"):
        load_model(path, sha256_of(path))


def test_a_model_that_contains_code_raises(tmp_path):
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Lambda(lambda photos: photos * 2)])
    model.save(tmp_path / "model.keras")
    with pytest.raises(InputError, match=r"model\.keras: expected a model .*`Lambda` layer"):
        load_model(tmp_path / "model.keras", sha256_of(tmp_path / "model.keras"))
