import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from canigatti.photos.manifest import COLUMNS
from canigatti.photos.store import Store

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real photos and weights."""
    if "CANIGATTI_SHARED" not in os.environ:
        pytest.skip("CANIGATTI_SHARED is not set: no real photos and weights here")
    return Path(os.environ["CANIGATTI_SHARED"])


def fifty_photos() -> Store:
    generator = np.random.default_rng(0)
    labels = np.arange(50) % 2
    images = generator.integers(0, 120, (50, 16, 16, 3), dtype=np.uint8)
    images[labels == 1, :8] += 120
    return Store(images, np.array([f"photo.{n}.jpg" for n in range(50)], dtype=object), labels)


@pytest.fixture
def store() -> Store:
    """Fifty photos of 16×16 that one look tells apart: class 1 is brighter at the top."""
    return fifty_photos()


@pytest.fixture(scope="session")
def photo_files(tmp_path_factory) -> dict[str, Path]:
    """The fifty photos as the commands of training read them; forty train, ten validate."""
    store, folder = fifty_photos(), tmp_path_factory.mktemp("photos")
    files = {"images": folder / "images.npy", "manifest": folder / "manifest.csv", "split": folder / "split.csv"}
    np.save(files["images"], store.images)
    rows = pd.DataFrame("", index=range(50), columns=COLUMNS)
    rows = rows.assign(id=store.ids, label=store.labels, width=16, height=16, bytes=1, verdict="keep")
    rows.to_csv(files["manifest"], index=False)
    parts = ["train"] * 40 + ["validation"] * 10
    pd.DataFrame({"id": store.ids, "label": store.labels, "part": parts}).to_csv(files["split"], index=False)
    return files
