"""Predictions for many requests with the memory of one: a thread decodes photos, another one runs the network."""

import asyncio
import base64
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from PIL import Image

from canigatti.config import Square
from canigatti.photos.decoding import UnreadablePhoto, decode
from canigatti.photos.resizing import to_square
from canigatti.prediction.calibration import answer_by
from canigatti.prediction.files import Prediction
from canigatti.prediction.loading import Predictor
from canigatti.prediction.output import UNSURE
from canigatti.prediction.serving.records import ClassProbability, PhotoAnswer

Explain = Callable[[np.ndarray, int], Image.Image | None]
"""Takes a square, (size, size, 3), uint8, and a label; returns it colored by what spoke for the label, or None."""

_SIDE = 480  # pixels of the small photo on the page


@dataclass(frozen=True)
class Decoded:
    """A decoded photo.

    Attributes:
        square: as the network takes it, (size, size, 3), uint8.
        photo: a small version with its own aspect ratio, a data URI.
    """

    square: np.ndarray
    photo: str


class Engine:
    """Decodes one photo at a time, and predicts one at a time.

    To decode a photo of 50 megapixels takes 0.2 GB (JPEG) to 1.6 GB (32-bit gray), so two at a time may be too many.
    """

    def __init__(self, predictor: Predictor, explain: Explain) -> None:
        """Predict a black photo, so that the first person does not wait for TensorFlow to trace the network.

        Raises:
            InputError: the model has diverged, or has no logits although the rules need them.
        """
        self._predictor, self._explain = predictor, explain
        self._answer = answer_by(predictor.network, predictor.rules)
        self._decoder, self._network = (ThreadPoolExecutor(1, name) for name in ("decoder", "network"))
        side = predictor.square.size
        self._network.submit(self._predict, "", Decoded(np.zeros((side, side, 3), np.uint8), "")).result()

    async def decode(self, content: bytes) -> Decoded | str:
        """Decode a photo; return an error message on one line if that is impossible."""
        return await asyncio.get_running_loop().run_in_executor(
            self._decoder, read_photo, content, self._predictor.square
        )

    async def predict(self, name: str, photo: Decoded) -> PhotoAnswer:
        """Predict a decoded photo.

        Args:
            name: of its file.
            photo: the photo.
        """
        return await asyncio.get_running_loop().run_in_executor(self._network, self._predict, name, photo)

    def close(self) -> None:
        """Wait for the photos that are being decoded and predicted, and drop all that wait."""
        for pool in (self._decoder, self._network):
            pool.shutdown(cancel_futures=True)

    def _predict(self, name: str, photo: Decoded) -> PhotoAnswer:
        probabilities, sure = self._answer(photo.square[np.newaxis])
        prediction = Prediction(name, tuple(probabilities[0].tolist()), is_sure=bool(sure[0]))
        explained = self._explain(photo.square, prediction.label)
        return PhotoAnswer(
            name=name,
            predicted=self._predictor.classes[prediction.label] if prediction.is_sure else UNSURE,
            is_sure=prediction.is_sure,
            probabilities=_ranked(prediction, self._predictor.classes),
            photo=photo.photo,
            explanation=data_uri(explained) if explained else "",
        )


def read_photo(content: bytes, square: Square) -> Decoded | str:
    """Decode the content of a file; return an error message on one line if it is no photo that `predict` takes.

    Args:
        content: the file's bytes.
        square: that the network takes.
    """
    try:
        image = decode(content).image
    except UnreadablePhoto as error:
        return str(error)
    pixels = to_square(image, square)
    image.thumbnail((_SIDE, _SIDE), reducing_gap=2.0)
    return Decoded(pixels, data_uri(image))


def data_uri(image: Image.Image) -> str:
    """Return an RGB image as the address of itself, in WebP."""
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=80)
    return f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"


def _ranked(prediction: Prediction, classes: tuple[str, ...]) -> tuple[ClassProbability, ...]:
    pairs = sorted(zip(classes, prediction.probabilities, strict=True), key=lambda pair: -pair[1])
    return tuple(ClassProbability(name=name, probability=value) for name, value in pairs)
