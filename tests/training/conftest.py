import tempfile
from pathlib import Path

import numpy as np
import pytest

from canigatti.training import fitting, networks
from canigatti.training.batches import Subset, Subsets
from canigatti.training.device import prepare_device


def run_training(store, spec, folder, seed=42) -> fitting.TrainingResult:
    prepare_device(seed)
    checkpoint = Path(tempfile.mkdtemp(dir=folder), "checkpoint.npz")
    job = fitting.TrainingJob(spec, seed, folder / "logs", checkpoint)
    subsets = Subsets(*(Subset(store, rows, spec.color) for rows in (np.arange(40), np.arange(40, 50))))
    return fitting.fit(networks.build(spec, None, len(np.unique(store.labels))), job, subsets)


@pytest.fixture(scope="session")
def train():
    """Train on the first forty photos of a store and validate on the other ten, from the first epoch on."""
    return run_training
