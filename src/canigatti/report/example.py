"""A test photo next to the page, so that the command on the page works as it stands."""

from pathlib import Path

from PIL import Image

from canigatti.files import atomic_path
from canigatti.photos.store import open_store
from canigatti.report.results import Run


def write_example(path: Path, run: Run, photos: Path) -> None:
    """Write the first test photo of a run as its network takes it: a square, as PNG.

    `canigatti predict` answers for it what `predictions.csv` of the run holds, up to rounding. Sources may be archives
    or on the web, so none of their photos need be a file on this machine.

    Args:
        path: the file to write.
        run: the run.
        photos: folder of the photos stage.

    Raises:
        InputError: the image store or the manifest is missing or invalid.
    """
    images = photos / f"images-{run.training.spec.square}.npy"
    store = open_store(images, photos / "manifest.csv")
    square = store.photos(store.rows(run.predictions.ids[:1]))[0]
    with atomic_path(path) as temporary:
        Image.fromarray(square).save(temporary)
