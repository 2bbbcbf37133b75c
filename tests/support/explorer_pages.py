"""A made-up page of the explorer: nine photos of three classes, predicted by three networks."""

import colorsys

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from canigatti.config import Square
from canigatti.evaluation.predictions import Predictions, logits_of
from canigatti.photos.records import RejectedFile, Verdict
from canigatti.photos.store import Store
from canigatti.report.explorer.comparing import compare_photos
from canigatti.report.explorer.reading import TestedStudy, TrainedNetwork
from canigatti.report.explorer.rendering import render
from canigatti.report.explorer.thumbnails import draw_thumbnails

CLASSES = ("cat", "dog", "owl, =x")
HOSTILE = "dog.\"><script>alert('x')</script>&#% +.jpg"
# By id: the label, and what each of the three networks predicts with which probability; the rest is divided equally.
_PREDICTED = {
    "cat.1.jpg": (0, [(1, 0.9), (1, 0.8), (1, 0.7)]),
    "cat.2.jpg": (0, [(0, 0.9), (0, 0.8), (1, 0.9)]),
    "cat.3.jpg": (0, [(0, 0.34667), (0, 0.34667), (1, 0.34667)]),
    "cat.10.jpg": (0, [(0, 0.96), (0, 0.96), (0, 0.96)]),
    "dog.1.jpg": (1, [(1, 0.95), (1, 0.95), (1, 0.95)]),
    "dog.2.jpg": (1, [(0, 0.6), (1, 0.6), (0, 0.6)]),
    HOSTILE: (1, [(1, 0.94), (1, 0.94), (1, 0.94)]),
    "owl.1.jpg": (2, [(0, 0.6), (0, 0.6), (1, 0.6)]),
    "owl.2.jpg": (2, [(2, 0.93), (2, 0.93), (2, 0.93)]),
}
IDS = [*_PREDICTED]


def made_up_study(classes: tuple[str, ...] = CLASSES) -> TestedStudy:
    """Return the study; the two first photos and one that was not tested are near duplicates."""
    labels = np.array([label for label, _ in _PREDICTED.values()])
    networks = []
    for number, (name, seed) in enumerate((("plain", 1), ("plain", 2), ("augmented", 1))):
        made = [predicted[number] for _, predicted in _PREDICTED.values()]
        probabilities = np.array([[p if k == label else (1 - p) / 2 for k in range(3)] for label, p in made])
        ids = np.array(IDS, dtype=object)
        networks.append(TrainedNetwork(name, seed, Predictions(ids, labels, probabilities, logits_of(probabilities))))
    kept = [*IDS, "cat.99.jpg"]
    groups = pd.Series(kept, index=kept)
    groups[["cat.2.jpg", "cat.99.jpg"]] = "cat.1.jpg"
    rejected = (
        RejectedFile(id="empty.jpg", path="photos/empty.jpg", verdict=Verdict.EMPTY, reason="no bytes"),
        RejectedFile(id="x.jpg", path=f"photos/{HOSTILE}", verdict=Verdict.UNREADABLE, reason="<b>cut off"),
    )
    manifest = pd.DataFrame({"id": kept, "path": [f"photos/{name}" for name in kept]})
    return TestedStudy("made-up", classes, tuple(networks), (), manifest, groups, rejected)


def page(classes: tuple[str, ...] = CLASSES, total: int | None = None) -> str:
    """Return the page as HTML.

    Args:
        classes: names of the three classes.
        total: number of test photos, on the page or not; by default those on the page.
    """
    study = made_up_study(classes)
    photos = compare_photos(study.networks)
    store = Store(np.stack([_draw(number) for number in range(len(IDS))]), np.array(IDS, dtype=object), photos.labels)
    sizes = np.full((len(photos), 2), 64)
    images = draw_thumbnails(store, Square(64), photos.ids, sizes)
    return render(study, photos, images, total or len(photos))


def _draw(number: int) -> np.ndarray:
    color = tuple(round(255 * part) for part in colorsys.hsv_to_rgb(number / len(IDS), 0.6, 0.8))
    image = Image.new("RGB", (64, 64), color)
    ImageDraw.Draw(image).ellipse((16, 16, 48, 48), fill="white")
    return np.asarray(image)
