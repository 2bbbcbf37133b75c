"""Photos on which an exported model is compared with Keras."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from canigatti.config import Square
from canigatti.files import InputError
from canigatti.photos.records import read_subset
from canigatti.photos.store import open_store
from canigatti.prediction.files import read_square
from canigatti.prediction.search import find_files
from canigatti.training.records import TrainingRecord

COUNT = 32
_SEED = 0


@dataclass(frozen=True)
class ComparedPhotos:
    """Photos as an image store contains them.

    Attributes:
        images: (n, size, size, 3), uint8, RGB; n is `COUNT`, or fewer if there are fewer.
        source: what they are, such as `32 test photos of pets`.
        note: why they are no photos, on one line; empty if they are.
    """

    images: np.ndarray
    source: str
    note: str = ""


def choose_photos(model: Path, square: Square, folder: Path | None) -> ComparedPhotos:
    """Return photos of a folder; without one, test photos of the study that trained the model, or random images.

    Args:
        model: the model file; in results/<study>/training/<experiment>/seed<k>, the test photos of the study are found.
        square: the photos that it takes.
        folder: a folder of photos; None for the test photos.

    Raises:
        InputError: there is no readable photo in the folder, or a file of the study is damaged.
    """
    if folder is not None:
        return _read_folder(folder, square)
    return _test_photos(model, square) or ComparedPhotos(
        random_images(square.size),
        f"{COUNT} random images",
        "the test photos of the model's study were not found, so random images are compared; --photos FOLDER compares "
        "photos",
    )


def _read_folder(folder: Path, square: Square) -> ComparedPhotos:
    if not folder.is_dir():
        raise InputError(f"--photos {folder}: expected a folder of photos")
    images: list[np.ndarray] = []
    files = find_files([os.fspath(folder)]).files
    for position in np.random.default_rng(_SEED).permutation(len(files)):  # those of a folder may be of one class
        image = read_square(files[position], square)
        images += [] if isinstance(image, str) else [image]
        if len(images) == COUNT:
            break
    if not images:
        raise InputError(f"--photos {folder}: expected a folder of photos, but none in it can be read")
    return ComparedPhotos(np.stack(images), f"{_photos(len(images))} of {folder}")


def _test_photos(model: Path, square: Square) -> ComparedPhotos | None:
    """Return test photos of the study in whose results the model is; None if they are not there."""
    seed = model.absolute().parent
    record = seed / "run.json"
    if len(seed.parents) < 3 or seed.parents[1].name != "training" or not record.is_file():
        return None
    study = seed.parents[2]
    images, manifest = study / "photos" / f"images-{square}.npy", study / "photos" / "manifest.csv"
    split = study / "splits" / f"{TrainingRecord.read(record).spec.split}.csv"
    if not all(path.is_file() for path in (images, manifest, split)):
        return None
    store, ids = open_store(images, manifest), read_subset(split, "test")
    chosen = ids[np.linspace(0, len(ids) - 1, min(COUNT, len(ids))).astype(int)]  # of all classes
    return ComparedPhotos(store.photos(store.rows(chosen)), f"{_photos(len(chosen), 'test photo')} of {study.name}")


def random_images(size: int) -> np.ndarray:
    """Return (COUNT, size, size, 3), uint8: noise from coarse to fine, so that networks answer differently to it."""
    generator = np.random.default_rng(_SEED)
    images = []
    for number in range(COUNT):
        side = 2 + number * (size - 2) // (COUNT - 1)
        noise = Image.fromarray(generator.integers(0, 256, (side, side, 3), dtype=np.uint8))
        images.append(np.asarray(noise.resize((size, size), Image.Resampling.BILINEAR)))
    return np.stack(images)


def _photos(count: int, noun: str = "photo") -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
