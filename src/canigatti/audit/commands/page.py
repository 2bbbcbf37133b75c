"""Write the page on which a person reviews doubtful photos."""

from pathlib import Path
from typing import Annotated

import typer

from canigatti.options import CorrectionsFile, Manifest


def write_audit(
    audit: Annotated[Path, typer.Option(help="Folder with audit.csv, pairs.csv and features.json.")],
    source: Annotated[Path, typer.Option(help="The source.json that `fetch` wrote.")],
    manifest: Manifest,
    study: Annotated[str, typer.Option(help="Name of the study.")],
    output: Annotated[Path, typer.Option(help="The page to write (HTML).")],
    shown: Annotated[int, typer.Option(min=1, help="Number of doubtful photos on the page.")] = 200,
    given: Annotated[bool, typer.Option("--given", help="A split came with the photos.")] = False,
    corrections: CorrectionsFile = None,
) -> None:
    """Write a page that shows the most doubtful photos, and writes corrections of them."""
    from canigatti.audit.page.rendering import render
    from canigatti.audit.page.selection import Judgments
    from canigatti.audit.page.thumbnails import Thumbnail, make_thumbnail
    from canigatti.audit.records import AUDIT, PAIRS, FeaturesRecord
    from canigatti.files import write_text
    from canigatti.photos.corrections import checked_corrections
    from canigatti.photos.inspection import image_or_none
    from canigatti.photos.records import MANIFEST, ClassNames, SourceRecord
    from canigatti.photos.sources import open_source

    photos, classes = open_source(SourceRecord.read(source)), ClassNames.beside(manifest)

    def draw(path: str) -> Thumbnail | None:
        image = image_or_none(photos, path)
        return make_thumbnail(image) if image else None

    rows = MANIFEST.read(manifest)
    tables = AUDIT.read(audit / "audit.csv"), PAIRS.read(audit / "pairs.csv")
    made = [one.row(classes) for one in checked_corrections(corrections, manifest)] if corrections else []
    options = {"shown": shown, "given": given, "corrections": made}
    features = FeaturesRecord.read(audit / "features.json")
    write_text(output, render(study, Judgments(rows, *tables, classes), features, options, draw))
