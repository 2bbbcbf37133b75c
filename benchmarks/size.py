"""The cost of a large image store: memory, and time per photo."""

import subprocess
import sys
from pathlib import Path

import numpy as np
from measure import Row, Task, limit, speeds, timed
from photos import write_noise_store

from canigatti.photos.store import open_store
from canigatti.training.batches import Subset, training_batches

SMALL, LARGE = 1_000, 25_000

# The network is tiny, so that memory is that of feeding, and an epoch over all photos of the store is fast.
TRAINING = """
import sys, tempfile
from pathlib import Path
import numpy as np
from canigatti.config import Augmentation, Convolutional, Spec
from canigatti.photos.store import open_store
from canigatti.training import fitting, networks
from canigatti.training.batches import Subset, Subsets
from canigatti.training.device import prepare_device
prepare_device(1)
images = Path(sys.argv[1])
store = open_store(images, images.with_name("manifest.csv"))
count = len(store.images)
network = Convolutional(filters=(1,), kernel_size=1, dense_units=1, dropout=(0, 0))
spec = Spec(network=network, epochs=1, augmentation=None)
train, validation = Subset(store, np.arange(count // 5, count), "rgb"), Subset(store, np.arange(count // 5), "rgb")
with tempfile.TemporaryDirectory() as folder:
    job = fitting.TrainingJob(spec, 1, Path(folder, "logs"), Path(folder, "checkpoint", "state.npz"))
    fitting.fit(networks.build(spec, None, 2), job, Subsets(train, validation))
status = Path("/proc/self/status").read_text()  # ru_maxrss would include the parent process
print("peak", status.partition("VmHWM:")[2].split()[0])
"""


def rows(folder: Path) -> list[Row]:
    """Return peak memory of an epoch over 25,000 photos, and feeding time per photo relative to a store of 1,000."""
    stores = {count: write_noise_store(folder / f"noise-{count}", count) for count in (SMALL, LARGE)}
    process = subprocess.run(
        [sys.executable, "-c", TRAINING, str(stores[LARGE])], check=True, capture_output=True, text=True
    )
    peak = int(process.stdout.rpartition("peak ")[2]) / 1e6
    measured = speeds({str(count): feed_task(images) for count, images in stores.items()})
    growth = measured[str(SMALL)] / measured[str(LARGE)]
    detail = f"{measured[str(LARGE)]:,.0f} and {measured[str(SMALL)]:,.0f} photos/s"
    return [
        limit("peak memory of training on 25,000 photos (3 GB)", peak, target=2.5, unit="GB"),
        limit("feeding time per photo, 25,000 photos / 1,000", growth, target=1.1, unit="", detail=detail),
    ]


def feed_task(images: Path) -> Task:
    """Return a task that feeds ten thousand photos of the store, repeatedly if it has fewer."""
    store = open_store(images, images.with_name("manifest.csv"))
    subset = Subset(store, np.arange(len(store.images)), "rgb")
    iterator = iter(training_batches(subset, 50, None, seed=1))

    return timed(lambda: sum(len(next(iterator)[0]) for _ in range(200)))
