"""A made-up study on disk, as the stages before the report would leave it."""

import json
from collections.abc import Callable, Iterable
from dataclasses import fields as fields_of
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageDraw

from canigatti.config import Experiment, Study
from canigatti.report.evidence import Network

GRID = [
    f"base-{split}-{colour}{suffix}"
    for split in ("641620", "801010")
    for colour in ("gray", "rgb")
    for suffix in ("", "-aug")
]
AUGMENTED = {"split": "80-10-10", "augment": True}
MODIFIED = {**AUGMENTED, "table": "modifications"}
# Experiments of the other tables: settings, accuracy, parameters, seconds an epoch. The pretrained ones are stand-ins.
OTHERS = {
    "tuned": (
        {
            **{"table": "search", "split": "64-16-20", "network": {"filters": [64, 64, 256]}},
            **{"optimizer": {"name": "adam"}, "search": {"space": {"dense_units": {"low": 1, "high": 9, "step": 1}}}},
        },
        *(0.8216, 25_814_753, 61.0),
    ),
    "wider": (
        {
            **MODIFIED,
            "network": {"filters": [64, 128, 256], "dropout": [0.2, 0.2, 0.2, 0.4]},
        },
        *(0.866, 41_331_329, 118.0),
    ),
    "deeper": (
        {
            **MODIFIED,
            "network": {"convolutions_per_block": 2, "dropout": [0.2, 0.2, 0.2, 0.4]},
            "early_stopping": {"patience": 15},
        },
        *(0.904, 20_767_521, 132.0),
    ),
    "vgg16-transfer": (
        {**AUGMENTED, "table": "pretrained", "network": {"filters": [64, 128, 256], "dense_units": 128}},
        *(0.9828, 21_203_777, 160.0),
    ),
    "mobilenetv2-transfer": (
        {**AUGMENTED, "table": "pretrained", "network": {"filters": [32, 64, 128], "dense_units": 128}},
        *(0.9896, 2_430_273, 31.0),
    ),
    "optimizer-adam": (
        {"table": "ablations", "split": "80-10-10", "optimizer": {"name": "adam"}},
        *(0.8088, 20_573_761, 54.0),
    ),
    "optimizer-rmsprop": (
        {"table": "ablations", "split": "80-10-10", "optimizer": {"name": "rmsprop"}},
        *(0.7788, 20_573_761, 55.0),
    ),
    "batch-16": ({"table": "ablations", "split": "80-10-10", "batch_size": 16}, 0.8036, 20_573_761, 92.0),
    "batch-256": ({"table": "ablations", "split": "80-10-10", "batch_size": 256}, 0.7964, 20_573_761, 49.0),
}
NAMES = [*GRID, *OTHERS]
ACCURACY = {
    **dict(zip(GRID, (0.766, 0.8004, 0.8036, 0.824, 0.7836, 0.83, 0.8136, 0.8516), strict=True)),
    **{name: accuracy for name, (_, accuracy, _, _) in OTHERS.items()},
}
SPLITS = {
    "64-16-20": {"train": 0.64, "validation": 0.16, "test": 0.2},
    "80-10-10": {"train": 0.8, "validation": 0.1, "test": 0.1},
}
EPOCHS = 30
FIELDS = {field.name for field in fields_of(Network)}


def make_study(
    name: str = "made-up",
    seeds: tuple[int, ...] = (42,),
    classes: tuple[str, str] = ("cat", "dog"),
    whole: bool = False,
) -> Study:
    """A study of the eight base experiments, or of experiments in every table."""
    experiments = {
        experiment: {
            "split": "64-16-20" if "641620" in experiment else "80-10-10",
            "color": "grayscale" if "gray" in experiment else "rgb",
            "augment": experiment.endswith("-aug"),
        }
        for experiment in GRID
    } | ({name: settings for name, (settings, _, _, _) in OTHERS.items()} if whole else {})
    fields = {
        "study": name,
        "classes": classes,
        "seeds": seeds,
        "splits": SPLITS,
        "experiments": experiments,
    }
    return Study.model_validate({**fields, "photos": {"source": "photos.zip"}})


def write_study(
    study: Study, folder: Path, hostile_id: str | None = None, gallery: int = 96, **special: tuple[str, ...]
) -> None:
    """Write a plausible results folder for `study`.

    Args:
        study: what was run.
        folder: results/<study>.
        hostile_id: an id for one rejected and one uncertain photo.
        gallery: side of the made-up galleries, pixels.
        special: `untrained`, experiments that could not have their pretrained weights; `diverged`, those that did.
    """
    _write_photos(study, folder, hostile_id)
    for experiment in (name for name, one in study.experiments.items() if one.search):
        _write_search(folder / "search" / experiment)
    for experiment in study.experiments:
        for seed in study.seeds:
            rng = np.random.default_rng([seed, NAMES.index(experiment)])
            run = {"weights": "random"} if experiment in special.get("untrained", ()) else {}
            run |= {"status": "diverged"} if experiment in special.get("diverged", ()) else {}
            _write_training(study, folder / "training" / experiment / f"seed{seed}", experiment, seed, rng, run)
            evaluation = folder / "evaluation" / experiment / f"seed{seed}"
            n = 5000 if study.experiments[experiment].split == "64-16-20" else 2500
            _write_evaluation(evaluation, experiment, n, seed, rng, hostile_id, gallery)


def _write_photos(study: Study, folder: Path, hostile_id: str | None) -> None:
    (folder / "photos").mkdir(parents=True)
    (folder / "splits").mkdir()
    rejected = [
        {"id": "cat.666.jpg", "path": "PetImages/Cat/666.jpg", "verdict": "empty", "reason": "no bytes"},
        {"id": "dog.11702.jpg", "path": "PetImages/Dog/11702.jpg", "verdict": "empty", "reason": "no bytes"},
        {
            "id": hostile_id or "cat.10404.jpg",
            "path": hostile_id or "PetImages/Cat/10404.jpg",
            "verdict": "unreadable",
            "reason": hostile_id or "cannot identify image file",
        },
    ]
    summary = {
        "files": 25003,
        "kept": dict.fromkeys(study.classes, 12500),
        "verdicts": {"keep": 25000, "empty": 2, "unreadable": 1},
        "jfif_test_drops": 1590,
        "jfif_test_drops_kept": 1588,
        "near_duplicate_groups": 131,
        "rejected": rejected,
    }
    _dump(folder / "photos" / "summary.json", summary)
    source = {"source": "photos.zip", "path": "photos.zip", "kind": "zip", "bytes": 824887076, "sha256": "b7" * 32}
    _dump(folder / "photos" / "source.json", source)
    for picture in ("sample", "balance", "sizes", "formats", "rejected"):
        _draw(folder / "photos" / f"{picture}.png", picture, (640, 320))
    for name, split in study.splits.items():
        sizes = [round(1000 * share) for share in (split.train, split.validation, split.test)]
        parts = np.repeat(["train", "validation", "test"], sizes)
        frame = pd.DataFrame({"id": [f"{i}.jpg" for i in range(1000)], "label": np.arange(1000) % 2, "part": parts})
        frame.to_csv(folder / "splits" / f"{name}.csv", index=False)


def _write_search(folder: Path) -> None:
    """Two trials, of which the second failed."""
    folder.mkdir(parents=True)
    trials = {
        **{"trial": [1, 2], "dense_units": [3, 7], "optimizer": ["adam", "sgd"], "status": ["completed", "failed"]},
        **{"score": [0.8125, None], "best_step": [5, None], "seconds": [120.0, 3.0], "error": ["", "ValueError: <no>"]},
        **{"execution_1_score": [0.8, None], "execution_2_score": [0.825, None]},
    }
    pd.DataFrame(trials).to_csv(folder / "trials.csv", index=False)
    _draw(folder / "scores.png", "scores", (860, 680))


def _write_training(
    study: Study, folder: Path, experiment: str, seed: int, rng: np.random.Generator, more: dict[str, Any]
) -> None:
    folder.mkdir(parents=True)
    epoch = np.arange(1, EPOCHS + 1)
    augmented = study.experiments[experiment].augment
    _, _, parameters, seconds = OTHERS.get(
        experiment, ({}, 0, 20573185 if "gray" in experiment else 20573761, 54.25 if not augmented else 61.5)
    )
    loss = 0.69 * np.exp(-epoch / (30 if augmented else 12)) + 0.05
    gap = np.maximum(0, epoch - (26 if augmented else 12)) ** 1.5 / 90
    val_loss = loss + 0.8 * (1 - ACCURACY[experiment]) + gap + rng.normal(0, 0.012, EPOCHS)
    history = {
        "epoch": epoch,
        "loss": loss,
        "accuracy": 1 - loss / 1.4,
        "val_loss": val_loss,
        "val_accuracy": ACCURACY[experiment] - 0.3 * np.exp(-epoch / 6) + rng.normal(0, 0.006, EPOCHS),
        "seconds": rng.normal(50, 1, EPOCHS),
    }
    pd.DataFrame(history).to_csv(folder / "history.csv", index=False)
    _draw(folder / "curves.png", f"curves of {experiment}", (1080, 432))
    run = {
        "experiment": experiment,
        "seed": seed,
        "status": "completed",
        "spec": json.loads(study.experiments[experiment].spec()),
        "parameters": parameters,
        "weight_mb": 78.48 if experiment in GRID else parameters * 4 / 2**20,
        "best_epoch": int(np.argmin(val_loss)) + 1,
        "epochs": EPOCHS,
        "seconds_per_epoch": seconds,
        "wall_seconds": 1800.5 if experiment in GRID else 30 * seconds,
        "device": "NVIDIA H100 80GB HBM3",
        "versions": {"python": "3.12.3", "tensorflow": "2.21.0", "keras": "3.15.1"},
        "model_sha256": "0" * 64,
        **more,
    }
    _dump(folder / "run.json", run)


def _write_evaluation(
    folder: Path, experiment: str, n: int, seed: int, rng: np.random.Generator, hostile_id: str | None, gallery: int
) -> None:
    folder.mkdir(parents=True)
    accuracy = ACCURACY[experiment] + (seed - 42) * 0.004  # the first seed is as the original was
    wrong = round(n * (1 - accuracy))
    metrics = {
        "accuracy": accuracy,
        "accuracy_interval": [accuracy - 70 / n, min(1, accuracy + 60 / n)],
        "loss": 1.2 * (1 - accuracy) + 0.2,
        "n": n,
        "confusion": [[n // 2 - wrong // 2, wrong // 2], [wrong - wrong // 2, n // 2 - wrong + wrong // 2]],
        "threshold": 0.5,
    }
    _dump(folder / "metrics.json", metrics)
    _dump(folder / "speed.json", {"milliseconds_per_photo": 0.5 + NAMES.index(experiment) / 8, "batch_size": 64})
    _make_predictions(n, metrics["confusion"], rng).to_csv(folder / "predictions.csv", index=False)
    distance = np.sort(rng.uniform(0, 0.01, 10))
    true = rng.integers(0, 2, 10)
    ids = [hostile_id or "nan", *(f"cat.{i}.jpg" for i in range(9))]
    uncertain = {"id": ids, "probability": 0.5 + distance, "true": true, "predicted": 1, "distance": distance}
    pd.DataFrame(uncertain).to_csv(folder / "uncertain.csv", index=False)
    _draw(folder / "confusion.png", "confusion", (480, 400))
    for name in ("misclassified", "uncertain"):
        noise = rng.integers(0, 256, (gallery // 8, gallery // 8, 3), dtype=np.uint8)
        Image.fromarray(noise).resize((gallery, gallery), Image.Resampling.BICUBIC).save(folder / f"{name}.png")


def _make_predictions(n: int, confusion: list[list[int]], rng: np.random.Generator) -> pd.DataFrame:
    """Predictions with these errors; photos that are hard for one network tend to be hard for all."""
    label = np.arange(n) % 2
    difficulty = np.random.default_rng(7).normal(size=5000)[:n] + rng.normal(0, 0.7, n)
    wrong = np.zeros(n, bool)
    for true in (0, 1):
        hardest = np.flatnonzero(label == true)[np.argsort(-difficulty[label == true])]
        wrong[hardest[: confusion[true][1 - true]]] = True
    probability = np.where(wrong ^ (label == 1), 0.9, 0.1)
    return pd.DataFrame({"id": [f"photo.{i}.jpg" for i in range(n)], "label": label, "probability": probability})


def _draw(path: Path, text: str, size: tuple[int, int]) -> None:
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).text((20, 20), text, fill="black")
    image.save(path)


def _dump(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")


def make_network(name: str = "a", wrong: Iterable[int] = (), photos: int = 100, **fields: Any) -> Network:
    """A network that tells all photos rightly but these; further fields are its attributes, or else settings."""
    attributes = {"loss": 0.5, "best_epochs": np.array([10]), "seconds_per_epoch": np.array([60.0]), "parameters": 1000}
    attributes |= {"untrained_start": False} | {key: fields.pop(key) for key in [*fields] if key in FIELDS}
    attributes |= {key: pd.Series(attributes[key]) for key in ("best_epochs", "seconds_per_epoch")}
    settings = json.loads(Experiment(split="half").spec()) | fields
    right = pd.DataFrame({42: ~pd.Series(range(photos)).isin(set(wrong))})
    right.index = pd.Index([f"photo.{number}.jpg" for number in range(photos)], name="id")
    return Network(**{"name": name, "settings": settings, "right": right, **attributes})


@pytest.fixture(scope="session")
def network() -> Callable[..., Network]:
    """Makes a network, see `make_network`."""
    return make_network


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Study, Path]]:
    """Write a study into a new folder: takes what `make_study` and `write_study` take, gives the study and folder."""

    def write(*, hostile_id: str | None = None, gallery: int = 96, **fields: Any) -> tuple[Study, Path]:
        special = {name: fields.pop(name) for name in ("untrained", "diverged") if name in fields}
        study = make_study(**fields)
        folder = tmp_path_factory.mktemp("results") / study.study
        write_study(study, folder, hostile_id, gallery, **special)
        return study, folder

    return write
