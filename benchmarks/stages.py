"""Speed of inspection, transfer learning with a frozen backbone, and prediction."""

import contextlib
import io
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from measure import Row, fitted, ratio, speeds, timed
from photos import Photos
from PIL import Image

from canigatti.config import Augmentation, EarlyStopping, Head, Pretrained, Spec
from canigatti.photos.inspection import inspect_all
from canigatti.photos.layouts import find_photos
from canigatti.photos.sources import PhotoSource, open_source
from canigatti.prediction.files import predict_files
from canigatti.training import fitting, networks
from canigatti.training.batches import Subset, Subsets, training_batches

WORKERS = 2
TRANSFER_COUNT = 256
PREDICTION_COUNT = 2000


def inspection(photos: Photos) -> list[Row]:
    """Compare inspection with only decoding the same files."""
    source = open_source(photos.source)
    found = find_photos(source.members(), ("cat", "dog"))

    def inspect() -> int:
        return len(inspect_all(source, found, WORKERS))

    def decode() -> int:
        with ProcessPoolExecutor(WORKERS) as pool:
            return sum(pool.map(Decoder(source), [photo.path for photo in found], chunksize=16))

    measured = speeds({"inspect": timed(inspect), "decode": timed(decode)})
    name = "inspection / plain Pillow decoding on the same number of cores"
    return [ratio(name, measured["inspect"], measured["decode"], target=0.8)]


class Decoder:
    """Decode a file of a source with Pillow, and count it even if it is not a photo."""

    def __init__(self, source: PhotoSource) -> None:
        self.source = source

    def __call__(self, path: str) -> int:
        with contextlib.suppress(OSError):
            Image.open(io.BytesIO(self.source.read(path))).load()
        return 1


def transfer(photos: Photos) -> list[Row]:
    """Measure a frozen MobileNetV2 at 224×224; its random weights do not affect the speed."""
    store = photos.store(224)
    train_set = Subset(store, np.arange(TRANSFER_COUNT), "rgb")
    network = Pretrained(backbone="mobilenetv2", head=Head(pooling="average", dense_units=(128, 64)))
    spec = Spec(image_size=224, network=network, augmentation=None, epochs=8, early_stopping=EarlyStopping(patience=8))
    with TemporaryDirectory() as folder:
        validation_set = Subset(store, np.arange(TRANSFER_COUNT, TRANSFER_COUNT + 64), "rgb")
        model = networks.build(spec, None, 2)
        job = fitting.TrainingJob(spec, 1, Path(folder, "logs"), Path(folder, "checkpoint", "state.npz"))
        result = fitting.fit(model, job, Subsets(train_set, validation_set))
    first, *later = 1 / result.history["seconds"]
    backbone, batches = model.get_layer("mobilenetv2"), training_batches(train_set, 64, Augmentation(), seed=1)
    images, _ = train_set.gather(np.arange(TRANSFER_COUNT))

    steps, prefetched = 4 * TRANSFER_COUNT // 64, 8
    train = fitted(model, 64, steps, batches, skipped=prefetched, steps_per_epoch=steps)

    def forward() -> int:
        for start in range(0, TRANSFER_COUNT, 64):
            backbone.predict_on_batch(images[start : start + 64].astype(np.float32) / 127.5 - 1)
        return TRANSFER_COUNT

    measured = speeds({"train": train, "forward": timed(forward)})
    name = "transfer learning without augmentation, later epochs / first epoch"
    augmented = "transfer learning with augmentation / forward pass of the backbone"
    return [
        ratio(name, float(np.median(later)), float(first), target=20, unit="epochs/s"),
        ratio(augmented, measured["train"], measured["forward"], target=0.85),
    ]


def prediction(photos: Photos) -> list[Row]:
    """Compare the command `predict` on files with Keras' `predict` on an array in memory."""
    model = networks.build(Spec(augmentation=None), None, 2)
    store = photos.store(200)
    rows = np.resize(np.arange(len(store.images)), PREDICTION_COUNT)
    images = store.images[rows]
    with TemporaryDirectory() as folder:
        files = []
        for number, image in enumerate(store.images):
            files.append(str(Path(folder, f"{number}.jpg")))
            Image.fromarray(image).resize((400, 320)).save(files[-1], quality=90)
        paths = [files[row] for row in rows]
        tasks = {
            "files": lambda: sum(1 for _ in predict_files(model, paths)),
            "array": lambda: len(model.predict(images, batch_size=64, verbose=0)),
        }
        measured = speeds({name: timed(task) for name, task in tasks.items()})
    name = "prediction of 400×320 photo files / of an array in memory"
    return [ratio(name, measured["files"], measured["array"], target=0.9)]
