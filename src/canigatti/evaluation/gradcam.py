"""Grad-CAM: where in a photo a network found what speaks for a class (Selvaraju et al., 2017).

The map of a class is the ReLU of the sum of the last convolution's channels, each weighted by the mean over all
positions of the gradient of the class's logit with respect to this channel (their equations 1 and 2).
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from canigatti.evaluation.prediction import Photos, check_size, inputs_for
from canigatti.files import InputError

if TYPE_CHECKING:
    import keras

BATCH_SIZE = 16  # the values of a last convolution at 200 pixels take 2 MB per photo, and their gradients the same


class GradCam:
    """Grad-CAM of one network."""

    def __init__(self, model: "keras.Model") -> None:
        """Find the last convolution of a network, and divide the network there.

        Args:
            model: see :func:`canigatti.evaluation.prediction.predict`; its weights may be frozen or not.

        Raises:
            InputError: the network has no convolution, or its last layer has no logits.
        """
        import keras

        last = model.layers[-1]
        if not isinstance(last, keras.layers.Dense) or last.activation not in _activations():
            raise InputError(
                "expected a model whose last layer is Dense with a sigmoid or softmax activation, which has logits; "
                f"received {type(last).__name__}"
            )
        found = _find_features(model.inputs, last.input)
        if found is None:
            raise InputError(
                "expected a model with a convolution, whose values have positions in the photo; received one without"
            )
        self.model = model
        self._last = last
        self._parts, self._head = found

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a map."""
        rows, columns = self._parts[-1].output_shape[1:3]
        return int(rows), int(columns)

    def maps(self, images: Photos, rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return the maps of some classes for the photos in these rows, batch by batch.

        Args:
            images: (photos, size, size, 3), uint8, RGB; may be memory mapped.
            rows: (n,), positions in `images`.
            labels: (n, m), the m classes that the maps of each photo are for.

        Returns:
            (n, m, map rows, map columns), float32, 0 or more, in no common scale; see :meth:`maps_of_batch`.

        Raises:
            InputError: the model expects photos of a different size.
        """
        check_size(self.model, images)
        batches = [
            self.maps_of_batch(images[rows[start : start + BATCH_SIZE]], labels[start : start + BATCH_SIZE])
            for start in range(0, len(rows), BATCH_SIZE)
        ]
        return np.concatenate([np.empty((0, labels.shape[1], *self.shape), np.float32), *batches])

    def maps_of_batch(self, photos: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return the maps of some classes for each photo of one batch.

        A map of zeros has no position that speaks for the class. Infinite or undefined values, of a network that has
        diverged, are NaN in the whole map.

        Args:
            photos: (n, size, size, 3), uint8, RGB; converted to grayscale for a model with one input channel.
            labels: (n, m), classes.

        Returns:
            (n, m, map rows, map columns), float32, 0 or more.
        """
        import keras

        features = keras.ops.convert_to_tensor(inputs_for(self.model, photos))
        for part in self._parts:
            features = part(features, training=False)
        maps = np.stack([self._maps_for(features, one) for one in labels.T], axis=1)
        maps[~np.isfinite(maps).all(axis=(2, 3))] = np.nan
        return maps

    def scores(self, features: Any, labels: np.ndarray) -> Any:
        """Return the logit of one class for each photo, (n,), from the values of the last convolution.

        Of two classes, which have one logit, that of class 0 is the negative of that of class 1.

        Args:
            features: (n, map rows, map columns, channels), a tensor.
            labels: (n,), classes.
        """
        import keras

        values = features
        for operation in self._head:
            values = operation(values)
        logits = keras.ops.matmul(values, self._last.kernel)
        if self._last.use_bias:
            logits = logits + self._last.bias
        classes = 1 if logits.shape[-1] == 1 else int(logits.shape[-1])
        weights = np.where(labels == 1, 1, -1)[:, None] if classes == 1 else np.eye(classes)[labels]
        return keras.ops.sum(logits * keras.ops.convert_to_tensor(weights, logits.dtype), axis=1)

    def channel_weights(self, features: Any, labels: np.ndarray) -> Any:
        """Return the mean gradient of the logit of one class over the positions of each channel, (n, channels).

        Args:
            features: (n, map rows, map columns, channels), a tensor.
            labels: (n,), classes.
        """
        import tensorflow as tf

        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(features)
            scores = self.scores(features, labels)
        return tf.reduce_mean(tape.gradient(scores, features), axis=(1, 2))

    def _maps_for(self, features: Any, labels: np.ndarray) -> np.ndarray:
        import keras

        weights = self.channel_weights(features, labels)[:, None, None]
        return np.asarray(keras.ops.relu(keras.ops.sum(weights * features, axis=-1)), np.float32)


def _activations() -> tuple:
    import keras

    return keras.activations.sigmoid, keras.activations.softmax


class _Found(NamedTuple):
    """A network, divided at the values of its last convolution.

    Attributes:
        parts: models that compute these values from photos, one after the other; several if the layer is in a backbone,
            which is a model inside the network.
        head: operations that compute the inputs of the last layer from these values, one after the other.
    """

    parts: "list[keras.Model]"
    head: list[Any]


def _find_features(inputs: "list[keras.KerasTensor]", end: "keras.KerasTensor") -> _Found | None:
    """Go back from a value to the last convolution with positions, past what only pools, drops or flattens.

    The result includes the normalization and activation that follow the convolution, and an addition or concatenation
    with other layers: Grad-CAM of residual networks is that of the sum.

    Args:
        inputs: of the network or backbone.
        end: the value to start from.
    """
    import keras

    head: list[Any] = []
    for operation, tensor in _chain(end):
        if isinstance(operation, keras.Model):
            if inner := _find_features(operation.inputs, operation.outputs[0]):
                before = keras.Model(inputs, _inputs_of(tensor)[0])
                return _Found([before, *inner.parts], [*inner.head, *reversed(head)])
        elif len(tensor.shape) == 4 and not isinstance(operation, _passed()):
            part = keras.Model(inputs, tensor)
            return _Found([part], head[::-1]) if _has_convolution(part) else None
        head.append(operation)
    return None


def _chain(end: "keras.KerasTensor") -> "Iterator[tuple[Any, keras.KerasTensor]]":
    """Yield each operation and its value, from the last one back to the input or to one with several inputs."""
    tensor = end
    while True:
        yield tensor._keras_history.operation, tensor
        inputs = _inputs_of(tensor)
        if len(inputs) != 1:
            return
        tensor = inputs[0]


def _inputs_of(tensor: "keras.KerasTensor") -> "list[keras.KerasTensor]":
    history = tensor._keras_history
    return history.operation._inbound_nodes[history.node_index].input_tensors


def _passed() -> tuple[type, ...]:
    from keras import layers

    return (
        *(layers.MaxPooling2D, layers.AveragePooling2D, layers.Dropout, layers.SpatialDropout2D),
        *(layers.Identity, layers.InputLayer),
    )


def _has_convolution(model: "keras.Model") -> bool:
    from keras import layers

    kinds = (layers.Conv2D, layers.Conv2DTranspose, layers.DepthwiseConv2D, layers.SeparableConv2D)
    return any(isinstance(layer, kinds) for layer in _layers(model))


def _layers(model: "keras.Model") -> "Iterable[keras.Layer]":
    return model._flatten_layers()
