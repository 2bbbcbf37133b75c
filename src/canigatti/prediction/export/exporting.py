"""Export of one model: convert it, compare it with Keras, and only then give it its name."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from canigatti.evaluation.prediction import inputs_for
from canigatti.files import InputError, sha256_of
from canigatti.prediction.export.formats import FORMATS, ExportFormat
from canigatti.prediction.export.photos import ComparedPhotos
from canigatti.prediction.export.records import ExportRecord, Format, ModelComparison, ModelDescription
from canigatti.prediction.export.rounding import rounding_error

if TYPE_CHECKING:
    import keras

TOLERANCE = 1e-5  # of a probability: runtimes sum in different orders, so the last digits differ
# Rounding errors of runtimes are up to twice those of Keras (docs/how-to/exporting.md), so those of the difference of
# both are √5 times Keras' own, and the largest of 32 is up to four times that. A wrong model is much further off.
ROUNDING_ERRORS = 10


@dataclass(frozen=True)
class Target:
    """What is written.

    Attributes:
        format: of the exported model.
        path: file or folder of the exported model.
    """

    format: Format
    path: Path

    @classmethod
    def choose(cls, name: str, model: Path, output: Path | None) -> "Target":
        """Return the target of an export, after checking that nothing would be replaced.

        Args:
            name: what the command line gives as the format.
            model: the model file, next to which the exported model is written without an output.
            output: where to write it.

        Raises:
            InputError: the format is unknown, a package that it needs is missing, the output has another suffix or
                exists.
        """
        known = {str(one): one for one in FORMATS}
        if name not in known:
            raise InputError(f"--format: expected {', '.join(known)}, received {name!r}")
        kind = FORMATS[known[name]]
        kind.require_packages(name)
        target = cls(known[name], output or model.parent / f"{model.stem}{kind.suffix}")
        if kind.suffix != ".saved_model" and target.path.suffix != kind.suffix:
            raise InputError(f"--output {target.path}: expected a name that ends with {kind.suffix}")
        target.require_new()
        return target

    @property
    def record(self) -> Path:
        """The description next to the exported model."""
        return self.path.with_name(f"{self.path.name}.json")

    def require_new(self) -> None:
        """Check that nothing would be replaced.

        Raises:
            InputError: the model or its description exists.
        """
        for path in (self.path, self.record):
            if os.path.lexists(path):
                raise InputError(f"{path} exists already and is not replaced; choose another name with --output")


def export_model(
    model: "keras.Model", description: ModelDescription, photos: ComparedPhotos, target: Target
) -> ExportRecord:
    """Write a model in another format, and its description next to it, if it agrees with Keras.

    Args:
        model: see :func:`canigatti.evaluation.prediction.predict`.
        description: see :func:`canigatti.prediction.export.describe.describe_model`.
        photos: on which both are compared.
        target: what to write.

    Returns:
        What was written next to the model.

    Raises:
        InputError: the model cannot be converted or predicts something else than Keras; nothing is written then.
        OSError: a file cannot be written.
    """
    kind, folder, inputs = FORMATS[target.format], target.path.parent, inputs_for(model, photos.images)
    expected = model.predict_on_batch(inputs)  # before the conversion: Keras exports no model that was never called
    if not np.isfinite(expected).all():
        raise InputError("its predictions are not numbers: its training has diverged")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".export-") as temporary:
        path = Path(temporary, target.path.name)
        try:
            described = kind.convert(model, path, lambda *names: _with_names(description, *names))
        except OSError:
            raise
        except Exception as error:  # the type depends on the converter
            raise InputError(f"it cannot be converted to {target.format}: {_first_line(error)}") from error
        difference = _compare(kind, path, inputs, expected)
        tolerance = TOLERANCE if difference <= TOLERANCE else _tolerance_of(model, inputs)
        if not difference <= tolerance:
            raise InputError(
                f"the exported model predicts something else than Keras: probabilities of {photos.source} differ by up "
                f"to {difference:.2g}, expected at most {tolerance:.2g}; nothing is written"
            )
        record = ExportRecord(
            format=target.format,
            sha256=sha256_of(path) if path.is_file() else None,
            description=described,
            comparison=_describe_comparison(kind, photos, difference, tolerance),
        )
        record.write(path.with_name(target.record.name))
        target.require_new()
        os.replace(path, target.path)
        os.replace(path.with_name(target.record.name), target.record)
    return record


def _with_names(description: ModelDescription, name: str, output: str) -> ModelDescription:
    """Return the description with the names of the tensors in the exported model."""
    renamed = {
        "input": description.input.model_copy(update={"name": name}),
        "output": description.output.model_copy(update={"name": output}),
    }
    return description.model_copy(update=renamed)


def _compare(kind: ExportFormat, path: Path, inputs: np.ndarray, expected: np.ndarray) -> float:
    """Return the largest difference of a probability from Keras, of all photos at once and of the first one alone.

    It is NaN if a probability is not a number, and infinite if the runtime returns another number of them.

    Args:
        kind: the format.
        path: the exported model.
        inputs: photos as the model takes them, (n, size, size, 3 or 1), uint8.
        expected: what Keras predicts, (n, 1) or (n, classes).

    Raises:
        InputError: the exported model does not run.
    """
    try:
        received = [kind.predict(path, batch) for batch in (inputs, inputs[:1])]
    except Exception as error:  # the type depends on the runtime
        raise InputError(f"the exported model does not run in {kind.runtime}: {_first_line(error)}") from error
    pairs = [*zip(received, (expected, expected[:1]), strict=True)]
    if any(first.shape != second.shape for first, second in pairs):
        return float("inf")
    return float(np.max([np.abs(first - second).max() for first, second in pairs]))


def _tolerance_of(model: "keras.Model", inputs: np.ndarray) -> float:
    """Return the largest difference of a probability that rounding in float32 explains, at least `TOLERANCE`.

    It is measured only where `TOLERANCE` is exceeded, because float64 takes several times as long as the comparison.
    """
    return max(TOLERANCE, ROUNDING_ERRORS * rounding_error(model, inputs))


def _describe_comparison(
    kind: ExportFormat, photos: ComparedPhotos, difference: float, tolerance: float
) -> ModelComparison:
    import keras

    return ModelComparison(
        photos=len(photos.images),
        source=photos.source,
        largest_difference=difference,
        tolerance=tolerance,
        runtime=kind.runtime_version,
        keras=keras.__version__,
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:300] or type(error).__name__
