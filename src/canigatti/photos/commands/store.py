"""Decode the photos once."""

from pathlib import Path
from typing import Annotated

import typer

from canigatti.options import Manifest


def store(
    source: Annotated[Path, typer.Option(help="The source.json that `fetch` wrote.")],
    manifest: Manifest,
    size: Annotated[
        str,
        typer.Option(
            help="Side of the square images, pixels: 96 changes the aspect ratio of photos, 96-crop cuts their center, "
            "96-pad adds black bars."
        ),
    ],
    output: Annotated[Path, typer.Option(help="Images to write (.npy, uint8). Their SHA-256 is written next to them.")],
    workers: Annotated[int, typer.Option(min=1, help="Number of processes.")] = 1,
) -> None:
    """Decode and resize every kept photo once, into one memory-mapped array."""
    from canigatti.config import Square
    from canigatti.files import atomic_path, sha256_of, write_text
    from canigatti.photos.records import SourceRecord, read_kept
    from canigatti.photos.sources import open_source
    from canigatti.photos.store_writing import write_images

    kept, square = read_kept(manifest), Square.parse(size)
    with atomic_path(output) as temporary:
        write_images(temporary, open_source(SourceRecord.read(source)), kept, square, workers)
    write_text(output.with_name(f"{output.name}.sha256"), sha256_of(output) + "\n")
