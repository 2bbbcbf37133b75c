import re
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from canigatti.photos.store import Store
from canigatti.search import trials
from canigatti.search.space import resolve
from canigatti.search.trials import best_epoch, execute, execution_seed
from canigatti.training.batches import Subset, Subsets
from canigatti.training.device import prepare_device
from canigatti.training.fitting import TrainingJob


def run(store, spec, folder, objective="val_accuracy", seed=1):
    prepare_device(seed)
    checkpoint = Path(tempfile.mkdtemp(dir=folder), "checkpoint.npz")
    subsets = Subsets(*(Subset(store, rows, spec.color) for rows in (np.arange(40), np.arange(40, 50))))
    return execute(
        TrainingJob(spec, seed, folder / "logs", checkpoint), objective, subsets, len(np.unique(store.labels))
    )


def test_the_outcome_has_the_best_score_and_its_epoch(store, spec, tmp_path, capsys):
    outcome = run(store, spec, tmp_path)
    log = capsys.readouterr().out
    accuracies = [float(value) / 100 for value in re.findall(r"^epoch.* val_accuracy ([\d.]+)%", log, re.MULTILINE)]
    assert len(accuracies) == 3
    assert (outcome.status, outcome.error) == ("completed", None)
    assert outcome.score == pytest.approx(max(accuracies), abs=1e-4)
    assert outcome.best_step == accuracies.index(max(accuracies)) + 1
    assert list((tmp_path / "logs").glob("train/events*"))


def test_the_score_depends_on_the_seed_only(store, spec, tmp_path):
    first, second, other = (run(store, spec, tmp_path, "val_loss", seed) for seed in (1, 1, 2))
    assert first == second != other


def test_a_trial_of_three_classes_has_a_score(store, spec, tmp_path):
    three = Store(store.images, store.ids, np.arange(50) % 3)
    outcome = run(three, spec, tmp_path)
    assert outcome.status == "completed"
    assert 0 <= outcome.score <= 1


HISTORY = pd.DataFrame({"epoch": [1, 2, 3, 4], "val_accuracy": [0.6, 0.8, 0.8, 0.7], "val_loss": [0.6, 0.5, 0.4, 0.4]})


@pytest.mark.parametrize(("objective", "expected"), [("val_accuracy", (0.8, 2)), ("val_loss", (0.4, 3))])
def test_the_best_epoch_is_the_first_with_the_best_value_of_the_objective(objective, expected):
    assert best_epoch(HISTORY, objective) == expected


def test_a_training_that_diverges_is_a_failed_execution(store, spec, tmp_path):
    diverging = spec.model_copy(update={"optimizer": spec.optimizer.model_copy(update={"learning_rate": 1e30})})
    outcome = run(store, diverging, tmp_path)
    assert (outcome.status, outcome.score, outcome.best_step) == ("failed", None, None)
    assert "the training diverged" in outcome.error


def test_a_network_that_does_not_fit_into_memory_is_a_failed_execution(store, spec, tmp_path, capsys):
    outcome = run(store, resolve({"dense_units": 4_000_000_000}, spec), tmp_path)  # 4 TB of weights
    assert (outcome.status, outcome.score) == ("failed", None)
    assert "OOM" in outcome.error or "ResourceExhausted" in outcome.error
    assert len(outcome.error) <= 501
    assert "Traceback" in capsys.readouterr().err, "the log has the whole message"


def fail(error):
    def fit(*arguments):
        raise error

    return fit


GPU = "/job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc"


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("InternalError", "CUDA error: an illegal memory access was encountered"),
        ("UnknownError", "Failed to get convolution algorithm. This is probably because cuDNN failed to initialize"),
        ("UnimplementedError", "DNN library is not found, cuDNN"),
        ("InvalidArgumentError", "Cannot assign a device for operation: /device:GPU:0 is not available"),
        ("UnavailableError", "the device is gone"),
        ("NotFoundError", "/scratch/images.npy; No such file or directory"),
        ("DataLossError", "truncated record"),
        (
            "ResourceExhaustedError",
            "OOM when allocating tensor with shape[8,8] on CPU:0 by allocator cpu",
        ),
        (RuntimeError, "cudaGetDevice() failed. Status: initialization error"),
        (RuntimeError, "CUDA driver version is insufficient for CUDA runtime version"),
        (MemoryError, "Unable to allocate 2.00 GiB for an array"),
    ],
)
def test_an_error_of_the_machine_is_not_the_outcome_of_a_trial(store, spec, tmp_path, monkeypatch, kind, message):
    error = getattr(tf.errors, kind)(None, None, message) if isinstance(kind, str) else kind(message)
    monkeypatch.setattr(trials, "fit", fail(error))
    with pytest.raises(type(error), match=re.escape(message)):
        run(store, spec, tmp_path)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("ResourceExhaustedError", f"OOM when allocating tensor with shape[64,64,512] and type float on {GPU}"),
        ("InvalidArgumentError", "Incompatible shapes: [16,4] vs. [16,2]"),
        (ValueError, "Negative dimension size caused by subtracting 2 from 1"),
    ],
)
def test_an_error_of_the_network_is_the_outcome_of_a_trial(store, spec, tmp_path, monkeypatch, kind, message):
    error = getattr(tf.errors, kind)(None, None, message) if isinstance(kind, str) else kind(message)
    monkeypatch.setattr(trials, "fit", fail(error))
    outcome = run(store, spec, tmp_path)
    assert outcome.status == "failed"
    assert " ".join(message.split()) in outcome.error


def test_every_execution_has_a_different_seed_that_does_not_depend_on_the_number_of_executions():
    seeds = [execution_seed(42, trial, execution) for trial in range(1, 21) for execution in range(1, 21)]
    assert len(set(seeds)) == 400
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert execution_seed(42, 1, 1) == seeds[0] != execution_seed(43, 1, 1)
