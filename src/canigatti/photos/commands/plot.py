"""Plot the properties of the photos."""

from pathlib import Path
from typing import Annotated

import typer

from canigatti.options import Manifest


def plot_photos(
    source: Annotated[Path, typer.Option(help="The source.json that `fetch` wrote.")],
    manifest: Manifest,
    output: Annotated[Path, typer.Option(help="Folder for sample, sizes, formats, balance and rejected (PNG).")],
) -> None:
    """Plot a sample of each class, the sizes, the formats, the class balance and the rejected files."""
    from canigatti.photos import plots
    from canigatti.photos.class_bars import choose_classes
    from canigatti.photos.inspection import image_or_none
    from canigatti.photos.records import MANIFEST, ClassNames, SourceRecord
    from canigatti.photos.sources import open_source
    from canigatti.plots import save

    rows, classes = MANIFEST.read(manifest), ClassNames.beside(manifest)
    photos = open_source(SourceRecord.read(source))
    some = choose_classes(rows, len(classes))
    size = plots.sample_size(len(some.labels))
    samples = [
        [image for path in plots.choose_sample(rows, label, size)["path"] if (image := image_or_none(photos, path))]
        for label in some.labels
    ]
    shown, total = plots.choose_rejected(rows)
    rejected = [(file, image_or_none(photos, file.path)) for file in shown]
    save(plots.plot_sample([classes[label] for label in some.labels], samples, some.note), output / "sample.png")
    save(plots.plot_sizes(rows, classes), output / "sizes.png")
    save(plots.plot_formats(rows, classes), output / "formats.png")
    save(plots.plot_balance(rows, classes), output / "balance.png")
    save(plots.plot_rejected(rejected, total), output / "rejected.png")
