from pathlib import Path

import numpy as np
import pandas as pd
import pytest

COLUMNS = ["id", "label", "path", "width", "height", "mode", "format", "bytes", "sha256", "phash", "verdict", "reason"]


@pytest.fixture
def photos_of():
    """Writes a photos folder with these images and labels; gives the options of a command that reads it."""

    def write(folder: Path, images: np.ndarray, labels: np.ndarray) -> dict[str, Path]:
        names = np.array(["cat", "dog"])[labels]
        rows = [
            {"id": f"{name}.{number}.jpg", "label": label, "verdict": "keep"}
            for number, (name, label) in enumerate(zip(names, labels, strict=True))
        ]
        broken = {"id": "cat.broken.jpg", "label": 0, "verdict": "unreadable"}
        manifest = pd.DataFrame([broken, *rows], columns=COLUMNS)
        manifest.to_csv(folder / "manifest.csv", index=False)
        np.save(folder / "images.npy", images)
        return {"manifest": folder / "manifest.csv", "images": folder / "images.npy"}

    return write
