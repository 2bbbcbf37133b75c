import sys

import numpy as np
import pandas as pd
import pytest

from canigatti.config import SGD, AdamW
from canigatti.photos.store import Store
from canigatti.training import fitting, networks
from canigatti.training.batches import Subset, Subsets
from canigatti.training.checkpoint import read_checkpoint
from canigatti.training.device import prepare_device
from canigatti.training.records import HISTORY
from canigatti.training.shutdown import GracefulShutdown

COSINE = {"name": "cosine", "warmup_epochs": 2}
PLATEAU = {"name": "plateau", "factor": 0.5, "patience": 1}
METRICS = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"]


@pytest.fixture
def spec(make_spec):
    def make(**fields):
        settings = {"epochs": 6, "early_stopping": {"patience": 6}, "optimizer": SGD(name="sgd", learning_rate=0.08)}
        network = {"filters": [4], "dense_units": 8, "dropout": [0.1, 0.1]}
        return make_spec(**{"network": network, **settings, **fields})

    return make


def test_a_cosine_falls_to_zero_at_the_end_of_the_last_epoch(train, spec, store, tmp_path):
    rates = train(store, spec(epochs=4, schedule={"name": "cosine"}), tmp_path).history["learning_rate"]
    np.testing.assert_allclose(rates, 0.04 * (1 + np.cos(np.pi * np.arange(4) / 4)), rtol=1e-5)


def test_a_warm_up_rises_from_zero_and_is_part_of_the_epochs(train, spec, store, tmp_path):
    result = train(store, spec(schedule=COSINE), tmp_path)
    expected = [0, 0.04, *0.04 * (1 + np.cos(np.pi * np.arange(4) / 4))]
    np.testing.assert_allclose(result.history["learning_rate"], expected, rtol=1e-5)


def test_the_rate_is_that_of_every_step_and_not_of_every_epoch(train, spec, store, tmp_path):
    """In the only epoch, of five steps, the weights change although the rate of its first step is zero."""
    still = train(store, spec(epochs=2, schedule={"name": "cosine", "warmup_epochs": 1}), tmp_path)
    prepare_device(42)
    initial = networks.build(spec(), None, 2).get_weights()
    assert still.history["learning_rate"][0] == 0
    assert any((actual != before).any() for actual, before in zip(still.model.get_weights(), initial, strict=True))


def test_a_plateau_reduces_the_rate_after_its_patience_without_a_lower_validation_loss(
    train, spec, store, tmp_path, monkeypatch
):
    frozen = {"optimizer": SGD(name="sgd", learning_rate=1e-30), "network": {"filters": [4], "dropout": [0, 0]}}
    result = train(store, spec(**frozen, schedule={"name": "plateau", "factor": 0.1, "patience": 2}), tmp_path)
    assert result.history["val_loss"].nunique() == 1
    np.testing.assert_allclose(result.history["learning_rate"] * 1e30, [1, 1, 1, 0.1, 0.1, 0.01], rtol=1e-5)


def test_any_lower_validation_loss_is_an_improvement_as_for_early_stopping(train, spec, store, tmp_path):
    slow = spec(optimizer=SGD(name="sgd", learning_rate=1e-6), schedule={"name": "plateau", "patience": 1})
    result = train(store, slow, tmp_path)
    losses, rates = result.history["val_loss"], result.history["learning_rate"]
    assert (losses.diff()[1:] < 0).any()
    assert losses.diff().abs().max() < 1e-4, "Keras' default would not count these improvements"
    improved = losses < losses.cummin().shift(fill_value=np.inf)
    expected = 1e-6 * 0.1 ** (~improved).cumsum().shift(fill_value=0)
    np.testing.assert_allclose(rates, expected, rtol=1e-4)


def test_the_history_has_the_rate_only_with_a_schedule(train, spec, store, tmp_path, capsys):
    plain, scheduled = (train(store, spec(epochs=2, **fields), tmp_path) for fields in ({}, {"schedule": COSINE_1}))
    for name, result in (("plain", plain), ("scheduled", scheduled)):
        HISTORY.write(tmp_path / f"{name}.csv", result.history)
    headers = [(tmp_path / f"{name}.csv").read_text().splitlines()[0] for name in ("plain", "scheduled")]
    assert headers[0] == "epoch,loss,accuracy,val_loss,val_accuracy,seconds"
    assert headers[1] == f"{headers[0]},learning_rate"
    pd.testing.assert_frame_equal(HISTORY.read(tmp_path / "scheduled.csv"), scheduled.history, check_exact=True)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("epoch")]
    assert ["learning rate" in line for line in lines] == [False, False, True, True]


COSINE_1 = {"name": "cosine", "warmup_epochs": 1}


def run(store, spec, folder, seed=42):
    """Train like the command, resuming from the checkpoint in a folder if there is one."""
    prepare_device(seed)
    job = fitting.TrainingJob(spec, seed, folder / "logs", folder / "checkpoint" / "state.npz")
    subsets = Subsets(*(Subset(store, rows, spec.color) for rows in (np.arange(40), np.arange(40, 50))))
    model = networks.build(spec, None, len(np.unique(store.labels)))
    return fitting.fit(model, job, subsets, read_checkpoint(job.checkpoint))


VARIANTS = {
    "cosine, adamw, class weights": {
        "schedule": COSINE,
        "class_weight": "balanced",
        "optimizer": AdamW(name="adamw", learning_rate=0.01),
    },
    "plateau, oversampling, label smoothing": {"schedule": PLATEAU, "oversample": True, "label_smoothing": 0.1},
}


@pytest.mark.parametrize("fields", VARIANTS.values(), ids=VARIANTS)
def test_five_classes_resume_with_the_result_of_an_uninterrupted_training(store, spec, tmp_path, monkeypatch, fields):
    labels = np.minimum(np.arange(50) % 8, 4)  # class 4 has half of the photos
    five, settings = Store(store.images, store.ids, labels), spec(**fields)
    uninterrupted = run(five, settings, tmp_path / "uninterrupted")
    if fields["schedule"] == PLATEAU:
        assert uninterrupted.history["learning_rate"].nunique() > 1
    for last in (2, 4):  # interrupted after two epochs, and after two more
        requested = iter([False, True])
        monkeypatch.setattr(
            GracefulShutdown, "exit_if_requested", lambda _, requested=requested: next(requested) and sys.exit(143)
        )
        with pytest.raises(SystemExit):
            run(five, settings, tmp_path / "interrupted")
        assert len(read_checkpoint(tmp_path / "interrupted/checkpoint/state.npz").rows) == last
    monkeypatch.undo()
    resumed = run(five, settings, tmp_path / "interrupted")
    assert resumed.resumed_after == (2, 4)
    pd.testing.assert_frame_equal(resumed.history[METRICS], uninterrupted.history[METRICS], check_exact=True)
    for actual, expected in zip(resumed.model.get_weights(), uninterrupted.model.get_weights(), strict=True):
        np.testing.assert_array_equal(actual, expected)


def test_the_checkpoint_has_the_state_of_a_plateau_only(store, spec, tmp_path, monkeypatch):
    monkeypatch.setattr(GracefulShutdown, "exit_if_requested", lambda _: sys.exit(143))
    for name, fields in (("plateau", {"schedule": PLATEAU}), ("cosine", {"schedule": COSINE}), ("plain", {})):
        with pytest.raises(SystemExit):
            run(store, spec(**fields), tmp_path / name)
        state = read_checkpoint(tmp_path / name / "checkpoint/state.npz").plateau
        assert sorted(state) == (["best", "wait"] if name == "plateau" else [])
