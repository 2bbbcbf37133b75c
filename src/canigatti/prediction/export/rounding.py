"""Rounding errors of a network in float32, measured against the same network in float64."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras

_BATCH = 8  # float64 needs twice the memory of float32


def rounding_error(model: "keras.Model", inputs: np.ndarray) -> float:
    """Return the typical error of an uncertain probability by rounding in float32.

    It is the root mean square error of the network's logits in Keras, times the largest change of a probability when no
    logit changes by more than 1. Probabilities near 0 and 1 hide rounding errors, and few photos may have others; the
    logits of all photos have them.

    Args:
        model: a network whose last layer has a sigmoid or softmax, in float32.
        inputs: photos as the model takes them, (n, size, size, 3 or 1), uint8.
    """
    exact, rounded = (
        logits_in(precision, model).predict(inputs, batch_size=_BATCH, verbose=0)
        for precision in ("float64", "float32")
    )
    # Of a sigmoid, and of a softmax when logits change in opposite directions.
    slope = 1 / 4 if exact.shape[1] == 1 else 1 / 2
    return slope * float(np.sqrt(np.mean((rounded - exact) ** 2)))


def logits_in(precision: str, model: "keras.Model") -> "keras.Model":
    """Return a copy of a network that computes in a precision throughout, and returns logits.

    Args:
        precision: `float32` or `float64`.
        model: the network; its last layer has a sigmoid or softmax.
    """
    import keras

    def copy_layer(layer: "keras.Layer | keras.Operation") -> "keras.Layer | keras.Operation":
        settings = layer.get_config()
        if "dtype" in settings and not isinstance(layer, keras.layers.InputLayer):  # which takes uint8
            settings["dtype"] = precision
        if layer is model.layers[-1]:
            settings["activation"] = "linear"
        return type(layer).from_config(settings)

    copy = keras.models.clone_model(model, clone_function=copy_layer, recursive=True)
    copy.set_weights(model.get_weights())
    return copy
