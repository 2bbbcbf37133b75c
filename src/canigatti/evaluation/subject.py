"""What a command of this stage predicts with, and what it predicts: a trained model and an image store."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from canigatti.evaluation.records import EvaluationRecord
from canigatti.files import sha256_of
from canigatti.photos.records import read_subset
from canigatti.photos.store import Store, open_store
from canigatti.training.leases import lease_device
from canigatti.training.machine import describe_machine
from canigatti.training.model_files import load_model
from canigatti.training.records import Inputs, TrainingRecord

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Subject:
    """A trained model and the photos of its split.

    Attributes:
        network: the model, checked against the hash in the run.json next to it.
        model_sha256: that hash.
        store: the photos.
        split: CSV file of the split.
        inputs: the photos and the split, as they were when the model was loaded.
    """

    network: "keras.Model"
    model_sha256: str
    store: Store
    split: Path
    inputs: Inputs

    @classmethod
    def load(cls, model: Path, split: Path, images: Path) -> "Subject":
        """Lease a device, before TensorFlow is imported, and load the model on it.

        Args:
            model: the model file.
            split: CSV file of its split.
            images: the image store, with its manifest next to it.

        Raises:
            InputError: a file is missing, invalid, or not the one that its record describes.
        """
        lease_device()  # before TensorFlow is imported
        model_sha256, inputs = TrainingRecord.read(model.with_name("run.json")).model_sha256, Inputs.of(images, split)
        network = load_model(model, model_sha256)
        return cls(network, model_sha256, open_store(images, images.with_name("manifest.csv")), split, inputs)

    def rows(self, subset: str) -> np.ndarray:
        """Return the positions of the photos of a subset in the image store, in the order of the split."""
        return self.store.rows(read_subset(self.split, subset))

    def write_record(self, path: Path, files: Sequence[str]) -> None:
        """Write what was predicted with what, and the hashes of the results.

        Args:
            path: the JSON file.
            files: names of the results, next to it.
        """
        EvaluationRecord(
            model_sha256=self.model_sha256,
            inputs=self.inputs,
            machine=describe_machine(),
            files={name: sha256_of(path.with_name(name)) for name in files},
        ).write(path)
