"""Calibrated probabilities of new photos, and when the network is unsure."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from canigatti.evaluation.abstention import certainty, choose, describe_refusal
from canigatti.evaluation.logits import LogitNetwork
from canigatti.evaluation.metrics import check_probabilities
from canigatti.evaluation.prediction import predict_batch
from canigatti.evaluation.predictions import softmax
from canigatti.evaluation.records import Calibration
from canigatti.files import InputError, sha256_of

if TYPE_CHECKING:
    import keras

Answer = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Takes photos (n, size, size, 3), uint8, RGB; returns (n, classes) probabilities, and (n,) whether it is sure."""


@dataclass(frozen=True)
class Rules:
    """How the outputs of a network become answers.

    Attributes:
        temperature: by which logits are divided; None for the probabilities of the network.
        threshold: the lowest certainty of an answer, see :func:`canigatti.evaluation.abstention.certainty`; None if
            every photo is answered.
        reason: why a model with a calibration has no temperature; empty if it has one, or if none was asked for.
        kind: `calibrated` or `uncalibrated`; empty if the model has no calibration.
    """

    temperature: float | None = None
    threshold: float | None = None
    reason: str = ""
    kind: str = ""


def read_rules(model: Path, max_error: float | None, uncalibrated: bool) -> Rules:
    """Return the rules for a model from the calibration.json next to it, if there is one.

    A model that does not exist is not reported here: that is what loading it is for.

    Args:
        model: the model file.
        max_error: the promised fraction of wrong answers; None if every photo is answered.
        uncalibrated: whether to leave the probabilities of the network as they are.

    Raises:
        InputError: the file is invalid, or that of another model; or the error cannot be promised.
    """
    if max_error is not None and not 0 < max_error < 1:
        raise InputError(f"--max-error: expected a fraction above 0 and below 1, received {max_error:g}")
    path, kind = model.with_name("calibration.json"), "uncalibrated" if uncalibrated else ""
    if max_error is not None and not path.is_file():
        raise InputError(f"{path}: --max-error needs the calibration of the model, which `canigatti calibrate` writes")
    if not path.is_file() or not model.is_file() or (uncalibrated and max_error is None):
        return Rules(kind=kind)
    calibration = _read_calibration(path, model)
    threshold = None if max_error is None else _threshold(path, calibration, max_error)
    if uncalibrated:
        return Rules(threshold=threshold, kind=kind)
    if calibration.temperature is None:
        return Rules(threshold=threshold, reason=calibration.reason or "", kind="uncalibrated")
    return Rules(calibration.temperature.value, threshold, kind="calibrated")


def _read_calibration(path: Path, model: Path) -> Calibration:
    calibration = Calibration.read(path)
    if calibration.model_sha256 != sha256_of(model):
        raise InputError(
            f"{path}: it is the calibration of another model than {model}; copy both files from the same folder, or "
            "delete this one"
        )
    return calibration


def _threshold(path: Path, calibration: Calibration, max_error: float) -> float:
    chosen = choose(calibration.candidates, max_error)
    if chosen is None:
        raise InputError(f"{path}: {describe_refusal(calibration.candidates, max_error)}")
    return chosen.threshold


def answer_by(model: "keras.Model", rules: Rules) -> Answer:
    """Return the function that predicts photos by these rules; it raises InputError if the model has diverged.

    Args:
        model: see :func:`canigatti.evaluation.prediction.predict`.
        rules: see :func:`read_rules`.

    Raises:
        InputError: the rules need logits, and the model has none.
    """
    if rules.temperature is None and rules.threshold is None:
        return lambda photos: (_checked(predict_batch(model, photos)), np.ones(len(photos), bool))
    network, threshold = LogitNetwork(model), -math.inf if rules.threshold is None else rules.threshold

    def answer(photos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        outputs = network.predict_batch(photos)
        probabilities = _checked(outputs.probabilities)
        if rules.temperature is not None:
            probabilities = softmax(outputs.logits / rules.temperature)
        return probabilities, certainty(outputs.logits) >= threshold

    return answer


def _checked(probabilities: np.ndarray) -> np.ndarray:
    check_probabilities(probabilities)
    return probabilities
