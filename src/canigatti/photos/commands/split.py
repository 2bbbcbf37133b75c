"""Assign the photos to the subsets of a split."""

from pathlib import Path
from typing import Annotated

import typer

from canigatti.options import Manifest


def split(
    manifest: Manifest,
    spec: Annotated[str, typer.Option(help="Fractions and seed (JSON, see `Split`).")],
    output: Annotated[Path, typer.Option(help="The split to write (CSV).")],
) -> None:
    """Assign the kept photos to training, validation and test sets: stratified, near duplicates together."""
    from canigatti.config import Split
    from canigatti.files import InputError
    from canigatti.photos.records import GROUPS, MANIFEST, SPLIT, ClassNames, Verdict
    from canigatti.photos.splits import assign_subsets, require_photos

    rows, classes = MANIFEST.read(manifest), ClassNames.beside(manifest)
    kept = rows[rows["verdict"] == Verdict.KEEP]
    group_of = GROUPS.read(manifest.with_name("groups.csv")).set_index("id")["group"]
    labels, groups = kept["label"].to_numpy(dtype=int), kept["id"].map(group_of).to_numpy(dtype=str)
    try:
        require_photos(rows, classes)
        subsets = assign_subsets(labels, groups, Split.from_json(spec), classes)
    except InputError as error:
        raise InputError(f"{output}: {error}") from None
    SPLIT.write(output, kept[["id", "label"]].assign(part=subsets))
