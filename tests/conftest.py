import os
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real photos and weights."""
    if "CANIGATTI_SHARED" not in os.environ:
        pytest.skip("CANIGATTI_SHARED is not set: no real photos and weights here")
    return Path(os.environ["CANIGATTI_SHARED"])
