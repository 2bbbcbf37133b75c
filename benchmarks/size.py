"""What a large store costs: memory, and the time for a photo."""

import subprocess
import sys
from pathlib import Path

import numpy as np
from measure import Row, limit, speeds, timed
from photos import made_up_store

from canigatti.photos.store import open_store
from canigatti.training.batches import Part, training_batches

SMALL, LARGE = 1_000, 25_000

# A network that is quickly trained, so that an epoch shows every photo of the store: memory is that of feeding.
TRAINING = """
import sys, tempfile
from pathlib import Path
import numpy as np
from canigatti.config import Augmentation, Convolutional, Spec
from canigatti.photos.store import open_store
from canigatti.training import fitting, networks
from canigatti.training.batches import Part
from canigatti.training.device import prepare_device
prepare_device(1)
store = open_store(Path(sys.argv[1]), Path(sys.argv[2]))
count = len(store.images)
network = Convolutional(filters=(1,), kernel_size=1, dense_units=1, dropout=(0, 0))
spec = Spec(network=network, epochs=1, augmentation=None)
train, validation = Part(store, np.arange(count // 5, count), "rgb"), Part(store, np.arange(count // 5), "rgb")
with tempfile.TemporaryDirectory() as folder:
    logs, kept = Path(folder, "logs"), Path(folder, "kept", "state.npz")
    fitting.fit(networks.build(spec), spec, train, validation, 1, logs, kept)
status = Path("/proc/self/status").read_text()  # ru_maxrss would count what the process was started from
print("peak", status.partition("VmHWM:")[2].split()[0])
"""


def rows(folder: Path) -> list[Row]:
    """Peak memory of an epoch over 25,000 photos, and the time to feed one compared with a store of 1,000."""
    stores = {count: made_up_store(folder, count) for count in (SMALL, LARGE)}
    answer = subprocess.run(
        [sys.executable, "-c", TRAINING, *map(str, stores[LARGE])], check=True, capture_output=True, text=True
    )
    peak = int(answer.stdout.rpartition("peak ")[2]) / 1e6
    measured = speeds({str(count): feed_task(*files) for count, files in stores.items()})
    growth = measured[str(SMALL)] / measured[str(LARGE)]
    detail = f"{measured[str(SMALL)]:,.0f} to {measured[str(LARGE)]:,.0f} photos/s"
    return [
        limit("peak memory of training from 25,000 photos (3 GB)", peak, 2.5, "GB"),
        limit("feeding time of a photo, of 25,000 / of 1,000", growth, 1.1, "", detail),
    ]


def feed_task(images: Path, manifest: Path):
    """Ten thousand photos of the store, over and over if it has fewer."""
    store = open_store(images, manifest)
    part = Part(store, np.arange(len(store.images)), "rgb")
    iterator = iter(training_batches(part, 50, None, seed=1))

    return timed(lambda: sum(len(next(iterator)[0]) for _ in range(200)))
