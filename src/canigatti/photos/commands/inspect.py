"""Decide which photos are used."""

from pathlib import Path
from typing import Annotated

import typer


def inspect(
    source: Annotated[Path, typer.Option(help="The source.json that `fetch` wrote.")],
    classes: Annotated[
        list[str],
        typer.Option(
            "--class",
            default_factory=list,
            show_default=False,
            help="Name of a class, repeated for each; label 0 first. Without it: the folders of the source.",
        ),
    ],
    output: Annotated[
        Path, typer.Option(help="Folder for manifest, groups, contradictions (CSV), summary and classes (JSON).")
    ],
    groups: Annotated[str | None, typer.Option(help="Photos that belong together: photos.groups of the study.")] = None,
    limit_per_class: Annotated[int | None, typer.Option(min=1, help="Maximum number of photos per class.")] = None,
    keep_contradictory: Annotated[
        bool, typer.Option("--keep-contradictory", help="Keep near duplicates of different classes.")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, help="Number of processes.")] = 1,
) -> None:
    """Decode every file, record which photos are kept and why others are not, and group near duplicates."""
    from canigatti.photos.class_folders import find_classes
    from canigatti.photos.configured_groups import read_groups
    from canigatti.photos.inspection import inspect_all
    from canigatti.photos.layouts import find_photos
    from canigatti.photos.manifest import assemble, summarize
    from canigatti.photos.origin import check_unchanged
    from canigatti.photos.records import CONTRADICTIONS, GROUPS, MANIFEST, ClassNames, SourceRecord
    from canigatti.photos.sources import open_source

    record = SourceRecord.read(source)
    photos = open_source(record)
    members = photos.members()
    names = tuple(classes) or find_classes(members)
    found = find_photos(members, names)
    configured = read_groups(groups, found) if groups else None
    inspections = inspect_all(photos, found, workers)
    hashes = {photo.path: inspection.sha256 for photo, inspection in zip(found, inspections, strict=True)}
    check_unchanged(record, hashes)
    assembled = assemble(found, inspections, limit_per_class, configured, keep_contradictory)
    rows, groups_of_photos, contradictions = assembled
    MANIFEST.write(output / "manifest.csv", rows)
    GROUPS.write(output / "groups.csv", groups_of_photos)
    CONTRADICTIONS.write(output / "contradictions.csv", contradictions)
    summarize(rows, groups_of_photos, found, inspections, names).write(output / "summary.json")
    ClassNames(names=names).write(output / "classes.json")
