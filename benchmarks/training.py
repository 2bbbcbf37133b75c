"""Speed of training and of feeding it, on the study's base network, RGB, 200×200, batches of 64."""

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
from canigatti.training.batches import Part, training_batches

if TYPE_CHECKING:
    import keras

STEPS, BATCH_SIZE, SIZE = 22, 64, 200
MADE_AHEAD = 12  # batches: Keras' generators queue ten and hold one; ours four and one a core
FEEDING_STEPS = 20
AUGMENTATIONS = {"augmented": Augmentation(), "plain": None}


def rows(of_study: Photos, folder: Path) -> list[Row]:
    """Everything that is about training, measured in one alternation, and feeding in another."""
    store = of_study.store(SIZE)
    # Of both classes, some of them twice: as many as are made until a fit's last batch is trained on.
    spread = np.linspace(0, len(store.images) - 1, (STEPS + MADE_AHEAD) * BATCH_SIZE, dtype=int)
    part = Part(store, spread, "rgb")
    files = of_study.files()
    recipe.write_folders([files[row] for row in spread], store.labels[spread], folder)
    training = speeds(training_tasks(part, folder))
    feeding = speeds(feeding_tasks(part, folder))
    return [
        ratio("training, augmented / plain", training["augmented"], training["plain"], 0.95),
        ratio("training augmented / the original's recipe", training["augmented"], training["recipe augmented"], 2.2),
        ratio("training plain / the original's recipe, plain", training["plain"], training["recipe plain"], 1.0),
        ratio("training plain / from one array in memory", training["plain"], training["array"], 0.97),
        ratio("feeding augmented / ImageDataGenerator alone", feeding["augmented"], feeding["recipe augmented"], 5),
        ratio("feeding plain / training plain", feeding["plain"], training["plain"], 50),
        ratio("augmentation, grayscale / RGB", feeding["augmented grayscale"], feeding["augmented"], 1.5),
    ]


def part_of(part: Part) -> tuple[np.ndarray, np.ndarray]:
    """Photos and labels (n,) of a part, in memory."""
    images, labels = part.gather(np.arange(len(part)))
    return images, labels[:, 0].astype(int)


def training_tasks(part: Part, folder: Path) -> dict[str, Task]:
    """The base network fed in five ways."""
    spec = Spec(image_size=SIZE, batch_size=BATCH_SIZE, augmentation=None)
    ours, theirs = networks.build(spec), original_network(spec)
    images, labels = part_of(part)
    tasks: dict[str, Task] = {}
    for name, augmentation in AUGMENTATIONS.items():
        made = training_batches(part, BATCH_SIZE, augmentation, seed=1)
        read = recipe.batches(folder, SIZE, BATCH_SIZE, augmentation)
        tasks[name] = fit_task(ours, made)
        tasks[f"recipe {name}"] = fit_task(theirs, read)
    array = fit_task(ours, images, labels[:, None], batch_size=BATCH_SIZE)
    return {**tasks, "array": array}


def fit_task(model: "keras.Model", *data: object, **options: object) -> Task:
    """A fit of so many batches, timed when those made ahead are used up."""
    return fitted(model, BATCH_SIZE, STEPS, *data, skipped=MADE_AHEAD, steps_per_epoch=STEPS, **options)


def original_network(spec: Spec) -> "keras.Model":
    """The base network on photos that are scaled already, as the original's generator gives them."""
    import keras

    photos = keras.Input((SIZE, SIZE, 3))
    return networks.compile_network(keras.Model(photos, networks.convolutional(spec.network, photos)), spec)


def feeding_tasks(part: Part, folder: Path) -> dict[str, Task]:
    """Batches made and thrown away; those that were made while another task ran are not counted."""
    gray = Part(part.store, part.rows, "grayscale")
    return {
        "augmented": feed_task(training_batches(part, BATCH_SIZE, Augmentation(), seed=1)),
        "augmented grayscale": feed_task(training_batches(gray, BATCH_SIZE, Augmentation(), seed=1)),
        "plain": feed_task(training_batches(part, BATCH_SIZE, None, seed=1), steps=10 * FEEDING_STEPS),
        "recipe augmented": feed_task(recipe.batches(folder, SIZE, BATCH_SIZE, Augmentation())),
    }


def feed_task(batches: Iterable, steps: int = FEEDING_STEPS) -> Task:
    """So many batches of an endless row."""
    iterator = iter(batches)

    def count(steps: int) -> int:
        return sum(len(images) for images, _ in itertools.islice(iterator, steps))

    return timed(lambda: count(steps), before=lambda: count(MADE_AHEAD))
