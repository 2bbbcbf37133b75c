"""Measure what the audit finds: swapped labels and photos of no class among real photos, and how long judging takes.

    CANIGATTI_SHARED=../shared python benchmarks/audit.py [FOLDER]

The features of all photos are computed once, as the rules do it, in FOLDER (default: a temporary folder; a later run
with the same one takes seconds). Then, for each seed, 60 labels are swapped and 60 flowers get a label of pets. The
labels are judged as by `audit-labels`, and of the 200 most doubtful photos the planted ones are counted. Near
duplicates of different labels are not left out here; the rule `inspect_photos` would.
"""

import os
import sys
import tempfile
import time
import zipfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from photos import run

from canigatti.audit.doubt import judge
from canigatti.config import Weights
from canigatti.photos.records import groups_of, read_kept

SEEDS = (1, 2, 3)
PLANTED = 60
FIRST = 200
PETS = 2  # the classes with the labels 0 and 1
SIZE = 160


def main() -> None:
    shared = Path(os.environ["CANIGATTI_SHARED"])
    with tempfile.TemporaryDirectory(prefix="canigatti-audit-") as temporary:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else temporary)
        if not (folder / "features.json").exists():
            compute_features(shared, folder)
        features = np.load(folder / "features.npy")
        kept = read_kept(folder / "manifest.csv")
        groups = groups_of(kept["id"].reset_index(drop=True), folder / "groups.csv")
        for seed in SEEDS:
            print(count_found(kept, groups, features, seed), flush=True)
    print(time_judging(), flush=True)


def compute_features(shared: Path, folder: Path) -> None:
    """Inspect and decode pets and flowers together, as three classes, and compute the features."""
    for name in ("petimages-4k", "flowers-1k"):
        with zipfile.ZipFile(shared / "data" / f"{name}.zip") as archive:
            archive.extractall(folder / "photos" / name)
    for path in sorted((folder / "photos/flowers-1k").rglob("*.jpg")):
        target = folder / "photos/pets/flower" / f"{path.parent.name}-{path.name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
    (pets,) = (folder / "photos/petimages-4k").rglob("PetImages")
    for path in pets.iterdir():
        if path.is_dir():
            path.rename(folder / "photos/pets" / path.name.lower())
    source, manifest, images = folder / "source.json", folder / "manifest.csv", folder / f"images-{SIZE}.npy"
    weights = folder / "mobilenetv2.weights.h5"
    local = Weights(source=str(shared / "weights/mobilenetv2_notop.weights.h5"))
    run("fetch", "--source", folder / "photos/pets", "--output", source)
    classes = [part for name in ("cat", "dog", "flower") for part in ("--class", name)]
    run("inspect", "--source", source, *classes, "--output", folder, "--workers", 2)
    run("store", "--source", source, "--manifest", manifest, "--size", SIZE, "--output", images, "--workers", 2)
    record = ("--output", weights, "--record", folder / "mobilenetv2.json")
    run("fetch-weights", "--backbone", "mobilenetv2", "--spec", local.to_json(), *record)
    run("extract-features", "--images", images, "--backbone", "mobilenetv2", "--weights", weights, "--output", folder)


def count_found(kept, groups, features, seed: int) -> str:
    generator = np.random.default_rng(seed)
    labels = kept["label"].to_numpy(dtype=int)
    flowers = generator.choice(np.flatnonzero(labels == PETS), PLANTED, replace=False)
    pets = np.flatnonzero(labels < PETS)
    swapped = generator.choice(pets, PLANTED, replace=False)
    labels = labels.copy()
    labels[swapped] = 1 - labels[swapped]
    labels[flowers] = generator.integers(0, PETS, PLANTED)
    rows = np.sort(np.concatenate([pets, flowers]))
    ids = kept["id"].to_numpy(dtype=object)
    first = set(judge(ids[rows], labels[rows], groups[rows], features[rows], seed).head(FIRST)["id"])
    found = [sum(name in first for name in ids[planted]) for planted in (swapped, flowers)]
    return (
        f"seed {seed}: of the {FIRST} most doubtful of {len(rows):,} photos, {found[0]} are among the {PLANTED} with "
        f"swapped labels and {found[1]} among the {PLANTED} flowers"
    )


def time_judging(count: int = 25_000, dimensions: int = 1280) -> str:
    """Time the judgment of generated features of two overlapping classes; one label in a hundred is wrong."""
    generator = np.random.default_rng(0)
    labels = np.arange(count) % 2
    centers = generator.normal(0, 0.1, (2, dimensions))
    features = np.maximum(0, centers[labels] + generator.normal(0, 1, (count, dimensions))).astype(np.float32)
    wrong = generator.random(count) < 0.01
    started = time.perf_counter()
    judge(
        np.arange(count).astype(str).astype(object), np.where(wrong, 1 - labels, labels), np.arange(count), features, 1
    )
    return f"judging {count:,} photos with {dimensions:,} features: {time.perf_counter() - started:.0f} s"


main()
