"""What a network runs on, and making it behave."""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

from canigatti.files import InputError

# Keras imports them for wrappers and pictures that are not used here, and does without where they are missing.
_LEFT_OUT_BY_KERAS = ("matplotlib", "matplotlib.pyplot", "sklearn")


def prepare_device(seed: int = 0) -> None:
    """Seed Python, NumPy and Keras and make TensorFlow repeatable; call before a network is built or loaded.

    A GPU's memory is taken as it is needed, so that other programs can use the rest. On two CPU cores the repeatable
    operations cost no measurable time.
    """
    _import_keras()
    import keras
    import tensorflow as tf

    for graphics in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(graphics, True)
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def _import_keras() -> None:
    """Import Keras and TensorFlow in half the time, which every job spends that runs a network (2.2 s for 4.1 s)."""
    if "keras" in sys.modules:
        return
    absent = [name for name in _LEFT_OUT_BY_KERAS if name not in sys.modules]
    for name in absent:
        sys.modules[name] = None  # type: ignore[assignment] # an import fails as if the module were not installed
    gc.disable()  # it would look again and again through all that was imported before, and find nothing
    try:
        import keras  # noqa: F401
    finally:
        gc.freeze()
        gc.enable()
        for name in absent:
            del sys.modules[name]


@contextmanager
def report_out_of_memory(what: str) -> Iterator[None]:
    """Report which training ran out of memory, where TensorFlow names a tensor.

    Raises:
        InputError: memory ran out in the block; the message begins with `what`.
    """
    import tensorflow as tf

    try:
        yield
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        lines = str(error).splitlines()
        reason = next((line for line in lines if "OOM" in line or "alloc" in line), lines[-1] if lines else "")
        raise InputError(f"{what}: memory ran out ({reason}); a smaller batch size or network may help") from error


def device_name() -> str:
    """The GPU's name, or the number of CPU cores."""
    import tensorflow as tf

    for graphics in tf.config.list_physical_devices("GPU"):
        return str(tf.config.experimental.get_device_details(graphics).get("device_name", "GPU"))
    return f"CPU, {os.cpu_count()} cores"


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide a result."""
    import tensorflow as tf

    python = ".".join(map(str, sys.version_info[:3]))
    packages = {name: version(name) for name in ("canigatti", "keras", "numpy", "opencv-python-headless", "pillow")}
    return {"python": python, "tensorflow": tf.__version__, **packages}
