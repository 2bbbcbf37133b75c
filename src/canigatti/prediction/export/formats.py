"""The formats of exported models: what each needs, how a model is converted to it, and how its runtime predicts."""

import importlib.util
import json
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from canigatti.files import InputError, printable
from canigatti.prediction.export.records import Format, ModelDescription

if TYPE_CHECKING:
    import keras

Describe = Callable[[str, str], ModelDescription]
"""Takes the names of the input and the output tensor of an exported model; returns its description."""

_DESCRIPTION = "canigatti.json"  # inside formats that hold files
_LABELS = "labels.txt"  # where LiteRT's own examples look for the names of the classes, one per line
_SIGNATURE = "serving_default"


@dataclass(frozen=True)
class ExportFormat:
    """A format, and the runtime that it is for.

    Attributes:
        suffix: of the exported file or folder.
        packages: what must be installed, besides TensorFlow; the names under which they are imported.
        runtime: distribution with the runtime.
        convert: writes a model to a path, with its description inside, and returns the description.
        predict: takes the exported model and photos as the model takes them, and returns the output of the runtime.
    """

    suffix: str
    packages: tuple[str, ...]
    runtime: str
    convert: Callable[["keras.Model", Path, Describe], ModelDescription]
    predict: Callable[[Path, np.ndarray], np.ndarray]

    @property
    def runtime_version(self) -> str:
        """Name and version of the runtime."""
        if self.runtime != "tensorflow":  # whose distribution has different names
            return f"{self.runtime} {version(self.runtime)}"
        import tensorflow as tf

        return f"tensorflow {tf.__version__}"

    def require_packages(self, name: str) -> None:
        """Check that what this format needs is installed.

        Args:
            name: of the format.

        Raises:
            InputError: a package is missing; the message says how to install it.
        """
        if missing := [package for package in self.packages if importlib.util.find_spec(package) is None]:
            raise InputError(
                f"--format {name} needs {' and '.join(missing)}, which {'are' if missing[1:] else 'is'} not installed: "
                "pip install canigatti[export]"
            )


def _export(model: "keras.Model", path: Path, keras_name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of converters, about their own code
        model.export(path, format=keras_name, verbose=False)


def _convert_to_onnx(model: "keras.Model", path: Path, describe: Describe) -> ModelDescription:
    """Write ONNX; names of classes and description are metadata properties of the model."""
    import onnx

    _export(model, path, "onnx")
    exported = onnx.load(path)
    graph_input, graph_output = exported.graph.input[0], exported.graph.output[0]
    for tensor in (graph_input, graph_output):
        tensor.type.tensor_type.shape.dim[0].dim_param = "batch"  # tf2onnx gives each a name of its own
    description = describe(graph_input.name, graph_output.name)
    properties = {"classes": json.dumps(description.classes, ensure_ascii=False), "canigatti": description.to_json()}
    onnx.helper.set_model_props(exported, properties)
    exported.doc_string = f"{description.input.description} {description.output.description}"
    onnx.save(exported, path)
    return description


def _predict_onnx(path: Path, photos: np.ndarray) -> np.ndarray:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: photos})[0]


def _convert_to_litert(model: "keras.Model", path: Path, describe: Describe) -> ModelDescription:
    """Write LiteRT; the names of the classes and the description are associated files of the model.

    Associated files are a zip archive at the end of the model, which runtimes ignore and any unzip program extracts
    (LiteRT's documentation on metadata).
    """
    from ai_edge_litert.interpreter import Interpreter

    _export(model, path, "litert")
    signature = Interpreter(str(path)).get_signature_list()[_SIGNATURE]
    description = describe(signature["inputs"][0], signature["outputs"][0])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(_LABELS, "".join(f"{printable(name)}\n" for name in description.classes))
        archive.writestr(_DESCRIPTION, description.to_json())
    return description


def _predict_litert(path: Path, photos: np.ndarray) -> np.ndarray:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    tensor = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(tensor, photos.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(tensor, photos)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def _convert_to_saved_model(model: "keras.Model", path: Path, describe: Describe) -> ModelDescription:
    """Write a SavedModel; the description is in `assets.extra`, TensorFlow's place for files that it does not load."""
    import tensorflow as tf

    _export(model, path, "tf_saved_model")
    signature = tf.saved_model.load(path).signatures[_SIGNATURE]
    names = signature.structured_input_signature[1], signature.structured_outputs
    description = describe(*(next(iter(tensors)) for tensors in names))
    extra = path / "assets.extra"
    extra.mkdir()
    description.write(extra / _DESCRIPTION)
    return description


def _predict_saved_model(path: Path, photos: np.ndarray) -> np.ndarray:
    import tensorflow as tf

    loaded: Any = tf.saved_model.load(path)  # the signature needs it as long as it runs
    signature = loaded.signatures[_SIGNATURE]
    name = next(iter(signature.structured_input_signature[1]))
    return next(iter(signature(**{name: tf.constant(photos)}).values())).numpy()


FORMATS: dict[Format, ExportFormat] = {
    "onnx": ExportFormat(".onnx", ("onnx", "onnxruntime", "tf2onnx"), "onnxruntime", _convert_to_onnx, _predict_onnx),
    "litert": ExportFormat(".tflite", ("ai_edge_litert",), "ai-edge-litert", _convert_to_litert, _predict_litert),
    "saved_model": ExportFormat(".saved_model", (), "tensorflow", _convert_to_saved_model, _predict_saved_model),
}
