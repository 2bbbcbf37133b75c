import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from canigatti.search.space import resolve
from canigatti.search.trials import best_of, execute, execution_seed
from canigatti.training.batches import Part
from canigatti.training.device import prepare_device


def run(store, spec, folder, objective="val_accuracy", seed=1):
    prepare_device(seed)
    train, validation = Part(store, np.arange(40), spec.color), Part(store, np.arange(40, 50), spec.color)
    kept = Path(tempfile.mkdtemp(dir=folder), "kept.npz")
    return execute(spec, objective, train, validation, seed, folder / "logs", kept)


def test_an_execution_gives_its_best_score_and_the_epoch_that_had_it(store, spec, tmp_path, capsys):
    outcome = run(store, spec, tmp_path)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("epoch")]
    accuracies = [float(line.split("validation loss")[1].split()[2].rstrip("%")) / 100 for line in lines]
    assert (outcome.status, outcome.error) == ("completed", None)
    assert outcome.score == pytest.approx(max(accuracies), abs=1e-4)
    assert outcome.best_step == accuracies.index(max(accuracies)) + 1
    assert list((tmp_path / "logs").glob("train/events*"))


def test_the_same_seed_gives_the_same_score(store, spec, tmp_path):
    first, second, other = (run(store, spec, tmp_path, "val_loss", seed) for seed in (1, 1, 2))
    assert first == second != other


HISTORY = pd.DataFrame({"epoch": [1, 2, 3, 4], "val_accuracy": [0.6, 0.8, 0.8, 0.7], "val_loss": [0.6, 0.5, 0.4, 0.4]})


@pytest.mark.parametrize(("objective", "expected"), [("val_accuracy", (0.8, 2)), ("val_loss", (0.4, 3))])
def test_the_objective_says_which_epoch_is_best_and_the_first_of_equals_is_taken(objective, expected):
    assert best_of(HISTORY, objective) == expected


def test_a_loss_that_diverges_is_told_and_does_not_end_the_search(store, spec, tmp_path):
    diverging = spec.model_copy(update={"optimizer": spec.optimizer.model_copy(update={"learning_rate": 1e30})})
    outcome = run(store, diverging, tmp_path)
    assert (outcome.status, outcome.score, outcome.best_step) == ("failed", None, None)
    assert "the training diverged" in outcome.error


def test_a_network_that_memory_cannot_hold_is_told_and_does_not_end_the_search(store, spec, tmp_path, capsys):
    outcome = run(store, resolve({"dense_units": 4_000_000_000}, spec), tmp_path)  # 4 TB of weights
    assert (outcome.status, outcome.score) == ("failed", None)
    assert "OOM" in outcome.error or "ResourceExhausted" in outcome.error
    assert len(outcome.error) <= 501
    assert "Traceback" in capsys.readouterr().err  # the log has all of it


def test_every_execution_has_a_seed_of_its_own_that_more_of_them_do_not_change():
    seeds = [execution_seed(42, trial, execution) for trial in range(1, 21) for execution in range(1, 21)]
    assert len(set(seeds)) == 400
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert execution_seed(42, 1, 1) != execution_seed(43, 1, 1)
