"""The output of a network: one sigmoid unit for two classes, one softmax unit per class for more."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


def apply_output(values: "keras.KerasTensor", classes: int) -> "keras.KerasTensor":
    """Return the probability of class 1, (batch, 1), for two classes; for more, that of each class, (batch, classes).

    Args:
        values: values of the last layer before the output, (batch, units).
        classes: number of classes, 2 or more.

    Raises:
        ValueError: there are fewer than two classes.
    """
    from keras import layers

    if classes < 2:
        raise ValueError(f"classes: expected 2 or more, received {classes}")
    if classes == 2:
        return layers.Dense(1, activation="sigmoid", kernel_initializer="glorot_uniform", name="probability")(values)
    softmax = layers.Dense(classes, activation="softmax", kernel_initializer="glorot_uniform", name="probabilities")
    return softmax(values)


def count_classes(model: "keras.Model") -> int:
    """Return the number of classes of a network, or of its head, from the size of its output."""
    units = int(model.output_shape[-1])
    return 2 if units == 1 else units
