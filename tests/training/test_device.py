import subprocess
import sys

import pytest

from canigatti.files import InputError
from canigatti.training.device import report_out_of_memory, versions

# Everything that the package does with Keras, in a process that imported it without its optional dependencies.
USE_OF_KERAS = """
import gc, sys
from pathlib import Path
from canigatti.training.device import prepare_device

prepare_device(42)
assert not {"sklearn", "matplotlib", "matplotlib.pyplot"} & set(sys.modules)
assert gc.isenabled()

import keras
import numpy as np

assert keras.config.backend() == "tensorflow"
folder = Path(sys.argv[1])
photos = np.random.default_rng(0).integers(0, 256, (16, 8, 8, 3), dtype=np.uint8)
labels = np.arange(16)[:, None] % 2
inputs = keras.Input((8, 8, 3), dtype="uint8")
values = keras.layers.Rescaling(1 / 255)(inputs)
values = keras.layers.Conv2D(4, 3, padding="same", activation="relu", kernel_initializer="he_uniform")(values)
values = keras.layers.BatchNormalization()(values)
values = keras.layers.Dropout(0.2)(keras.layers.MaxPooling2D(2)(values))
outputs = keras.layers.Dense(1, activation="sigmoid")(keras.layers.Flatten()(values))
model = keras.Model(inputs, outputs)
optimizer = keras.optimizers.SGD(learning_rate=0.01, momentum=0.9)
model.compile(optimizer=optimizer, loss="binary_crossentropy", metrics=["accuracy"])
history = model.fit(
    photos,
    labels,
    validation_data=(photos, labels),
    epochs=3,
    verbose=0,
    callbacks=[
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=2, restore_best_weights=True),
        keras.callbacks.TensorBoard(folder / "logs"),
    ],
)
assert set(history.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
assert list((folder / "logs").glob("train/events*"))
model.save(folder / "model.keras")
loaded = keras.saving.load_model(folder / "model.keras", compile=False, safe_mode=True)
expected = model.predict(photos, verbose=0)
np.testing.assert_allclose(loaded.predict(photos, verbose=0), expected, rtol=1e-6)
backbone = keras.applications.MobileNetV2(weights=None, include_top=False, input_shape=(32, 32, 3))
backbone.save_weights(folder / "backbone.weights.h5")
backbone.load_weights(folder / "backbone.weights.h5")

import matplotlib.pyplot
import sklearn.model_selection

matplotlib.pyplot.figure()
sklearn.model_selection.StratifiedKFold()
"""


def test_keras_works_when_it_is_imported_without_its_optional_dependencies(tmp_path):
    """If this fails with a new release of Keras, `_OPTIONAL_IMPORTS` in `device.py` must change."""
    result = subprocess.run(
        [sys.executable, "-c", USE_OF_KERAS, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_modules_that_are_already_imported_stay_imported():
    script = (
        "import sys\n"
        "import matplotlib\n"
        "from canigatti.training.device import prepare_device\n"
        "prepare_device()\n"
        "assert sys.modules['matplotlib'] is matplotlib\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_the_versions_include_every_library_that_affects_a_result():
    """A training with other versions does not resume from a checkpoint."""
    assert {"python", "tensorflow", "keras", "numpy", "opencv-python-headless", "pillow"} < set(versions())


def test_out_of_memory_is_reported_with_the_job():
    import tensorflow as tf

    message = "first line\nOOM when allocating tensor with shape[2,3]\nlast line"
    expected = r"^tried: out of memory \(OOM when allocating tensor.*\); a smaller batch size"
    with pytest.raises(InputError, match=expected), report_out_of_memory("tried"):
        raise tf.errors.ResourceExhaustedError(None, None, message)
    with pytest.raises(InputError, match=r"^tried: out of memory"), report_out_of_memory("tried"):
        raise MemoryError
