"""A synthetic study on disk, written with the record classes and tables of the stages before the report."""

import shutil
import zipfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from dataclasses import fields as fields_of
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageDraw

from canigatti.config import Experiment, Outline, Spec, Study
from canigatti.evaluation.calibration import Sample, calibrate
from canigatti.evaluation.metrics import compute_metrics
from canigatti.evaluation.predictions import Predictions, logits_of, write_predictions
from canigatti.evaluation.records import UNCERTAIN, Calibration, Metrics, Speed
from canigatti.photos.records import (
    GROUPS,
    MANIFEST,
    PARTS,
    PHOTO_PLOTS,
    SPLIT,
    SUBSETS,
    ClassNames,
    PhotosSummary,
    RejectedFile,
    SourceRecord,
    Verdict,
    corrected_parts,
)
from canigatti.plots import new_figure
from canigatti.report.commands.write import report
from canigatti.report.evidence import Network
from canigatti.report.page import sections
from canigatti.report.page.embedding import quick_embedding
from canigatti.search.records import TRIALS
from canigatti.training.records import HISTORY, Inputs, Machine, TrainingRecord

GRID = [
    f"base-{split}-{color}{suffix}"
    for split in ("641620", "801010")
    for color in ("gray", "rgb")
    for suffix in ("", "-aug")
]
AUGMENTED = {"split": "80-10-10", "augment": True}
MODIFIED = {**AUGMENTED, "table": "modifications"}
# Experiments of the other tables: settings, accuracy, parameters, seconds per epoch. The pretrained networks are
# replaced by convolutional ones.
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
TEST_PHOTOS = {"64-16-20": 5000, "80-10-10": 2500}
VALIDATION_PHOTOS = 400
EPOCHS = 30
SPEC = Experiment(split="half").resolve()
NETWORK_FIELDS = {field.name for field in fields_of(Network)}


@dataclass(frozen=True)
class Contents:
    """Special contents of a synthetic study.

    Attributes:
        hostile_id: id of one rejected and one uncertain photo.
        gallery: side of the galleries, pixels.
        random_initialization: experiments whose pretrained weights could not be downloaded.
        diverged: experiments whose trainings diverged.
        pattern: labels of the test photos, repeated; by default, all classes are equal.
        kept: number of photos of each class.
    """

    hostile_id: str | None = None
    gallery: int = 96
    random_initialization: tuple[str, ...] = ()
    diverged: tuple[str, ...] = ()
    pattern: tuple[int, ...] | None = None
    kept: tuple[int, ...] | None = None


CONTENTS_FIELDS = {field.name for field in fields_of(Contents)}


def make_study(
    name: str = "synthetic",
    seeds: tuple[int, ...] = (42,),
    classes: tuple[str, ...] = ("cat", "dog"),
    all_tables: bool = False,
    rank_by: str = "accuracy",
    defaults: Mapping[str, Any] = MappingProxyType({}),
) -> Study:
    """Make a study of the eight base experiments, or of experiments in all tables; of cats and dogs, with findings."""
    experiments = {
        experiment: {
            "split": "64-16-20" if "641620" in experiment else "80-10-10",
            "color": "grayscale" if "gray" in experiment else "rgb",
            "augment": experiment.endswith("-aug"),
        }
        for experiment in GRID
    } | ({name: settings for name, (settings, _, _, _) in OTHERS.items()} if all_tables else {})
    fields = {"study": name, "classes": classes, "seeds": seeds, "splits": SPLITS, "experiments": experiments}
    fields |= {"defaults": {**defaults}, "findings": classes == ("cat", "dog")}
    return Study.model_validate({**fields, "photos": {"source": "photos.zip"}, "rank_by": rank_by})


def write_study(study: Study, folder: Path, contents: Contents) -> None:
    """Write plausible results of `study` into its folder, results/<study>."""
    _write_photos(study, folder / "photos", contents)
    pattern = contents.pattern or tuple(range(len(study.classes)))
    _write_splits(study, folder / "splits", pattern)
    _draw(folder / "report" / "accuracy-cost.png", "accuracy and cost", (1080, 648))
    for name, experiment in study.experiments.items():
        if experiment.search:
            _write_search(folder / "search" / name)
        for seed in study.seeds:
            rng, run = np.random.default_rng([seed, NAMES.index(name)]), f"{name}/seed{seed}"
            history = _make_history(name, experiment.augment, rng)
            HISTORY.write(folder / "training" / run / "history.csv", history)
            _draw(folder / "training" / run / "curves.png", f"curves of {name}", (1080, 432))
            record = _make_training_record(name, seed, experiment.resolve(), history, contents)
            record.write(folder / "training" / run / "run.json")
            _write_model(folder / "training" / run / "model.keras", seed)
            predictions, metrics = _predict(name, seed, TEST_PHOTOS[experiment.split], len(study.classes), pattern)
            metrics.write(folder / "evaluation" / run / "metrics.json")
            write_predictions(folder / "evaluation" / run / "predictions.csv", predictions, study.classes)
            validation = _predict_validation(name, seed, len(study.classes), pattern)
            write_predictions(folder / "evaluation" / run / "validation.csv", validation, study.classes)
            _write_evaluation(folder / "evaluation" / run, name, rng, contents)
            calibration = _calibrate(validation, predictions, name in contents.diverged)
            calibration.write(folder / "training" / run / "calibration.json")


def _write_photos(study: Study, folder: Path, contents: Contents) -> None:
    ids = {"cat.666.jpg": "no bytes", "dog.11702.jpg": "no bytes"}
    rejected = [RejectedFile(id=key, path=key, verdict=Verdict.EMPTY, reason=reason) for key, reason in ids.items()]
    unreadable = contents.hostile_id or "cat.10404.jpg"
    reason = contents.hostile_id or "cannot identify image file"
    rejected.append(RejectedFile(id=unreadable, path=unreadable, verdict=Verdict.UNREADABLE, reason=reason))
    PhotosSummary(
        files=25003,
        kept=dict(zip(study.classes, contents.kept or [12500] * len(study.classes), strict=True)),
        verdicts={Verdict.KEEP: 25000, Verdict.EMPTY: 2, Verdict.UNREADABLE: 1},
        jfif_test_drops=1590,
        jfif_test_drops_kept=1588,
        near_duplicate_groups=131,
        configured_groups=None,
        photos_in_configured_groups=0,
        given_subsets=(),
        rejected=tuple(rejected),
    ).write(folder / "summary.json")
    source = SourceRecord(source="photos.zip", path="photos.zip", kind="zip", bytes=824887076, sha256="b7" * 32)
    source.write(folder / "source.json")
    ClassNames(names=study.classes).write(folder / "classes.json")
    ids = [f"photo.{number}.jpg" for number in range(max(TEST_PHOTOS.values()) + VALIDATION_PHOTOS)]
    GROUPS.write(folder / "groups.csv", pd.DataFrame({"id": ids, "group": ids}))
    _write_first_photo(folder, ids[0])
    for name in PHOTO_PLOTS:
        _draw(folder / f"{name}.png", name, (640, 320))


def _write_first_photo(folder: Path, name: str) -> None:
    """Write a manifest and image stores with one photo, the first one of every test set."""
    listed = {"id": name, "label": 0, "path": name, "mode": "RGB", "format": "JPEG", "sha256": "c" * 64, "phash": ""}
    listed |= {"verdict": Verdict.KEEP, "reason": "", "width": 300, "height": 200, "bytes": 1}
    MANIFEST.write(folder / "manifest.csv", [listed])
    photo = np.random.default_rng(0).integers(0, 256, (1, SPEC.image_size, SPEC.image_size, 3), dtype=np.uint8)
    for resize in ("", "-crop", "-pad"):
        np.save(folder / f"images-{SPEC.image_size}{resize}.npy", photo)


def _write_model(path: Path, seed: int) -> None:
    """Write what the report reads of a model: the day on which Keras has saved it."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", f'{{"date_saved": "2026-11-{seed % 28 + 1:02}@10:11:12"}}')


def _write_splits(study: Study, folder: Path, pattern: tuple[int, ...]) -> None:
    for name, split in study.splits.items():
        sizes = [round(1000 * fraction) for fraction in (split.train, split.validation, split.test)]
        ids, labels = [f"{number}.jpg" for number in range(1000)], np.resize(pattern, 1000)
        rows = pd.DataFrame({"id": ids, "label": labels, "part": np.repeat(SUBSETS, sizes)})
        SPLIT.write(folder / f"{name}.csv", rows)
        for part, path in corrected_parts(folder / f"{name}.csv").items():
            SPLIT.write(path, rows[rows["part"].isin(PARTS[part])])


def _write_search(folder: Path) -> None:
    """Write two trials; the second one failed."""
    trials = {
        **{"trial": [1, 2], "dense_units": [3, 7], "optimizer": ["adam", "sgd"], "status": ["completed", "failed"]},
        **{"score": [0.8125, None], "best_step": [5, None], "rung": [None, None], "epochs": [20, 0]},
        **{"ended": ["completed", "failed"], "seconds": [120.0, 3.0], "error": ["", "ValueError: <no>"]},
        **{"execution_1_score": [0.8, None], "execution_2_score": [0.825, None]},
    }
    TRIALS.write(folder / "trials.csv", pd.DataFrame(trials))
    _draw(folder / "scores.png", "scores", (860, 680))
    _draw(folder / "curves.png", "curves", (960, 420))


def _make_history(experiment: str, augmented: bool, rng: np.random.Generator) -> pd.DataFrame:
    epoch = np.arange(1, EPOCHS + 1)
    loss = 0.69 * np.exp(-epoch / (30 if augmented else 12)) + 0.05
    overfitting = np.maximum(0, epoch - (26 if augmented else 12)) ** 1.5 / 90
    history = {
        "epoch": epoch,
        "loss": loss,
        "accuracy": 1 - loss / 1.4,
        "val_loss": loss + 0.8 * (1 - ACCURACY[experiment]) + overfitting + rng.normal(0, 0.012, EPOCHS),
        "val_accuracy": ACCURACY[experiment] - 0.3 * np.exp(-epoch / 6) + rng.normal(0, 0.006, EPOCHS),
        "seconds": rng.normal(50, 1, EPOCHS),
    }
    return HISTORY.frame(history)


def _make_training_record(
    experiment: str, seed: int, spec: Spec, history: pd.DataFrame, contents: Contents
) -> TrainingRecord:
    base = ({}, 0, 20573185 if spec.color == "grayscale" else 20573761, 61.5 if spec.augmentation else 54.25)
    _, _, parameters, seconds = OTHERS.get(experiment, base)
    return TrainingRecord(
        experiment=experiment,
        seed=seed,
        spec=spec,
        weights="random" if experiment in contents.random_initialization else None,
        wall_seconds=1800.5 if experiment in GRID else 30 * seconds,
        status="diverged" if experiment in contents.diverged else "completed",
        parameters=parameters,
        trainable_parameters=parameters,
        weight_mb=78.48 if experiment in GRID else parameters * 4 / 2**20,
        best_epoch=int(np.argmin(history["val_loss"])) + 1,
        epochs=EPOCHS,
        seconds_per_epoch=seconds,
        resumed_after=(),
        device="NVIDIA H100 80GB HBM3",
        versions={"python": "3.12.3", "tensorflow": "2.21.0", "keras": "3.15.1"},
        machine=Machine(cpu="a CPU", usable_cores=16, intra_op_threads=0, inter_op_threads=0, variables={}),
        inputs=Inputs(images_sha256="1" * 64, split_sha256="2" * 64),
        history_sha256="3" * 64,
        model_sha256="0" * 64,
    )


@cache
def _predict(
    experiment: str, seed: int, photos: int, classes: int, pattern: tuple[int, ...]
) -> tuple[Predictions, Metrics]:
    rng = np.random.default_rng([seed, NAMES.index(experiment), 1])
    accuracy = ACCURACY[experiment] + (seed - 42) * 0.004
    predictions = _make_predictions(np.resize(pattern, photos), classes, accuracy, rng)
    return predictions, _make_metrics(predictions, accuracy)


@cache
def _predict_validation(experiment: str, seed: int, classes: int, pattern: tuple[int, ...]) -> Predictions:
    """Predict photos that follow those of the largest test set."""
    rng = np.random.default_rng([seed, NAMES.index(experiment), 2])
    accuracy = ACCURACY[experiment] + (seed - 42) * 0.004
    made = _make_predictions(np.resize(pattern, VALIDATION_PHOTOS), classes, accuracy, rng)
    first = max(TEST_PHOTOS.values())
    ids = np.array([f"photo.{first + number}.jpg" for number in range(VALIDATION_PHOTOS)], dtype=object)
    return replace(made, ids=ids)


_calibrations: dict[tuple[int, int, bool], Calibration] = {}


def _calibrate(validation: Predictions, test: Predictions, diverged: bool) -> Calibration:
    """Calibrate with every photo in a group of its own; the predictions are cached, so their identity is a key."""
    key = id(validation), id(test), diverged
    if key not in _calibrations:
        samples = (Sample(predictions, predictions.ids.astype(str)) for predictions in (validation, test))
        _calibrations[key] = calibrate(*samples, "0" * 64, diverged)
    return _calibrations[key]


def _make_metrics(predictions: Predictions, accuracy: float) -> Metrics:
    n = len(predictions)
    stated = {
        "accuracy": accuracy,
        "accuracy_interval": (accuracy - 70 / n, min(1, accuracy + 60 / n)),
        "loss": 1.2 * (1 - accuracy) + 0.2,
    }
    return compute_metrics(predictions).model_copy(update=stated)


def _write_evaluation(folder: Path, experiment: str, rng: np.random.Generator, contents: Contents) -> None:
    milliseconds = 0.5 + NAMES.index(experiment) / 8
    Speed(milliseconds_per_photo=milliseconds, batch_size=64, batches=20, device="GPU").write(folder / "speed.json")
    distance = np.sort(rng.uniform(0, 0.01, 10))
    true = rng.integers(0, 2, 10)
    ids = [contents.hostile_id or "nan", *(f"cat.{number}.jpg" for number in range(9))]
    uncertain = {"id": ids, "probability": 0.5 + distance, "true": true, "predicted": 1, "distance": distance}
    UNCERTAIN.write(folder / "uncertain.csv", pd.DataFrame(uncertain))
    _draw(folder / "confusion.png", "confusion", (480, 400))
    side = contents.gallery
    _draw(folder / "reliability.png", "reliability", (840, 368))
    for name in ("misclassified", "uncertain", "explained"):
        noise = rng.integers(0, 256, (side // 8, side // 8, 3), dtype=np.uint8)
        Image.fromarray(noise).resize((side, side), Image.Resampling.BICUBIC).save(folder / f"{name}.png")


def _make_predictions(label: np.ndarray, classes: int, accuracy: float, rng: np.random.Generator) -> Predictions:
    """Make predictions with this accuracy; photos that are difficult for one network are so for others.

    Classes 0 and 1 are confused with each other, 2 and 3, and so on; errors are divided equally among the classes.
    """
    n, errors = len(label), round(len(label) * (1 - accuracy))
    difficulty = np.random.default_rng(7).normal(size=5000)[:n] + rng.normal(0, 0.7, n)
    wrong = np.zeros(n, bool)
    for true, count in enumerate(np.diff(errors * np.arange(classes + 1) // classes)):
        hardest = np.flatnonzero(label == true)[np.argsort(-difficulty[label == true])]
        wrong[hardest[:count]] = True
    predicted = np.where(wrong, (label ^ 1) % classes, label)
    probabilities = np.where(np.arange(classes) == predicted[:, None], 0.9, 0.1 / (classes - 1))
    ids = np.array([f"photo.{number}.jpg" for number in range(n)], dtype=object)
    return Predictions(ids, label.astype(np.int64), probabilities, logits_of(probabilities))


def _draw(path: Path, text: str, size: tuple[int, int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).text((20, 20), text, fill="black")
    image.save(path)


def make_network(name: str = "a", wrong: Iterable[int] = (), photos: int = 100, **fields: Any) -> Network:
    """Make a network that misclassifies only the photos `wrong`; `fields` replace its attributes or its settings."""
    attributes = {"loss": 0.5, "best_epochs": np.array([10]), "seconds_per_epoch": np.array([60.0]), "parameters": 1000}
    attributes |= {"random_initialization": False}
    attributes |= {key: fields.pop(key) for key in [*fields] if key in NETWORK_FIELDS}
    attributes |= {key: pd.Series(attributes[key]) for key in ("best_epochs", "seconds_per_epoch")}
    correct = pd.DataFrame({42: ~pd.Series(range(photos)).isin(set(wrong))})
    correct.index = pd.Index([f"photo.{number}.jpg" for number in range(photos)], name="id")
    settings = SPEC.model_dump(mode="json") | fields
    made = {
        **{"name": name, "settings": settings, "correct": correct, "losses": (~correct).astype(float)},
        **{"groups": pd.Series(correct.index, index=correct.index), "validation": float(correct.mean().mean())},
        "validation_loss": attributes["loss"],
    }
    return Network(**made | attributes)


@pytest.fixture(scope="session")
def network() -> Callable[..., Network]:
    """Makes a network, see `make_network`."""
    return make_network


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Study, Path]]:
    """Writes a study into a new folder and returns both; takes arguments of `make_study` and fields of `Contents`."""
    written: dict[str, Path] = {}

    def write(**arguments: Any) -> tuple[Study, Path]:
        key = repr(sorted(arguments.items()))
        contents = Contents(**{name: arguments.pop(name) for name in [*arguments] if name in CONTENTS_FIELDS})
        study = make_study(**arguments)
        if key not in written:
            written[key] = tmp_path_factory.mktemp("written") / study.study
            write_study(study, written[key], contents)
        folder = tmp_path_factory.mktemp("results") / study.study
        shutil.copytree(written[key], folder)
        return study, folder

    return write


@pytest.fixture(scope="session")
def write_report() -> Callable[..., Path]:
    """Runs the command `report` on a study or an outline and returns the folder that it writes.

    Learning curves and images of few bytes are most of the time, and few tests look at them: all others get an empty
    plot, and images that are embedded with little work.
    """

    def write(study: Study | Outline, folder: Path, output: str = "report", curves: bool = False) -> Path:
        outline = study.outline("config/study.yaml") if isinstance(study, Study) else study
        with pytest.MonkeyPatch.context() as patch, nullcontext() if curves else quick_embedding():
            if not curves:
                patch.setattr(sections, "plot_curves_grid", lambda *_: new_figure(1, 1))
            report(outline.to_json(), folder, folder / output)
        return folder / output

    return write
