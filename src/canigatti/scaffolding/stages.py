"""The part of a backbone that is fine-tuned."""

from typing import TYPE_CHECKING

from canigatti.training.backbones import backbone_builder

if TYPE_CHECKING:
    import keras

_SIZE = 128  # pixels; the stages are the same for every size


def last_stage(backbone: str) -> str:
    """Return the name of the first layer of a backbone's last stage, in which the feature maps are smallest.

    Its features are the most specific to the classes that the backbone was trained on (Yosinski et al., "How
    transferable are features in deep neural networks?", 2014).

    Args:
        backbone: lower-case name in keras.applications.
    """
    model = backbone_builder(backbone)(weights=None, include_top=False, input_shape=(_SIZE, _SIZE, 3))
    layers = [layer for layer in model.layers if layer.weights]
    return str(next(layer.name for layer in layers if _resolution(layer) == _resolution(layers[-1])))


def _resolution(layer: "keras.Layer") -> tuple[int, ...]:
    return tuple(layer.output.shape[1:3])
