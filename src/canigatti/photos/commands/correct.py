"""Apply the corrections of a person to a split."""

from pathlib import Path
from typing import Annotated

import typer

from canigatti.options import CorrectionsFile, Manifest, SplitFile


def correct_split(
    split: SplitFile,
    manifest: Manifest,
    part: Annotated[str, typer.Option(help="`training` (with validation) or `test`.")],
    output: Annotated[Path, typer.Option(help="The photos of this part to write (CSV), and next to it a digest.")],
    corrections: CorrectionsFile = None,
) -> None:
    """Write what is left of a part of a split after corrections; without corrections, the part as it was assigned."""
    from canigatti.files import InputError, write_text
    from canigatti.photos.corrected_splits import correct
    from canigatti.photos.corrections import checked_corrections, digest_of
    from canigatti.photos.records import PARTS, SPLIT, ClassNames

    if part not in PARTS:
        raise InputError(f"--part: expected {' or '.join(PARTS)}, received {part!r}")
    made = checked_corrections(corrections, manifest) if corrections else []
    rows, classes = SPLIT.read(split), ClassNames.beside(manifest)
    SPLIT.write(output, correct(rows, made, part, classes))
    concerned = {*rows.loc[rows["part"].isin(PARTS[part]), "id"]}
    write_text(output.with_suffix(".digest"), digest_of(made, concerned, classes))
