"""Generate photos for the demonstration."""

from pathlib import Path
from typing import Annotated

import typer


def generate(
    spec: Annotated[str, typer.Option(help="Number of photos and seed (JSON, see `GeneratedPhotos`).")],
    output: Annotated[Path, typer.Option(help="The zip file to write, in the PetImages layout.")],
    planted: Annotated[Path, typer.Option(help="List of the planted faults (CSV).")],
) -> None:
    """Generate photos of cats and dogs, with planted faults, for the demonstration."""
    from canigatti.config import GeneratedPhotos
    from canigatti.files import atomic_path
    from canigatti.photos.demo.archive import draw_members, planted_faults, zip_bytes
    from canigatti.photos.records import PLANTED

    settings = GeneratedPhotos.from_json(spec)
    members = draw_members(settings.count, settings.seed)
    with atomic_path(output) as temporary:
        temporary.write_bytes(zip_bytes(members))
    PLANTED.write(planted, planted_faults(members))
