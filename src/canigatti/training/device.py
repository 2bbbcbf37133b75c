"""The device that networks run on: reproducible operations, memory, and the versions of the libraries."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

from canigatti.cores import usable_cores
from canigatti.files import InputError
from canigatti.training.leases import check_no_gpu_is_missing

# Optional dependencies of Keras: it imports them for its scikit-learn wrappers and its plots, which are not used here,
# and works without them (keras-team/keras pull request 20657). It has no setting that leaves them out.
_OPTIONAL_IMPORTS = ("matplotlib", "matplotlib.pyplot", "sklearn")


def prepare_device(seed: int = 0) -> None:
    """Seed Python, NumPy and Keras and make TensorFlow deterministic; call this before a network is built or loaded.

    GPU memory grows as needed, so that other programs can use the rest. On two CPU cores, deterministic operations take
    no measurable extra time.

    Raises:
        InputError: a GPU was asked for, see :func:`canigatti.training.leases.check_no_gpu_is_missing`.
    """
    _import_keras()
    import keras
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        check_no_gpu_is_missing()
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def _import_keras() -> None:
    """Import Keras and TensorFlow in 2.2 s instead of 4.1 s; every job that runs a network does this once."""
    if "keras" in sys.modules:
        return
    masked = [name for name in _OPTIONAL_IMPORTS if name not in sys.modules]
    for name in masked:
        sys.modules[name] = None  # type: ignore[assignment] # its import raises ModuleNotFoundError
    gc.disable()  # collections during the import traverse all imported modules and free nothing
    try:
        import keras  # noqa: F401
    finally:
        gc.freeze()
        gc.enable()
        for name in masked:
            del sys.modules[name]


@contextmanager
def report_out_of_memory(job: str) -> Iterator[None]:
    """Report running out of memory as a user error that names the job; TensorFlow's own message names a tensor.

    Args:
        job: description of the job, with its batch size.

    Raises:
        InputError: the block ran out of memory; the message begins with `job`.
    """
    import tensorflow as tf

    try:
        yield
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        lines = str(error).splitlines()
        reason = next((line for line in lines if "OOM" in line or "alloc" in line), lines[-1] if lines else "")
        raise InputError(f"{job}: out of memory ({reason}); a smaller batch size or network may help") from error


def has_gpu() -> bool:
    """Return whether TensorFlow sees a GPU."""
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


def device_name() -> str:
    """Return the name of the GPU, or the number of CPU cores if there is no GPU."""
    import tensorflow as tf

    for gpu in tf.config.list_physical_devices("GPU"):
        return str(tf.config.experimental.get_device_details(gpu).get("device_name", "GPU"))
    return f"CPU, {usable_cores()} cores"


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that affect a result."""
    import tensorflow as tf

    python = ".".join(map(str, sys.version_info[:3]))
    packages = {name: version(name) for name in ("canigatti", "keras", "numpy", "opencv-python-headless", "pillow")}
    return {"python": python, "tensorflow": tf.__version__, **packages}
