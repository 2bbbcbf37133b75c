"""Assign the photos to the subsets of a split."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from canigatti.options import Manifest


def split(
    manifest: Manifest,
    output: Annotated[Path, typer.Option(help="The split to write (CSV).")],
    spec: Annotated[str | None, typer.Option(help="Fractions and seed (JSON, see `Split`).")] = None,
    from_folders: Annotated[
        bool, typer.Option("--from-folders", help="Use the folders train, validation and test of the source.")
    ] = False,
) -> None:
    """Assign the kept photos to training, validation and test sets: stratified, groups together, or by folder."""
    from canigatti.config import Split
    from canigatti.files import InputError
    from canigatti.photos.given_splits import assign_from_folders, describe_unused_folders
    from canigatti.photos.records import GROUPS, MANIFEST, SPLIT, ClassNames, Verdict
    from canigatti.photos.splits import assign_subsets, require_photos

    if (spec is None) != from_folders:
        raise InputError("expected either --spec or --from-folders")
    rows, classes = MANIFEST.read(manifest), ClassNames.beside(manifest)
    kept = rows[rows["verdict"] == Verdict.KEEP]
    groups = GROUPS.read(manifest.with_name("groups.csv"))
    labels = kept["label"].to_numpy(dtype=int)
    names = kept["id"].map(groups.set_index("id")["group"]).to_numpy(dtype=str)
    try:
        require_photos(rows, classes)
        if spec is None:
            subsets = assign_from_folders(kept, groups, classes)
        else:
            subsets = assign_subsets(labels, names, Split.from_json(spec), classes)
            if notice := describe_unused_folders(kept["path"].tolist(), classes):
                print(f"canigatti: {output}: {notice}", file=sys.stderr)
    except InputError as error:
        raise InputError(f"{output}: {error}") from None
    SPLIT.write(output, kept[["id", "label"]].assign(part=subsets))
