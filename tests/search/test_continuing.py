"""Trials that stop after a rung and continue: what they become is what an uninterrupted training becomes."""

import numpy as np
import pytest

from canigatti.config import Experiment
from canigatti.files import InputError
from canigatti.search.commands.continue_trial import continue_trial
from canigatti.search.commands.promote import promote_trials
from canigatti.search.commands.train_trial import train_trial
from canigatti.search.records import Execution, Promotion, Proposal
from canigatti.training.checkpoint import read_state

VALUES = {"dense_units": 8}


def searched(**settings) -> Experiment:
    space = {"dense_units": {"low": 8, "high": 16, "step": 8}}
    usual = {
        "split": "a",
        "image_size": 16,
        "batch_size": 8,
        "network": {"filters": [4], "dropout": [0.2, 0.2]},
        "optimizer": {"name": "adam", "learning_rate": 0.01},
        "search": {"method": "halving", "seed": 3, "epochs": 6, "rungs": 2, "space": space},
    }
    return Experiment(**{**usual, **settings})


def sgd(rate):
    return {"name": "sgd", "learning_rate": rate}


STOPPING = {"early_stopping": {"patience": 1}, "optimizer": sgd(1e-9)}


@pytest.fixture
def rung(photo_files, tmp_path):
    """Train the first trial for some epochs, from the first one or from the result of a rung below."""
    Proposal(trials=(VALUES,)).write(tmp_path / "proposed.json")

    def train(experiment, epochs, folder, before=None):
        spec = experiment.resolve_search().model_copy(update={"stop_after": epochs}).to_json()
        output = tmp_path / folder / "trial1" / "execution1.json"
        if before is None:
            train_trial(spec, tmp_path / "proposed.json", 1, 1, **photo_files, output=output)
        else:
            continue_trial(spec, 2, before, **photo_files, output=output)
        return output

    return train


def without_times(state):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in state.rows]


SETTINGS = {
    "augmented, cosine": {"augment": True, "schedule": {"name": "cosine", "warmup_epochs": 1}},
    "plateau": {"schedule": {"name": "plateau", "patience": 1}},
    "stopped early": {"early_stopping": {"patience": 1}},
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_a_trial_continues_as_if_it_had_not_stopped(rung, settings, capsys):
    experiment = searched(**settings)
    first = rung(experiment, 2, "rung1")
    parts = rung(experiment, 6, "rung2", first)
    assert "continuing after epoch 2, from where it stopped" in capsys.readouterr().out
    whole = rung(experiment, 6, "whole")
    continued, uninterrupted = (read_state(path.with_suffix(".npz")) for path in (parts, whole))
    for name in ("variables", "best_weights"):
        pairs = zip(getattr(continued, name), getattr(uninterrupted, name), strict=True)
        assert all(np.array_equal(one, other) and one.dtype == other.dtype for one, other in pairs)
    for name in ("early_stopping", "plateau", "stopped", "resumed_after"):
        assert getattr(continued, name) == getattr(uninterrupted, name)
    assert without_times(continued) == without_times(uninterrupted)
    one, other = Execution.read(parts), Execution.read(whole)
    assert (one.rung, one.curve, one.score, one.best_step) == (2, other.curve, other.score, other.best_step)
    assert (one.epochs, one.ended, one.seed) == (other.epochs, other.ended, other.seed)
    prefix = Execution.read(first)
    assert prefix.curve == other.curve[: prefix.epochs]
    assert {path.name for path in first.parent.iterdir()} == {"execution1.json", "execution1.npz", "tensorboard"}


def test_a_trial_says_why_it_ended(rung):
    first = rung(searched(), 2, "rung1")
    assert Execution.read(first).ended == "end of rung"
    last = Execution.read(rung(searched(), 6, "rung2", first))
    assert (last.ended, last.epochs) == ("completed", 6)
    stopped = Execution.read(rung(searched(**STOPPING), 6, "stopped"))
    assert (stopped.ended, stopped.epochs) == ("early stopping", len(stopped.curve))
    assert stopped.epochs < 6
    useless = searched(early_stopping={"give_up_after": 2}, optimizer=sgd(1e-9))
    pruned = Execution.read(rung(useless, 6, "pruned"))
    assert (pruned.ended, pruned.epochs, pruned.status) == ("pruned", 2, "completed")


def test_a_trial_that_early_stopping_has_ended_is_promoted_without_training(rung, capsys):
    first = rung(searched(**STOPPING), 5, "rung1")
    capsys.readouterr()
    second = rung(searched(**STOPPING), 6, "rung2", first)
    assert "val_loss" not in capsys.readouterr().out
    one, other = (Execution.read(path) for path in (first, second))
    assert (one.ended, one.curve, one.score) == (other.ended, other.curve, other.score)
    assert first.with_suffix(".npz").read_bytes() == second.with_suffix(".npz").read_bytes()


def test_a_failed_execution_remains_failed(rung):
    diverging = searched(optimizer=sgd(1e30))
    first = rung(diverging, 2, "rung1")
    failed = Execution.read(first)
    assert (failed.status, failed.ended, failed.epochs) == ("failed", "failed", 1)
    assert first.with_suffix(".npz").read_bytes() == b""
    second = rung(diverging, 6, "rung2", first)
    assert Execution.read(second) == failed.model_copy(update={"rung": 2, "seconds": 0.0})
    assert second.with_suffix(".npz").exists()
    assert (second.parent / "tensorboard/execution1").is_dir()


@pytest.mark.parametrize("damage", ["missing", "damaged"])
def test_without_the_state_of_the_rung_below_a_trial_is_not_trained_again_unnoticed(rung, damage):
    first = rung(searched(), 2, "rung1")
    state = first.with_suffix(".npz")
    state.unlink() if damage == "missing" else state.write_bytes(b"PK")
    with pytest.raises((InputError, OSError), match=r"execution1\.npz"):
        rung(searched(), 6, "rung2", first)


def test_the_promoted_trials_are_written(execution, tmp_path):
    paths = [tmp_path / f"trial{trial}.json" for trial in (1, 2, 3)]
    for trial, path in enumerate(paths, start=1):
        execution(trial, 1, 0.5 + trial / 10).write(path)
    promote_trials(searched().resolve_search().to_json(), 2, tmp_path / "promoted.json", paths)
    assert Promotion.read(tmp_path / "promoted.json") == Promotion(places=2, trials=(2, 3))
    promote_trials(searched().resolve_search().to_json(), 1, tmp_path / "none.json")
    assert Promotion.read(tmp_path / "none.json") == Promotion(places=1, trials=())
