"""The commands of the photos stage: each reads files, calls the stage's functions, and writes files whole."""

from pathlib import Path
from typing import Annotated

import typer

from canigatti.options import Classes, Manifest

SourceRecord = Annotated[Path, typer.Option(help="The source.json that `fetch` wrote.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes to use.")]


def fetch(
    source: Annotated[str, typer.Option(help="Address, zip file or folder.")],
    output: Annotated[Path, typer.Option(help="Where to record what was found (JSON).")],
    sha256: Annotated[str | None, typer.Option(help="What the archive's SHA-256 must be.")] = None,
) -> None:
    """Download the photos' archive, or find it on this machine, and check that it is safe to read."""
    from canigatti.files import write_json
    from canigatti.photos.download import cache_folder, download
    from canigatti.photos.sources import check_archive, describe, is_address

    path = download(source, sha256, cache_folder(), check_archive) if is_address(source) else Path(source)
    write_json(output, describe(source, path, sha256))


def generate(
    spec: Annotated[str, typer.Option(help="How many photos to draw, and the seed (JSON, see `GeneratedPhotos`).")],
    output: Annotated[Path, typer.Option(help="The zip file to write, in the PetImages layout.")],
    planted: Annotated[Path, typer.Option(help="List of the planted faults (CSV).")],
) -> None:
    """Draw photos of cats and dogs, with planted faults, for the demonstration."""
    import csv

    from canigatti.config import GeneratedPhotos
    from canigatti.files import written_whole
    from canigatti.photos.demo.archive import draw_members, zip_bytes

    wanted = GeneratedPhotos.parse(spec)
    members = draw_members(wanted.count, wanted.seed)
    with written_whole(output) as temporary:
        temporary.write_bytes(zip_bytes(members))
    with written_whole(planted) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow(("path", "fault", "verdict"))
        rows.writerows((member.path, member.fault, member.verdict) for member in members if member.fault)


def inspect(
    source_record: SourceRecord,
    classes: Classes,
    manifest: Manifest,
    groups: Annotated[Path, typer.Option(help="Near-duplicate group of each kept photo (CSV).")],
    summary: Annotated[Path, typer.Option(help="Counts for the report (JSON).")],
    limit_per_class: Annotated[int | None, typer.Option(min=1, help="Keep the first so many of a class.")] = None,
    workers: Workers = 1,
) -> None:
    """Decode every file, say which photos are kept and why the others are not, and group near duplicates."""
    from canigatti.files import read_json, write_csv, write_json
    from canigatti.photos.inspection import inspect_all
    from canigatti.photos.manifest import assemble, summarize
    from canigatti.photos.sources import find_photos, open_source

    source = open_source(read_json(source_record))
    found = find_photos(source.members(), classes)
    inspections = inspect_all(source, found, workers)
    rows, group_of = assemble(found, inspections, limit_per_class)
    write_csv(manifest, rows)
    write_csv(groups, group_of)
    write_json(summary, summarize(rows, group_of, inspections, classes))


def draw_photos(
    source_record: SourceRecord,
    classes: Classes,
    manifest: Manifest,
    output: Annotated[Path, typer.Option(help="Folder for sample, sizes, formats, balance and rejected (PNG).")],
) -> None:
    """Draw a sample of each class, and the sizes, formats, balance and rejected files."""
    from canigatti.files import read_json
    from canigatti.photos import plots as pictures
    from canigatti.photos.inspection import image_or_none
    from canigatti.photos.sources import open_source
    from canigatti.photos.store import read_manifest
    from canigatti.plots import save

    rows, source = read_manifest(manifest), open_source(read_json(source_record))
    samples = [
        [image for path in pictures.choose_sample(rows, label)["path"] if (image := image_or_none(source, path))]
        for label in range(len(classes))
    ]
    shown, total = pictures.choose_rejected(rows)
    rejected = [
        pictures.Rejected(row.id, row.verdict, row.reason, image_or_none(source, row.path))
        for row in shown.itertuples()
    ]
    save(pictures.draw_sample(classes, samples), output / "sample.png")
    save(pictures.draw_sizes(rows, classes), output / "sizes.png")
    save(pictures.draw_formats(rows, classes), output / "formats.png")
    save(pictures.draw_balance(rows, classes), output / "balance.png")
    save(pictures.draw_rejected(rejected, total), output / "rejected.png")


def split(
    manifest: Manifest,
    groups: Annotated[Path, typer.Option(help="The groups.csv that `inspect` wrote.")],
    spec: Annotated[str, typer.Option(help="The parts' shares and the seed (JSON, see `Split`).")],
    classes: Classes,
    output: Annotated[Path, typer.Option(help="The split to write (CSV).")],
) -> None:
    """Deal the kept photos to train, validation and test: stratified, near duplicates together."""
    import pandas as pd

    from canigatti.config import Split
    from canigatti.files import InputError, write_csv
    from canigatti.photos.splits import deal
    from canigatti.photos.store import read_manifest

    kept = read_manifest(manifest).query("verdict == 'keep'")
    group = pd.read_csv(groups, dtype=str, keep_default_na=False).set_index("id")["group"]
    labels, together = kept["label"].to_numpy(dtype=int), kept["id"].map(group).to_numpy(dtype=str)
    try:
        parts = deal(labels, together, Split.parse(spec), classes)
    except InputError as error:
        raise InputError(f"{output}: {error}") from None
    write_csv(output, kept[["id", "label"]].assign(part=parts))


def store(
    source_record: SourceRecord,
    manifest: Manifest,
    size: Annotated[int, typer.Option(min=1, help="Side of the square images, pixels.")],
    output: Annotated[Path, typer.Option(help="The images to write (.npy, uint8).")],
    hash: Annotated[Path, typer.Option(help="SHA-256 of the images, which stands for them where content is compared.")],
    workers: Workers = 1,
) -> None:
    """Decode and resize every kept photo once, into one memory-mapped array."""
    from canigatti.files import read_json, sha256_of, write_text, written_whole
    from canigatti.photos.sources import open_source
    from canigatti.photos.store import read_manifest
    from canigatti.photos.store_writing import fill

    kept = read_manifest(manifest).query("verdict == 'keep'")
    with written_whole(output) as temporary:
        fill(temporary, open_source(read_json(source_record)), kept, size, workers)
    write_text(hash, sha256_of(output) + "\n")
