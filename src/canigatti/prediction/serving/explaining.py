"""What the network looked at, as an image for the page."""

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from canigatti.evaluation.gradcam import GradCam
from canigatti.evaluation.heat_maps import is_empty, overlay
from canigatti.files import InputError
from canigatti.prediction.serving.engine import Explain

if TYPE_CHECKING:
    import keras

_SIDE = 480  # pixels


def explain_with(network: "keras.Model") -> Explain:
    """Return the function that draws Grad-CAM over a square; it returns None where no position speaks for the class.

    Args:
        network: see :func:`canigatti.evaluation.prediction.predict`. One without a convolution explains nothing.
    """
    try:
        gradcam = GradCam(network)
    except InputError:
        return lambda square, label: None

    def explain(square: np.ndarray, label: int) -> Image.Image | None:
        values = gradcam.maps_of_batch(square[np.newaxis], np.array([[label]]))[0, 0]
        large = Image.fromarray(square).resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
        return None if is_empty(values) else overlay(large, values)

    return explain
