"""Mixed precision: layers compute in float16 where TensorFlow sees a GPU; weights and output remain in float32."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from canigatti.config import Precision, Spec
from canigatti.training.device import has_gpu

if TYPE_CHECKING:
    import keras

MIXED: Precision = "mixed_float16"


def precision_of(spec: Spec) -> Precision:
    """Return the precision that a network of this experiment computes in: Keras' name of its data type policy."""
    return MIXED if spec.mixed_precision and has_gpu() else "float32"


@contextmanager
def layers_in(precision: Precision) -> Iterator[None]:
    """Make Keras build all layers of the block with this precision, those of backbones too."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def copy_in(precision: Precision, model: "keras.Model") -> "keras.Model":
    """Return a network with this precision and the weights of another one; its output remains in float32.

    Args:
        precision: the precision of its other layers, those of a backbone included.
        model: the other network.
    """
    import keras

    def layer_in_precision(layer: "keras.Layer") -> "keras.Layer":
        settings = layer.get_config()
        if isinstance(layer, keras.Layer) and layer is not model.layers[-1]:  # operations such as casts have no policy
            settings["dtype"] = precision
        return type(layer).from_config(settings)

    copy = keras.models.clone_model(model, clone_function=layer_in_precision, recursive=True)
    copy.set_weights(model.get_weights())
    return copy


def report_precision(spec: Spec) -> None:
    """Log the precision of an experiment with mixed precision, and the reason if it is not mixed."""
    if spec.mixed_precision:
        is_mixed = precision_of(spec) == MIXED
        print(
            "mixed precision: the network computes in float16 with float32 weights"
            if is_mixed
            else "mixed precision: TensorFlow sees no GPU, so the network computes in float32",
            flush=True,
        )
