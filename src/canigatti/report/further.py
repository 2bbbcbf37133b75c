"""The results of a study beside those of its experiments: corrupted and augmented test photos, and a learning curve."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from canigatti.config import Outline
from canigatti.evaluation.corrected import correct_corrupted, correct_predictions
from canigatti.evaluation.predictions import Predictions, read_predictions
from canigatti.evaluation.records import CORRUPTED
from canigatti.files import InputError
from canigatti.photos.records import SPLIT, corrected_parts, groups_of
from canigatti.training.fractions import choose_photos
from canigatti.training.records import TrainingRecord

Key = tuple[str, int]  # experiment and seed


@dataclass(frozen=True)
class CurvePoint:
    """A point of the learning curve.

    Attributes:
        fraction: of the training set.
        photos: number of training photos, mean over seeds; groups of photos are never divided.
        experiment: the experiment that was trained on it.
        correct: whether each test photo is classified correctly: one row per photo id, one column per seed that did not
            diverge.
        diverged: number of the seeds that diverged.
    """

    fraction: float
    photos: float
    experiment: str
    correct: pd.DataFrame
    diverged: int


@dataclass(frozen=True)
class FurtherResults:
    """What a study measured besides each experiment; empty if its configuration asks for nothing.

    Attributes:
        corrupted: of the test set after corrections, by experiment and seed, see
            :data:`canigatti.evaluation.records.CORRUPTED`.
        augmented: predictions of that test set with test-time augmentation, by experiment and seed.
        curve: the points of the learning curve, the smallest fraction first.
    """

    corrupted: dict[Key, pd.DataFrame]
    augmented: dict[Key, Predictions]
    curve: Sequence[CurvePoint]


def read_further(outline: Outline, folder: Path, classes: Sequence[str]) -> FurtherResults:
    """Read these results of a study from its folder, results/<study>.

    Raises:
        InputError: a file is missing or invalid; the message names it.
    """
    further = {*outline.robustness, *outline.test_time_augmentation}
    splits = {one.name: folder / "splits" / f"{one.split}.csv" for one in outline.experiments if one.name in further}
    tests = {name: SPLIT.read(corrected_parts(split)["test"]) for name, split in splits.items()}
    corrupted = {key: _evaluation(folder, key) / "corrupted.csv" for key in _runs(outline.robustness, outline)}
    augmented = {
        key: _evaluation(folder, key) / "augmented.csv" for key in _runs(outline.test_time_augmentation, outline)
    }
    return FurtherResults(
        corrupted={key: _read_corrupted(path, tests[key[0]]) for key, path in corrupted.items()},
        augmented={key: _read_augmented(path, tests[key[0]], classes) for key, path in augmented.items()},
        curve=_read_curve(outline, folder, classes),
    )


def _read_corrupted(path: Path, photos: pd.DataFrame) -> pd.DataFrame:
    rows = CORRUPTED.read(path)
    with _naming(path):
        return correct_corrupted(rows, photos)


def _read_augmented(path: Path, photos: pd.DataFrame, classes: Sequence[str]) -> Predictions:
    predictions = read_predictions(path, classes)
    with _naming(path):
        return correct_predictions(predictions, photos)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _read_curve(outline: Outline, folder: Path, classes: Sequence[str]) -> list[CurvePoint]:
    curve = outline.learning_curve
    if curve is None:
        return []
    names = [*(one.name for one in curve.derived), curve.experiment]
    split = next(one.split for one in outline.experiments if one.name == curve.experiment)
    trained = SPLIT.read(corrected_parts(folder / "splits" / f"{split}.csv")["training"])
    trained = trained[trained["part"] == "train"]
    labels, groups = trained["label"].to_numpy(int), groups_of(trained["id"], folder / "photos" / "groups.csv")
    points = []
    for fraction, name in zip((*curve.fractions, 1.0), names, strict=True):
        counts = {seed: int(choose_photos(labels, groups, fraction, seed).sum()) for seed in curve.seeds}
        points.append(_read_point(fraction, name, counts, folder, classes))
    return points


def _read_point(fraction: float, name: str, counts: dict[int, int], folder: Path, classes: Sequence[str]) -> CurvePoint:
    runs = [(name, seed) for seed in counts]
    converged = [key for key in runs if not TrainingRecord.read(_training(folder, key) / "run.json").diverged]
    predicted = {key: read_predictions(_evaluation(folder, key) / "predictions.csv", classes) for key in converged}
    columns = {seed: pd.Series(one.correct, index=one.ids) for (_, seed), one in predicted.items()}
    return CurvePoint(
        fraction, float(np.mean([*counts.values()])), name, pd.DataFrame(columns), len(runs) - len(converged)
    )


def _runs(experiments: Sequence[str], outline: Outline) -> list[Key]:
    return [(name, seed) for name in experiments for seed in outline.seeds]


def _training(folder: Path, key: Key) -> Path:
    return folder / "training" / key[0] / f"seed{key[1]}"


def _evaluation(folder: Path, key: Key) -> Path:
    return folder / "evaluation" / key[0] / f"seed{key[1]}"
