import subprocess
import sys

from canigatti.training.device import versions


def test_the_versions_are_those_of_all_that_decides_what_is_learned():
    """Nothing goes on from a state of other versions."""
    assert {"python", "tensorflow", "keras", "numpy", "opencv-python-headless", "pillow"} < set(versions())


def test_keras_starts_without_what_is_not_used_and_leaves_it_to_be_imported():
    script = (
        "import gc, sys\n"
        "from canigatti.training.device import prepare_device\n"
        "prepare_device()\n"
        "assert 'keras' in sys.modules\n"
        "assert not {'sklearn', 'matplotlib'} & set(sys.modules)\n"
        "assert gc.isenabled()\n"
        "import matplotlib.pyplot, sklearn\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
