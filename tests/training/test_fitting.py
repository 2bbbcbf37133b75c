import re
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from canigatti.config import SGD, Augmentation, Convolutional, EarlyStopping, Spec
from canigatti.training import fitting, networks
from canigatti.training.batches import Part
from canigatti.training.device import prepare_device


def spec(rate=0.05, **fields):
    network = Convolutional(filters=(4,), dense_units=8, dropout=(0.1, 0.1))
    settings = {"augmentation": None, "epochs": 6, "early_stopping": EarlyStopping(patience=6), **fields}
    return Spec(
        image_size=16,
        network=network,
        batch_size=8,
        optimizer=SGD(name="sgd", learning_rate=rate, momentum=0.9),
        **settings,
    )


def train(store, settings, folder, seed=42):
    prepare_device(seed)
    model = networks.build(settings)
    train, validation = Part(store, np.arange(40), settings.color), Part(store, np.arange(40, 50), settings.color)
    kept = Path(tempfile.mkdtemp(dir=folder), "kept.npz")
    return fitting.fit(model, settings, train, validation, seed, folder / "logs", kept)


def test_the_network_learns_and_every_epoch_is_told_once(store, tmp_path, capsys):
    fit = train(store, spec(), tmp_path)
    assert list(fit.history["epoch"]) == [1, 2, 3, 4, 5, 6]
    assert fit.history["val_accuracy"].max() >= 0.9
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("epoch")]
    assert len(lines) == 6
    line = (
        r"epoch   1/6  loss \d.*  accuracy \d.*%  validation loss \d.*  accuracy \d.*%  \d.* s  at most \d.* min left"
    )
    assert re.fullmatch(line, lines[0])


@pytest.mark.parametrize("augmentation", [None, Augmentation()], ids=["plain", "augmented"])
def test_the_same_seed_gives_the_same_model_and_another_seed_another(store, tmp_path, augmentation):
    columns = ["loss", "accuracy", "val_loss", "val_accuracy"]
    first, second, other = (train(store, spec(augmentation=augmentation), tmp_path, seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first.history[columns], second.history[columns], check_exact=True)
    for mine, theirs in zip(first.model.get_weights(), second.model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert (first.history["loss"] != other.history["loss"]).any()


def test_training_stops_after_the_patience_and_keeps_the_best_weights(store, tmp_path):
    settings = spec(rate=0.3, epochs=60, early_stopping=EarlyStopping(patience=2))
    fit = train(store, settings, tmp_path)
    assert len(fit.history) == fit.best_epoch + 2 < 60
    loss, _ = fit.model.evaluate(store.images[40:], store.labels[40:, None], verbose=0)
    assert loss == pytest.approx(fit.history["val_loss"].min(), rel=1e-5)


def test_a_training_that_diverges_at_once_ends_saying_so_with_the_weights_it_began_with(store, tmp_path):
    fit = train(store, spec(rate=1e30), tmp_path)
    assert re.match(r"the training diverged in epoch 1 .* lower learning rate", fit.divergence)
    assert (len(fit.history), fit.best_epoch) == (1, 0)
    prepare_device(42)
    for mine, untrained in zip(fit.model.get_weights(), networks.build(spec()).get_weights(), strict=True):
        np.testing.assert_array_equal(mine, untrained)


def test_a_training_that_diverges_later_keeps_its_best_epoch(store, tmp_path, monkeypatch):
    whole = train(store, spec(), tmp_path)
    photos = Part.gather

    def poisoned(part, positions):
        images, labels = photos(part, positions)
        return images, labels * (float("nan") if next(calls) > 12 else 1)  # five batches an epoch, some made ahead

    calls = iter(range(10_000))
    monkeypatch.setattr(Part, "gather", poisoned)
    fit = train(store, spec(), tmp_path)
    assert fit.divergence
    assert 1 <= fit.best_epoch == len(fit.history) - 1
    measured = ["loss", "val_loss"]
    pd.testing.assert_frame_equal(fit.history[measured][: fit.best_epoch], whole.history[measured][: fit.best_epoch])
    assert all(np.isfinite(weight).all() for weight in fit.model.get_weights())


def test_tensorboard_logs_are_written(store, tmp_path):
    train(store, spec(epochs=1), tmp_path)
    assert list((tmp_path / "logs").glob("train/events*"))
    assert list((tmp_path / "logs").glob("validation/events*"))
