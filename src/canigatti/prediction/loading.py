"""A trained model with everything that is needed to predict new photos with it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from canigatti.config import Resize, Square
from canigatti.files import InputError
from canigatti.prediction.calibration import Rules, read_rules
from canigatti.prediction.output import UNSURE
from canigatti.prediction.terminal import quiet_libraries
from canigatti.training.model_files import load_model, read_classes, read_resize
from canigatti.training.records import TrainingRecord

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Predictor:
    """A model file, loaded.

    Attributes:
        network: see :func:`canigatti.evaluation.prediction.predict`.
        classes: names of the classes, label 0 first.
        resize: how photos become squares.
        rules: how the outputs of the network become answers.
    """

    network: "keras.Model"
    classes: tuple[str, ...]
    resize: Resize
    rules: Rules

    @property
    def square(self) -> Square:
        """The squares that the network takes."""
        return Square(self.network.input_shape[1], self.resize)


def load_predictor(model: Path, max_error: float | None = None, uncalibrated: bool = False) -> Predictor:
    """Load a model file, verified by the run.json next to it if there is one, and the rules of its answers.

    Args:
        model: the model file (.keras).
        max_error: the promised fraction of wrong answers; None if every photo is answered.
        uncalibrated: whether to leave the probabilities of the network as they are.

    Raises:
        InputError: the model cannot be loaded, its calibration is invalid, or the error cannot be promised.
    """
    rules, run = read_rules(model, max_error, uncalibrated), model.with_name("run.json")
    with quiet_libraries():
        network = load_model(model, TrainingRecord.read(run).model_sha256 if run.is_file() else None)
    classes, resize = read_classes(model), read_resize(model)
    if max_error is not None and UNSURE in classes:
        raise InputError(f"{model}: --max-error prints {UNSURE} as a class, and a class has this name")
    return Predictor(network, classes, resize, rules)
