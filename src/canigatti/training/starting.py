"""The start of a training run: its settings, and the network with its initial weights."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from canigatti.config import Spec
from canigatti.files import InputError
from canigatti.training import networks
from canigatti.training.model_files import load_model
from canigatti.training.outputs import count_classes
from canigatti.training.records import Inputs, Origin, TrainingRecord
from canigatti.training.weights import check_option, read_weights, weights_record

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Start:
    """A compiled network before its first epoch.

    Attributes:
        model: the network.
        inputs: the photos and the split that it is trained on.
        origin: origin of its backbone's initial weights; None for a network without a backbone.
        records: the records with the hashes of the files that it was loaded from.
    """

    model: "keras.Model"
    inputs: Inputs
    origin: Origin | None = None
    records: tuple[Path, ...] = ()


def parse_spec(spec: str) -> Spec:
    """Parse an experiment from JSON, or read it from a file that `select-trial` wrote.

    Args:
        spec: the JSON or the path of the file.

    Raises:
        InputError: it is neither.
    """
    if spec.lstrip().startswith("{"):
        return Spec.from_json(spec)
    return Spec.read(Path(spec))


def initial_model(spec: Spec, inputs: Inputs, classes: int, weights: Path | None, start_from: Path | None) -> Start:
    """Build the network of an experiment, or load the one that it starts from.

    Args:
        spec: the experiment.
        inputs: the photos and the split that it is trained on.
        classes: number of classes of the photos.
        weights: file with the weights of its backbone, next to its record; None if it starts with none.
        start_from: output folder of the training run that it starts from; None if it starts from none.

    Raises:
        InputError: the experiment needs other options than these, a file differs from its record, or the network that
            it starts from has another number of classes.
    """
    check_option("--start-from", start_from, needed=spec.start_from is not None)
    found = read_weights(spec, weights)
    if start_from:
        record_file = start_from / "run.json"
        training = TrainingRecord.read(record_file)
        model = load_model(start_from / "model.keras", training.model_sha256)
        _check_classes(start_from / "model.keras", expected=classes, received=count_classes(model))
        return Start(networks.start_from(model, spec), inputs, training.weights, (record_file,))
    model, records = networks.build(spec, weights, classes), (weights_record(weights),) if weights else ()
    return Start(model, inputs, found.weights if found else None, records)


def _check_classes(model: Path, expected: int, received: int) -> None:
    if received != expected:
        raise InputError(
            f"{model}: expected a network for the {expected} classes of the photos, received one for {received}"
        )
