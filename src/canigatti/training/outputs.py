"""The output of a network, one sigmoid unit for two classes and one softmax unit per class for more, and its loss."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


def apply_output(values: "keras.KerasTensor", classes: int) -> "keras.KerasTensor":
    """Return the probability of class 1, (batch, 1), for two classes; for more, that of each class, (batch, classes).

    It is computed in float32 in a network of any precision, as Keras recommends for mixed precision.

    Args:
        values: values of the last layer before the output, (batch, units).
        classes: number of classes, 2 or more.

    Raises:
        ValueError: there are fewer than two classes.
    """
    from keras import layers

    if classes < 2:
        raise ValueError(f"classes: expected 2 or more, received {classes}")
    units, activation, name = (1, "sigmoid", "probability") if classes == 2 else (classes, "softmax", "probabilities")
    dense = layers.Dense(units, activation=activation, kernel_initializer="glorot_uniform", name=name, dtype="float32")
    return dense(values)


def crossentropy(classes: int, label_smoothing: float) -> "str | keras.Loss | Callable[[Any, Any], Any]":
    """Return the loss in a form that `compile` takes: binary cross-entropy for two classes, categorical for more.

    It takes labels (batch, 1). Label smoothing is Keras' own (Szegedy et al., 2016), and applies to the validation loss
    too; for more than two classes Keras has it only for one-hot labels.

    Args:
        classes: number of classes, 2 or more.
        label_smoothing: 0 to 1; 0 for none.
    """
    import keras

    if not label_smoothing:
        return "binary_crossentropy" if classes == 2 else "sparse_categorical_crossentropy"
    if classes == 2:
        return keras.losses.BinaryCrossentropy(label_smoothing=label_smoothing)

    def smoothed_crossentropy(labels: Any, probabilities: Any) -> Any:
        one_hot = keras.ops.one_hot(keras.ops.cast(labels[:, 0], "int32"), classes)
        return keras.losses.categorical_crossentropy(one_hot, probabilities, label_smoothing=label_smoothing)

    return smoothed_crossentropy


def count_classes(model: "keras.Model") -> int:
    """Return the number of classes of a network, or of its head, from the size of its output."""
    units = int(model.output_shape[-1])
    return 2 if units == 1 else units
