"""Photos to measure with: drawn ones through the study's own commands, or real ones."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from canigatti.files import read_json
from canigatti.photos.sources import open_source
from canigatti.photos.store import Store, open_store, read_manifest


@dataclass(frozen=True)
class Photos:
    """A source of photos, inspected and decoded.

    Attributes:
        folder: holds source.json, manifest.csv and images-<size>.npy.
    """

    folder: Path

    def store(self, size: int) -> Store:
        """The photos at this size; made at the first call."""
        images = self.folder / f"images-{size}.npy"
        if not images.exists():
            options = ("--source-record", self.folder / "source.json", "--manifest", self.folder / "manifest.csv")
            written = ("--output", images, "--hash", f"{images}.sha256", "--workers", 2, "--size", size)
            run("store", *options, *written)
        return open_store(images, self.folder / "manifest.csv")

    def files(self) -> list[bytes]:
        """The kept photos' files, in the order of the store."""
        kept = read_manifest(self.folder / "manifest.csv").query("verdict == 'keep'")
        source = open_source(read_json(self.folder / "source.json"))
        return [source.read(path) for path in kept["path"]]


def make(folder: Path, count: int, source: Path | None) -> Photos:
    """Draw so many photos, or take those of a source, and inspect them."""
    if source is None:
        source = folder / "generated.zip"
        planted = ("--planted", folder / "planted.csv")
        run("generate", "--spec", json.dumps({"count": count, "seed": 1}), "--output", source, *planted)
    run("fetch", "--source", source, "--output", folder / "source.json")
    written = [part for name in ("manifest", "groups", "summary") for part in (f"--{name}", folder / FILES[name])]
    classes = ("--class", "cat", "--class", "dog")
    run("inspect", "--source-record", folder / "source.json", *classes, *written, "--workers", 2)
    return Photos(folder)


FILES = {"manifest": "manifest.csv", "groups": "groups.csv", "summary": "summary.json"}


def made_up_store(folder: Path, count: int, size: int = 200) -> tuple[Path, Path]:
    """A store of noise with so many photos, images and manifest, for what depends on the number only."""
    import pandas as pd

    from canigatti.photos.manifest import COLUMNS

    images, manifest = folder / f"noise-{count}.npy", folder / f"noise-{count}.csv"
    mapped = np.lib.format.open_memmap(images, mode="w+", dtype=np.uint8, shape=(count, size, size, 3))
    generator = np.random.default_rng(0)
    for start in range(0, count, 500):
        part = mapped[start : start + 500]
        part[:] = generator.integers(0, 256, part.shape, dtype=np.uint8)
    mapped.flush()
    rows = pd.DataFrame("", index=range(count), columns=COLUMNS)
    ids = [f"noise.{number}.jpg" for number in range(count)]
    rows.assign(id=ids, label=np.arange(count) % 2, width=size, height=size, bytes=1, verdict="keep").to_csv(
        manifest, index=False
    )
    return images, manifest


def run(*arguments: object) -> None:
    """One of the study's commands."""
    command = [sys.executable, "-m", "canigatti", *map(str, arguments)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
