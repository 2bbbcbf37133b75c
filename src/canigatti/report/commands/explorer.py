"""Write the page with every test photo."""

from pathlib import Path
from typing import Annotated

import typer


def write_explorer(
    outline: Annotated[str, typer.Option(help="Outline of the study (JSON, see `Study.outline`).")],
    results: Annotated[Path, typer.Option(help="Results folder of the study, results/<study>.")],
    images: Annotated[Path, typer.Option(help="Image store whose photos are shown (NumPy).")],
    size: Annotated[str, typer.Option(help="Its square photos, such as 96, 96-crop or 96-pad.")],
    output: Annotated[Path, typer.Option(help="The page to write (HTML).")],
) -> None:
    """Write a page with every test photo and what each network made of it."""
    import numpy as np

    from canigatti.config import Outline, Square
    from canigatti.files import write_text
    from canigatti.photos.store import open_store
    from canigatti.report.explorer.comparing import compare_photos
    from canigatti.report.explorer.reading import read_tested
    from canigatti.report.explorer.rendering import render
    from canigatti.report.explorer.thumbnails import MAX_PHOTOS, draw_thumbnails

    study = read_tested(Outline.from_json(outline), results)
    compared = compare_photos(study.networks)
    photos = compared.take(np.arange(min(len(compared), MAX_PHOTOS)))
    store = open_store(images, results / "photos" / "manifest.csv")
    sizes = study.kept.set_index("id")[["width", "height"]].reindex(photos.ids).to_numpy(dtype=np.int64)
    thumbnails = draw_thumbnails(store, Square.parse(size), photos.ids, sizes)
    write_text(output, render(study, photos, thumbnails, len(compared)))
