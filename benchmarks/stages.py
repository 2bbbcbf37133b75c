"""Speed of the other stages: inspecting photos, learning from a frozen backbone, predicting."""

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
from canigatti.files import read_json
from canigatti.photos.inspection import inspect_all
from canigatti.photos.sources import find_photos, open_source
from canigatti.prediction.files import predict_files
from canigatti.training import fitting, networks
from canigatti.training.batches import Part, training_batches

WORKERS = 2
TRANSFERRED = 256
PREDICTED = 2000


def inspection(photos: Photos) -> list[Row]:
    """Full inspection against decoding the same files and nothing else."""
    source = open_source(read_json(photos.folder / "source.json"))
    found = find_photos(source.members(), ("cat", "dog"))

    def inspect() -> int:
        return len(inspect_all(source, found, WORKERS))

    def decode() -> int:
        with ProcessPoolExecutor(WORKERS) as pool:
            return sum(pool.map(Decoding(source), [photo.path for photo in found], chunksize=16))

    measured = speeds({"inspect": timed(inspect), "decode": timed(decode)})
    return [ratio("inspecting / a plain Pillow decode on as many cores", measured["inspect"], measured["decode"], 0.8)]


class Decoding:
    """Decode a photo of a source with Pillow; a file that is none counts too."""

    def __init__(self, source: object) -> None:
        self.source = source

    def __call__(self, path: str) -> int:
        with contextlib.suppress(OSError):
            Image.open(io.BytesIO(self.source.read(path))).load()
        return 1


def transfer(photos: Photos) -> list[Row]:
    """MobileNetV2, frozen, at 224×224; its weights are random, which changes no speed."""
    store = photos.store(224)
    part = Part(store, np.arange(TRANSFERRED), "rgb")
    network = Pretrained(backbone="mobilenetv2", head=Head(pooling="average", dense_units=(128, 64)))
    spec = Spec(image_size=224, network=network, augmentation=None, epochs=8, early_stopping=EarlyStopping(patience=8))
    with TemporaryDirectory() as folder:
        validation = Part(store, np.arange(TRANSFERRED, TRANSFERRED + 64), "rgb")
        model = networks.build(spec)
        fit = fitting.fit(model, spec, part, validation, 1, Path(folder, "logs"), Path(folder, "kept", "state.npz"))
    first, *later = 1 / fit.history["seconds"]
    backbone, batches = model.get_layer("mobilenetv2"), training_batches(part, 64, Augmentation(), seed=1)
    images, _ = part.gather(np.arange(TRANSFERRED))

    steps, made_ahead = 4 * TRANSFERRED // 64, 8
    train = fitted(model, 64, steps, batches, skipped=made_ahead, steps_per_epoch=steps)

    def forward() -> int:
        for start in range(0, TRANSFERRED, 64):
            backbone.predict_on_batch(images[start : start + 64].astype(np.float32) / 127.5 - 1)
        return TRANSFERRED

    measured = speeds({"train": train, "forward": timed(forward)})
    what = "transfer without augmentation, later epochs / first"
    return [
        ratio(what, float(np.median(later)), float(first), 20, "epochs/s"),
        ratio("transfer, augmented / the backbone's forward pass alone", measured["train"], measured["forward"], 0.85),
    ]


def prediction(photos: Photos) -> list[Row]:
    """`predict` on files against Keras' `predict` on an array that is in memory already."""
    model = networks.build(Spec(augmentation=None))
    store = photos.store(200)
    rows = np.resize(np.arange(len(store.images)), PREDICTED)
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
    return [
        ratio("predicting photos of 400×320 from files / an array in memory", measured["files"], measured["array"], 0.9)
    ]
