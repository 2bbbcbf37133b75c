"""Mixed precision, really computed in float16 on the CPU; only the detection of a GPU is replaced."""

import json
import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest

from canigatti.config import Head, Pretrained
from canigatti.photos.store import Store
from canigatti.training import networks, precision
from canigatti.training.commands.train import train
from canigatti.training.model_files import load_model
from canigatti.training.precision import copy_in, precision_of
from canigatti.training.records import HISTORY, TrainingRecord
from canigatti.training.shutdown import GracefulShutdown

MOBILENET = Pretrained(backbone="mobilenetv2", head=Head(dense_units=(8,)))


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.setattr(precision, "has_gpu", lambda: True)


@pytest.fixture
def run(photo_files, make_spec):
    """Run the command `train` with mixed precision, and return its record."""

    def train_mixed(output, **fields) -> TrainingRecord:
        folder = fields.pop("folder", None)
        settings = {"mixed_precision": True, "epochs": 2, "optimizer": {"name": "adam", "learning_rate": 0.01}}
        spec = make_spec(**{**settings, **fields})
        train("tried", spec.to_json(), 42, **photo_files, output=output, start_from=folder)
        return TrainingRecord.read(output / "run.json")

    return train_mixed


def precisions(model):
    layers = model._flatten_layers(include_self=False)
    return {layer.name: layer.compute_dtype for layer in layers if not isinstance(layer, keras.layers.InputLayer)}


def test_layers_compute_in_float16_and_the_output_in_float32(gpu, make_spec):
    model = networks.build(make_spec(mixed_precision=True), None, 3)
    computed = precisions(model)
    assert computed.pop("probabilities") == "float32"
    assert set(computed.values()) == {"float16"}
    assert {weight.dtype for weight in model.weights} == {"float32"}
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert keras.config.dtype_policy().name == "float32", "other networks are not affected"


def test_a_backbone_computes_in_float16_too(gpu, make_spec):
    model = networks.build(make_spec(mixed_precision=True, network=MOBILENET, image_size=32), None, 2)
    assert precisions(model)["Conv_1"] == "float16"
    assert precisions(model)["probability"] == "float32"


def test_the_trained_model_file_computes_in_float32_and_predicts(gpu, run, tmp_path, photo_files, capsys):
    record = run(tmp_path / "mixed")
    log = capsys.readouterr().out
    assert "mixed precision: the network computes in float16 with float32 weights\n" in log
    assert (record.status, record.precision) == ("completed", "mixed_float16")
    assert '"precision": "mixed_float16"' in (tmp_path / "mixed/run.json").read_text()
    model = load_model(tmp_path / "mixed/model.keras", record.model_sha256)
    assert set(precisions(model).values()) == {"float32"}
    photo = tmp_path / "photo.png"
    keras.utils.save_img(photo, np.load(photo_files["images"])[0], scale=False)
    command = [sys.executable, "-m", "canigatti", "predict", tmp_path / "mixed/model.keras", photo, "--json"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    [prediction] = json.loads(answer.stdout)
    expected = model.predict_on_batch(np.load(photo_files["images"])[:1])[0, 0]
    assert prediction["probability"] == pytest.approx(expected, abs=1e-6)


def test_the_losses_are_close_to_those_in_float32(run, tmp_path, monkeypatch):
    network = {"filters": [4], "dense_units": 4, "dropout": [0, 0]}  # dropout draws other numbers in float16
    run(tmp_path / "single", network=network)
    monkeypatch.setattr(precision, "has_gpu", lambda: True)
    run(tmp_path / "mixed", network=network)
    single, mixed = (HISTORY.read(tmp_path / name / "history.csv")["loss"] for name in ("single", "mixed"))
    np.testing.assert_allclose(mixed, single, rtol=0.01)
    assert (mixed != single).any()


def test_without_a_gpu_the_network_is_trained_in_float32_and_the_log_and_the_record_say_so(run, tmp_path, capsys):
    record = run(tmp_path / "out")
    assert "mixed precision: TensorFlow sees no GPU, so the network computes in float32\n" in capsys.readouterr().out
    assert record.precision == "float32"
    assert '"precision": "float32"' in (tmp_path / "out/run.json").read_text()


def test_without_mixed_precision_nothing_mentions_precision(gpu, run, tmp_path, capsys):
    record = run(tmp_path / "out", mixed_precision=False)
    assert precision_of(record.spec) == "float32"
    assert "precision" not in capsys.readouterr().out + (tmp_path / "out/run.json").read_text()


@pytest.mark.slow
def test_an_interrupted_training_resumes_with_the_result_of_an_uninterrupted_one(gpu, run, tmp_path, monkeypatch):
    settings = {"epochs": 4, "schedule": {"name": "cosine", "warmup_epochs": 1}}
    run(tmp_path / "uninterrupted", **settings)
    requested = iter([False, True])
    monkeypatch.setattr(GracefulShutdown, "exit_if_requested", lambda _: next(requested) and sys.exit(143))
    with pytest.raises(SystemExit):
        run(tmp_path / "out", **settings)
    monkeypatch.setattr(GracefulShutdown, "exit_if_requested", lambda _: None)
    assert run(tmp_path / "out", **settings).resumed_after == (2,)
    folders = (tmp_path / "uninterrupted", tmp_path / "out")
    histories = [HISTORY.read(folder / "history.csv").drop(columns="seconds") for folder in folders]
    pd.testing.assert_frame_equal(*histories, check_exact=True)
    weights = [load_model(folder / "model.keras", None).get_weights() for folder in folders]
    for actual, expected in zip(*weights, strict=True):
        np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("parent_is_mixed", [False, True])
def test_a_training_starts_from_a_model_of_either_precision(gpu, run, tmp_path, parent_is_mixed):
    run(tmp_path / "before", epochs=3, mixed_precision=parent_is_mixed)
    still = {"name": "sgd", "learning_rate": 1e-12}
    record = run(tmp_path / "out", folder=tmp_path / "before", start_from="before", optimizer=still)
    before, after = (HISTORY.read(tmp_path / name / "history.csv")["val_loss"].min() for name in ("before", "out"))
    assert record.precision == "mixed_float16"
    assert after == pytest.approx(before, rel=0.01)


def test_a_copy_in_another_precision_has_the_same_weights_and_predictions(make_spec):
    model = networks.build(make_spec(network=MOBILENET, image_size=32), None, 3)
    generator = np.random.default_rng(0)
    model.set_weights([weight + generator.normal(0, 0.01, weight.shape) for weight in model.get_weights()])
    photos = generator.integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
    mixed = copy_in("mixed_float16", model)
    restored = copy_in("float32", mixed)
    expected = model.predict_on_batch(photos)
    np.testing.assert_array_equal(restored.predict_on_batch(photos), expected)
    np.testing.assert_allclose(mixed.predict_on_batch(photos), expected, atol=0.02)
    assert precisions(restored) == precisions(model)
    for actual, weight in zip(restored.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(actual, weight)


def test_a_head_on_constant_features_is_trained_with_mixed_precision(gpu, train, make_spec, tmp_path, store, capsys):
    photos = Store(store.images.repeat(2, axis=1).repeat(2, axis=2), store.ids, store.labels)
    settings = make_spec(network=MOBILENET, image_size=32, mixed_precision=True, epochs=2)
    result = train(photos, settings, tmp_path)
    assert result.divergence is None
    assert set(precisions(result.model).values()) == {"float32"}
