import os
from pathlib import Path

import numpy as np
import pytest

from canigatti.photos.store import Store

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real photos and weights."""
    if "CANIGATTI_SHARED" not in os.environ:
        pytest.skip("CANIGATTI_SHARED is not set: no real photos and weights here")
    return Path(os.environ["CANIGATTI_SHARED"])


@pytest.fixture
def store() -> Store:
    """Fifty photos of 16×16 that one look tells apart: class 1 is brighter at the top."""
    generator = np.random.default_rng(0)
    labels = np.arange(50) % 2
    images = generator.integers(0, 120, (50, 16, 16, 3), dtype=np.uint8)
    images[labels == 1, :8] += 120
    return Store(images, np.array([f"photo.{n}.jpg" for n in range(50)], dtype=object), labels)
