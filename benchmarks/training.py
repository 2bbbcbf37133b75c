"""Speed of training and of the input pipeline: the study's base network, RGB input of 200×200, batch size 64."""

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import recipe
from measure import Row, Task, fitted, ratio, speeds, timed
from photos import Photos

from canigatti.config import Augmentation, Spec
from canigatti.training import networks
from canigatti.training.batches import Subset, training_batches

if TYPE_CHECKING:
    import keras

STEPS, BATCH_SIZE, SIZE = 22, 64, 200
PREFETCHED = 12  # batches: Keras' generators queue ten and hold one; ours queue four and one per core
FEEDING_STEPS = 20
AUGMENTATIONS = {"augmented": Augmentation(), "plain": None}


def rows(photos: Photos, folder: Path) -> list[Row]:
    """Measure all training tasks alternately, and then all feeding tasks."""
    store = photos.store(SIZE)
    # Both classes, with repetitions: as many photos as are fed until the last batch of a fit.
    spread = np.linspace(0, len(store.images) - 1, (STEPS + PREFETCHED) * BATCH_SIZE, dtype=int)
    subset = Subset(store, spread, "rgb")
    files = photos.files()
    recipe.write_folders([files[row] for row in spread], store.labels[spread], folder)
    training = speeds(training_tasks(subset, folder))
    feeding = speeds(feeding_tasks(subset, folder))
    return [
        ratio("training, with / without augmentation", training["augmented"], training["plain"], target=0.95),
        ratio(
            "training with augmentation / the original's recipe",
            *(training["augmented"], training["recipe augmented"]),
            target=2.2,
        ),
        ratio(
            "training without augmentation / the original's recipe without augmentation",
            *(training["plain"], training["recipe plain"]),
            target=1.0,
        ),
        ratio(
            "training from the image store / from an array in memory", training["plain"], training["array"], target=0.97
        ),
        ratio(
            "feeding with augmentation / ImageDataGenerator",
            feeding["augmented"],
            feeding["recipe augmented"],
            target=5,
        ),
        ratio("feeding without augmentation / training", feeding["plain"], training["plain"], target=50),
        ratio("augmentation, grayscale / RGB", feeding["augmented grayscale"], feeding["augmented"], target=1.5),
    ]


def in_memory(subset: Subset) -> tuple[np.ndarray, np.ndarray]:
    """Return the photos and labels, (n,), of a subset."""
    images, labels = subset.gather(np.arange(len(subset)))
    return images, labels[:, 0].astype(int)


def training_tasks(subset: Subset, folder: Path) -> dict[str, Task]:
    """Return tasks that train the base network with five input pipelines."""
    spec = Spec(image_size=SIZE, batch_size=BATCH_SIZE, augmentation=None)
    ours, theirs = networks.build(spec, None, 2), original_network(spec)
    images, labels = in_memory(subset)
    tasks: dict[str, Task] = {}
    for name, augmentation in AUGMENTATIONS.items():
        own = training_batches(subset, BATCH_SIZE, augmentation, seed=1)
        original = recipe.batches(folder, SIZE, BATCH_SIZE, augmentation)
        tasks[name] = fit_task(ours, own)
        tasks[f"recipe {name}"] = fit_task(theirs, original)
    array = fit_task(ours, images, labels[:, None], batch_size=BATCH_SIZE)
    return {**tasks, "array": array}


def fit_task(model: "keras.Model", *data: object, **options: object) -> Task:
    """Return a task that fits `STEPS` batches, timed after the prefetched batches are used up."""
    return fitted(model, BATCH_SIZE, STEPS, *data, skipped=PREFETCHED, steps_per_epoch=STEPS, **options)


def original_network(spec: Spec) -> "keras.Model":
    """Return the base network without rescaling, because the original's generator yields scaled photos."""
    import keras

    photos = keras.Input((SIZE, SIZE, 3))
    return networks.compile_network(keras.Model(photos, networks.apply_convolutional(spec.network, photos)), spec)


def feeding_tasks(subset: Subset, folder: Path) -> dict[str, Task]:
    """Return tasks that make batches and discard them; batches prefetched during another task are not counted."""
    gray = Subset(subset.store, subset.rows, "grayscale")
    return {
        "augmented": feed_task(training_batches(subset, BATCH_SIZE, Augmentation(), seed=1)),
        "augmented grayscale": feed_task(training_batches(gray, BATCH_SIZE, Augmentation(), seed=1)),
        "plain": feed_task(training_batches(subset, BATCH_SIZE, None, seed=1), steps=10 * FEEDING_STEPS),
        "recipe augmented": feed_task(recipe.batches(folder, SIZE, BATCH_SIZE, Augmentation())),
    }


def feed_task(batches: Iterable, steps: int = FEEDING_STEPS) -> Task:
    """Return a task that makes `steps` batches of an endless iterable."""
    iterator = iter(batches)

    def count(steps: int) -> int:
        return sum(len(images) for images, _ in itertools.islice(iterator, steps))

    return timed(lambda: count(steps), before=lambda: count(PREFETCHED))
