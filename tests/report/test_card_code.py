"""The Python code of model cards predicts what `canigatti predict` does."""

import numpy as np
import pytest
from PIL import Image

from canigatti.prediction.files import predict_files
from canigatti.report.card.usage import loading_code
from canigatti.training.model_files import load_model, save_model
from canigatti.training.networks import build


@pytest.mark.parametrize(
    ("color", "resize", "classes"), [("grayscale", "pad", 2), ("rgb", "crop", 3), ("rgb", "squeeze", 2)]
)
def test_the_code_predicts_what_the_command_does(tmp_path, monkeypatch, make_spec, color, resize, classes):
    monkeypatch.chdir(tmp_path)
    spec, names = make_spec(color=color, resize=resize), ("a", "b", "c")[:classes]
    save_model(build(spec, None, classes), tmp_path / "model.keras", names, resize)
    noise = np.random.default_rng(5).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    Image.fromarray(noise).resize((45, 30), Image.Resampling.BICUBIC).save("photo.jpg", quality=95)
    variables: dict = {}
    exec(loading_code(spec, classes), variables)
    (expected,) = predict_files(load_model(tmp_path / "model.keras", None), ["photo.jpg"], resize)
    received = variables["probabilities"]
    np.testing.assert_allclose(received, expected.probabilities[-len(received) :], rtol=0, atol=1e-6)
