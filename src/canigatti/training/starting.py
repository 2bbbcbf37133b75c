"""What a training starts from: its settings, and the network with its initial weights."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from canigatti.config import Pretrained, Spec
from canigatti.files import InputError
from canigatti.training import networks
from canigatti.training.model_files import load_model, refuse_changed
from canigatti.training.records import Origin, TrainingRecord, WeightsRecord

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Start:
    """A compiled network before its first epoch.

    Attributes:
        model: the network.
        origin: where its backbone's first weights came from; None for a network without a backbone.
        records: the files that record the hashes of what it was loaded from.
    """

    model: "keras.Model"
    origin: Origin | None = None
    records: tuple[Path, ...] = ()


def parse_spec(spec: str) -> Spec:
    """Parse an experiment given as JSON, or as the path of a file that a search wrote.

    Raises:
        InputError: it is neither.
    """
    if spec.lstrip().startswith("{"):
        return Spec.from_json(spec)
    return Spec.read(Path(spec))


def initial_model(spec: Spec, weights: Path | None, start_from: Path | None) -> Start:
    """Build the network of an experiment, or load the one that it starts from.

    Args:
        spec: the experiment.
        weights: the weights of its backbone; their record is next to them.
        start_from: the output folder of the training that it starts from.

    Raises:
        InputError: the experiment needs another start than it is given, or a file is not the one that was recorded.
    """
    has_backbone = isinstance(spec.network, Pretrained)
    _check_start("--start-from", start_from, needed=spec.start_from is not None)
    _check_start("--weights", weights, needed=has_backbone and spec.start_from is None)
    if start_from:
        record_file = start_from / "run.json"
        training = TrainingRecord.read(record_file)
        model = networks.prepare(load_model(start_from / "model.keras", training.model_sha256), spec)
        return Start(model, training.weights, (record_file,))
    if weights:
        record_file = weights.with_name(weights.name.replace(".weights.h5", ".json"))
        record = WeightsRecord.read(record_file)
        refuse_changed(weights, record.sha256, "weights file")
        return Start(networks.build(spec, weights), record.weights, (record_file,))
    return Start(networks.build(spec))


def _check_start(option: str, received: Path | None, needed: bool) -> None:
    if (received is not None) != needed:
        raise InputError(f"this experiment takes {option if needed else f'no {option}'}, received {received or 'none'}")
