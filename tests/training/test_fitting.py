import re

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.class_weight import compute_sample_weight

from canigatti.config import SGD, Augmentation, EarlyStopping
from canigatti.photos.store import Store
from canigatti.training import networks
from canigatti.training.batches import Subset
from canigatti.training.device import prepare_device


@pytest.fixture
def spec(make_spec):
    def make(rate=0.05, **fields):
        optimizer = SGD(name="sgd", learning_rate=rate, momentum=0.9)
        network = {"filters": [4], "dense_units": 8, "dropout": [0.1, 0.1]}
        settings = {"network": network, "optimizer": optimizer, "epochs": 6, "early_stopping": {"patience": 6}}
        return make_spec(**{**settings, **fields})

    return make


def test_the_accuracy_rises_and_every_epoch_is_logged_once(train, spec, store, tmp_path, capsys):
    result = train(store, spec(), tmp_path)
    assert list(result.history["epoch"]) == [1, 2, 3, 4, 5, 6]
    assert result.history["val_accuracy"].max() >= 0.9
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("epoch")]
    assert len(lines) == 6
    number = r"\d+\.\d+"
    assert re.fullmatch(
        rf"epoch   1/6  loss {number}  accuracy {number}%  val_loss {number}  val_accuracy {number}%  "
        rf"{number} s",
        lines[0],
    )


@pytest.mark.parametrize("augmentation", [None, Augmentation()], ids=["plain", "augmented"])
def test_equal_seeds_give_equal_models_and_different_seeds_different_ones(train, spec, store, tmp_path, augmentation):
    columns = ["loss", "accuracy", "val_loss", "val_accuracy"]
    settings = spec(augmentation=augmentation)
    first, second, other = (train(store, settings, tmp_path, seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first.history[columns], second.history[columns], check_exact=True)
    for actual, expected in zip(first.model.get_weights(), second.model.get_weights(), strict=True):
        np.testing.assert_array_equal(actual, expected)
    assert (first.history["loss"] != other.history["loss"]).any()


def unequal_store(store, classes=2):
    """The store with labels of unequal classes: in the first forty, 5 photos of each class but class 0."""
    labels = np.arange(50) % 8
    return Store(store.images, store.ids, np.where(labels < classes, labels, 0))


@pytest.mark.parametrize("batch_size", [4, 40])
@pytest.mark.parametrize("classes", [2, 3])
def test_class_weights_weight_both_losses(train, spec, store, tmp_path, classes, batch_size):
    """If the validation loss were not weighted, the best epoch would be one that predicts the classes' fractions."""
    photos = unequal_store(store, classes)
    frozen = {"rate": 1e-30, "epochs": 1, "batch_size": batch_size}
    frozen["network"] = {"filters": [4], "dense_units": 8, "dropout": [0, 0]}
    plain = train(photos, spec(**frozen), tmp_path)
    balanced = train(photos, spec(**frozen, class_weight="balanced"), tmp_path)
    oversampled = train(photos, spec(**frozen, oversample=True), tmp_path)
    output = plain.model.predict(photos.images, verbose=0)
    probabilities = np.hstack([1 - output, output]) if classes == 2 else output
    losses = -np.log(probabilities[np.arange(50), photos.labels])
    weights = np.concatenate([compute_sample_weight("balanced", part) for part in np.split(photos.labels, [40])])
    for name, part in (("loss", slice(40)), ("val_loss", slice(40, 50))):
        weighted = (losses * weights)[part].mean()
        assert plain.history[name][0] == pytest.approx(losses[part].mean(), rel=1e-4)
        assert balanced.history[name][0] == pytest.approx(weighted, rel=1e-4) != plain.history[name][0]
        assert oversampled.history[name][0] == pytest.approx(weighted, rel=1e-4)
    for name in ("accuracy", "val_accuracy"):
        assert balanced.history[name][0] == pytest.approx(plain.history[name][0])


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("weighting", [None, "balanced"])
def test_label_smoothing_gives_every_class_its_share_of_the_label(train, spec, store, tmp_path, classes, weighting):
    photos, smoothing = unequal_store(store, classes), 0.3
    network = {"filters": [4], "dense_units": 8, "dropout": [0, 0]}
    settings = spec(rate=1e-30, epochs=1, batch_size=40, network=network, class_weight=weighting)
    result = train(photos, settings.model_copy(update={"label_smoothing": smoothing}), tmp_path)
    plain = train(photos, settings, tmp_path)
    output = result.model.predict(photos.images, verbose=0)
    probabilities = np.hstack([1 - output, output]) if classes == 2 else output
    labels = (1 - smoothing) * np.eye(classes)[photos.labels] + smoothing / classes
    losses = -(labels * np.log(probabilities)).sum(axis=1)
    for name, part in (("loss", slice(40)), ("val_loss", slice(40, 50))):
        weights = compute_sample_weight(weighting, photos.labels[part])
        assert result.history[name][0] == pytest.approx((losses[part] * weights).mean(), rel=1e-4)
    assert result.history["loss"][0] != pytest.approx(plain.history["loss"][0], rel=1e-4)
    for name in ("accuracy", "val_accuracy"):
        assert result.history[name][0] == pytest.approx(plain.history[name][0])


@pytest.mark.parametrize("fields", [{"class_weight": "balanced"}, {"oversample": True}], ids=str)
def test_balancing_raises_the_recall_of_the_rarer_class(train, spec, store, tmp_path, fields):
    def recall(**settings):
        model = train(photos, spec(rate=0.003, epochs=8, **settings), tmp_path).model
        rarer = photos.images[photos.labels == 1]
        return (model.predict(rarer, verbose=0) > 0.5).mean()

    photos = unequal_store(store)
    photos.images[photos.labels == 0] = photos.images[photos.labels == 0] // 2
    photos.images[photos.labels == 1, :, :8] |= 64
    assert recall(**fields) > recall() + 0.2


def test_training_stops_after_the_patience_and_restores_the_best_weights(train, spec, store, tmp_path):
    result = train(store, spec(rate=0.3, epochs=60, early_stopping=EarlyStopping(patience=2)), tmp_path)
    assert len(result.history) == result.best_epoch + 2 < 60
    loss, _ = result.model.evaluate(store.images[40:], store.labels[40:, None], verbose=0)
    assert loss == pytest.approx(result.history["val_loss"].min(), rel=1e-5)


def test_a_training_that_diverges_in_its_first_epoch_keeps_the_initial_weights(train, spec, store, tmp_path):
    result = train(store, spec(rate=1e30), tmp_path)
    assert re.match(r"the training diverged in epoch 1 .* lower learning rate", result.divergence)
    assert (len(result.history), result.best_epoch) == (1, 0)
    prepare_device(42)
    initial = networks.build(spec(), None, 2).get_weights()
    for actual, expected in zip(result.model.get_weights(), initial, strict=True):
        np.testing.assert_array_equal(actual, expected)


def test_a_training_that_diverges_later_keeps_its_best_epoch(train, spec, store, tmp_path, monkeypatch):
    uninterrupted = train(store, spec(), tmp_path)
    gather = Subset.gather

    def gather_with_nan_labels(subset, positions):
        images, labels = gather(subset, positions)
        return images, labels * (float("nan") if next(calls) > 12 else 1)  # 5 batches per epoch, some in advance

    calls = iter(range(10_000))
    monkeypatch.setattr(Subset, "gather", gather_with_nan_labels)
    result = train(store, spec(), tmp_path)
    assert result.divergence
    assert 1 <= result.best_epoch == len(result.history) - 1
    losses, finite = ["loss", "val_loss"], slice(result.best_epoch)
    pd.testing.assert_frame_equal(result.history[losses][finite], uninterrupted.history[losses][finite])
    assert all(np.isfinite(weight).all() for weight in result.model.get_weights())


def test_tensorboard_logs_are_written(train, spec, store, tmp_path):
    train(store, spec(epochs=1), tmp_path)
    assert list((tmp_path / "logs").glob("train/events*"))
    assert list((tmp_path / "logs").glob("validation/events*"))
