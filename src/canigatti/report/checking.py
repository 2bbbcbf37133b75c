"""Validate that the results match each other and the configuration before they are compared.

A result from other settings, photos or splits, or one that was edited or truncated, would put wrong numbers on the
page. The error names the file at fault, so that only its job has to run again.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from canigatti.config import Outline, OutlinedExperiment, Spec
from canigatti.evaluation.calibration import Sample, calibrate
from canigatti.evaluation.metrics import compute_metrics
from canigatti.evaluation.predictions import Predictions, read_predictions
from canigatti.evaluation.records import (
    AUGMENTED_FILES,
    EVALUATION_FILES,
    ROBUSTNESS_FILES,
    Calibration,
    EvaluationRecord,
    Metrics,
)
from canigatti.files import InputError, recorded_sha256, sha256_of
from canigatti.photos.records import SPLIT, ClassNames, corrected_parts, groups_of
from canigatti.training.records import Inputs, TrainingRecord

_FURTHER_FILES = {"robustness.json": ROBUSTNESS_FILES, "augmented.json": AUGMENTED_FILES}
_TOLERANCE = 1e-9  # of recomputed metrics; another order of a sum changes them by less


def check_all(outline: Outline, folder: Path) -> dict[str, str]:
    """Check the results of every training run and its evaluation.

    Args:
        outline: the study.
        folder: results/<study>.

    Returns:
        SHA-256 of the record of each evaluation, by path within the folder.

    Raises:
        InputError: a file is missing or invalid, or is not that of the study; the message names it.
    """
    records = [_check_run(folder, outlined, seed) for outlined, seed in _runs(outline)]
    for outlined in outline.experiments:
        for seed in outline.seeds:
            records += [_check_further(folder, outlined, seed, name) for name in _further(outline, outlined.name)]
    return {record.relative_to(folder).as_posix(): sha256_of(record) for record in records}


def _runs(outline: Outline) -> list[tuple[OutlinedExperiment, int]]:
    """Return the experiment and seed of each run, those of the learning curve included, each once."""
    runs = [(outlined, seed) for outlined in outline.experiments for seed in outline.seeds]
    if curve := outline.learning_curve:
        whole = [outlined for outlined in outline.experiments if outlined.name == curve.experiment]
        runs += [(outlined, seed) for outlined in (*curve.derived, *whole) for seed in curve.seeds]
    return [*dict.fromkeys(runs)]


def _further(outline: Outline, experiment: str) -> list[str]:
    """Return the names of the records of what else is measured of an experiment."""
    asked = {"robustness.json": outline.robustness, "augmented.json": outline.test_time_augmentation}
    return [name for name, experiments in asked.items() if experiment in experiments]


def _check_further(folder: Path, outlined: OutlinedExperiment, seed: int, name: str) -> Path:
    run, split = f"{outlined.name}/seed{seed}", folder / "splits" / f"{outlined.split}.csv"
    path = folder / "evaluation" / run / name
    _check_record(path, folder / "training" / run / "run.json", split, _FURTHER_FILES[name])
    return path


def check_files(folder: Path, outlined: OutlinedExperiment, seed: int) -> None:
    """Check that the files of a training run and its evaluation are those of the study, without computing them again.

    Args:
        folder: results/<study>.
        outlined: the experiment.
        seed: of the training run.

    Raises:
        InputError: a file is missing or invalid, or is not that of the study; the message names it.
    """
    run, split = f"{outlined.name}/seed{seed}", folder / "splits" / f"{outlined.split}.csv"
    training, evaluation = folder / "training" / run / "run.json", folder / "evaluation" / run / "evaluation.json"
    trained = TrainingRecord.read(training)
    _check_settings(training, trained, outlined, seed)
    images, parts = folder / "photos" / f"images-{trained.spec.square}.npy", corrected_parts(split)
    _check_inputs(training, trained.inputs, Inputs.of(images, parts["training"]), parts["training"])
    _check_hash(training.with_name("history.csv"), trained.history_sha256, training)

    for record in (evaluation, evaluation.parent / "uncorrected" / evaluation.name):
        _check_record(record, training, split, EVALUATION_FILES)
    corrected = {name: recorded_sha256(path) for name, path in parts.items()}
    if EvaluationRecord.read(evaluation).corrected_sha256 != corrected:
        raise _mismatch(evaluation, f"its metrics were computed with other corrections of {split}")


def _check_run(folder: Path, outlined: OutlinedExperiment, seed: int) -> Path:
    check_files(folder, outlined, seed)
    run, split = f"{outlined.name}/seed{seed}", folder / "splits" / f"{outlined.split}.csv"
    training, evaluation = folder / "training" / run / "run.json", folder / "evaluation" / run / "evaluation.json"
    trained, parts = TrainingRecord.read(training), corrected_parts(split)
    groups = folder / "photos" / "groups.csv"
    read: dict[str, Sample] = {}
    for name, part, subset in (("predictions.csv", "test", "test"), ("validation.csv", "training", "validation")):
        path = evaluation.with_name(name)
        predictions = read_predictions(path, ClassNames.beside(groups))
        _check_subset(path, predictions, parts[part], subset)
        read[subset] = Sample(predictions, groups_of(predictions.ids, groups))
    _check_metrics(evaluation.with_name("predictions.csv"), read["test"])
    calibration = calibrate(read["validation"], read["test"], trained.model_sha256, trained.diverged)
    _check_calibration(training.with_name("calibration.json"), calibration)
    return evaluation


def _check_record(path: Path, training: Path, split: Path, files: Sequence[str]) -> None:
    """Check the record of an evaluation: its model, the photos, and the files next to it."""
    trained, evaluated = TrainingRecord.read(training), EvaluationRecord.read(path)
    images = split.parents[1] / "photos" / f"images-{trained.spec.square}.npy"
    _check_inputs(path, evaluated.inputs, Inputs.of(images, split), split)
    if evaluated.model_sha256 != trained.model_sha256:
        raise _mismatch(path, f"it evaluates a model other than that of {training}")
    for name in files:
        _check_hash(path.with_name(name), evaluated.files.get(name), path)


def _check_settings(path: Path, trained: TrainingRecord, outlined: OutlinedExperiment, seed: int) -> None:
    if (trained.experiment, trained.seed) != (outlined.name, seed):
        raise _mismatch(path, f"it is the record of {trained.experiment} with seed {trained.seed}")
    if outlined.digest_of(trained.spec) != outlined.digest:
        raise _mismatch(
            path, f"its network was trained with settings that differ from the configuration of {outlined.name}"
        )
    if outlined.searched:
        found = path.parents[3] / "search" / outlined.name / "spec.json"
        if Spec.read(found) != trained.spec:
            raise _mismatch(
                path, f"its network was trained with settings that differ from those that the search found, {found}"
            )


def _check_inputs(path: Path, received: Inputs, expected: Inputs, split: Path) -> None:
    if received.images_sha256 != expected.images_sha256:
        raise _mismatch(path, "it was computed from other photos than the study's")
    if received.split_sha256 != expected.split_sha256:
        raise _mismatch(path, f"it was computed with another split than {split}")


def _check_hash(path: Path, sha256: str | None, record: Path) -> None:
    if not path.is_file():
        raise InputError(f"{path}: expected a result file of the study, but it does not exist")
    if sha256_of(path) != sha256:
        raise _mismatch(path, f"it has changed since {record} was written")


def _check_subset(path: Path, predictions: Predictions, split: Path, subset: str) -> None:
    rows = SPLIT.read(split)
    listed = rows.loc[rows["part"] == subset]
    expected = (listed["id"].to_numpy(dtype=object), listed["label"].to_numpy(dtype=np.int64))
    if not all(map(np.array_equal, (predictions.ids, predictions.labels), expected)):
        counts = f"{len(predictions):,} predictions for {len(listed):,} photos"
        raise _mismatch(path, f"it does not list the {subset} set of {split} ({counts})")


def _check_metrics(path: Path, test: Sample) -> None:
    expected = compute_metrics(test.predictions, test.groups)
    metrics = path.with_name("metrics.json")
    if not _are_close(Metrics.read(metrics).model_dump(), expected.model_dump()):
        raise _mismatch(metrics, f"its metrics are not those of {path}")


def _check_calibration(path: Path, expected: Calibration) -> None:
    if not _are_close(Calibration.read(path).model_dump(), expected.model_dump()):
        raise _mismatch(path, "it is not the calibration of the present model, validation set and test set")


def _are_close(received: Any, expected: Any) -> bool:
    """Return whether two values, or all that they contain, are equal but for the last digits of numbers."""
    if isinstance(expected, dict):
        return received.keys() == expected.keys() and all(_are_close(received[key], expected[key]) for key in expected)
    if isinstance(expected, tuple):
        is_alike = isinstance(received, tuple) and len(received) == len(expected)
        return is_alike and all(map(_are_close, received, expected))
    if isinstance(expected, float):
        return received is not None and math.isclose(received, expected, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
    return bool(received == expected)


def _mismatch(path: Path, reason: str) -> InputError:
    return InputError(f"{path}: {reason}; delete this file and run the same command again to recreate it")
