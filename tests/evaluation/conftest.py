from pathlib import Path

import numpy as np
import pytest

from canigatti.photos.store import Store


@pytest.fixture
def photos_of(write_photos_folder):
    """Return a function that writes a photos folder, with one broken file, from images and labels."""

    def write(folder: Path, images: np.ndarray, labels: np.ndarray) -> dict[str, Path]:
        names = np.array(["cat", "dog"])[labels]
        ids = np.array([f"{name}.{number}.jpg" for number, name in enumerate(names)], dtype=object)
        return write_photos_folder(folder, Store(images, ids, labels), unreadable=1)

    return write
