"""Logits of a trained network: the values of its last layer before the sigmoid or softmax."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from canigatti.evaluation.prediction import BATCH_SIZE, Photos, check_size, inputs_for
from canigatti.evaluation.predictions import as_logits, as_probabilities
from canigatti.files import InputError

if TYPE_CHECKING:
    import keras


class Outputs(NamedTuple):
    """What a network returns for n photos.

    Attributes:
        probabilities: (n, classes), float64, see :func:`canigatti.evaluation.predictions.as_probabilities`.
        logits: (n, classes), float64, see :func:`canigatti.evaluation.predictions.as_logits`.
    """

    probabilities: np.ndarray
    logits: np.ndarray


class LogitNetwork:
    """A network that returns its logits beside its probabilities, in one forward pass."""

    def __init__(self, model: "keras.Model") -> None:
        """Add the inputs of the last layer to the outputs of a network, with which it shares its weights.

        The last layer is computed a second time, without activation. If its value before the activation were an output
        itself, TensorFlow could no longer compute layer and activation as one operation, and the last digits of the
        probabilities would depend on whether somebody asks for the logits.

        Args:
            model: see :func:`canigatti.evaluation.prediction.predict`.

        Raises:
            InputError: the last layer is not that of the study's models, see
                :func:`canigatti.training.outputs.apply_output`.
        """
        import keras

        last = model.layers[-1]
        if not isinstance(last, keras.layers.Dense) or last.activation not in _activations():
            raise InputError(
                "expected a model whose last layer is Dense with a sigmoid or softmax activation, which has logits; "
                f"received {type(last).__name__}"
            )
        self.model = model
        self._linear = keras.layers.Dense.from_config(
            {**last.get_config(), "activation": None, "kernel_initializer": "zeros"}
        )
        self._linear.build(last.input.shape)
        self._linear.set_weights(last.get_weights())
        self._network = keras.Model(model.inputs, [*model.outputs, last.input])

    def predict_batch(self, photos: np.ndarray) -> Outputs:
        """Predict one batch; the probabilities are those of :func:`canigatti.evaluation.prediction.predict_batch`.

        Args:
            photos: (n, size, size, 3), uint8, RGB; converted to grayscale for a model with one input channel.
        """
        import keras

        probabilities, features = self._network.predict_on_batch(inputs_for(self.model, photos))
        return Outputs(as_probabilities(probabilities), as_logits(keras.ops.convert_to_numpy(self._linear(features))))

    def predict(self, images: Photos, rows: np.ndarray) -> Outputs:
        """Predict the photos in these rows, batch by batch, so that memory use does not depend on their number.

        Args:
            images: (photos, size, size, 3), uint8, RGB; may be memory mapped.
            rows: (n,), positions in `images`.

        Raises:
            InputError: the model expects photos of a different size.
        """
        check_size(self.model, images)
        starts = range(0, len(rows), BATCH_SIZE)
        batches = [self.predict_batch(images[rows[start : start + BATCH_SIZE]]) for start in starts]
        empty = np.empty((0, max(2, self.model.output_shape[-1])))
        return Outputs(*map(np.concatenate, zip(*batches, strict=True))) if batches else Outputs(empty, empty)


def _activations() -> tuple:
    import keras

    return keras.activations.sigmoid, keras.activations.softmax
