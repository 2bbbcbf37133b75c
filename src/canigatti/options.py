"""Command-line options shared by commands of several stages."""

from pathlib import Path
from typing import Annotated

import typer

Manifest = Annotated[Path, typer.Option(help="The manifest.csv that `inspect` wrote; its other files are next to it.")]
Images = Annotated[Path, typer.Option(help="The images that `store` wrote (.npy), next to the manifest.")]
CorrectionsFile = Annotated[
    Path | None, typer.Option("--corrections", help="Corrections of photos (CSV): photos.corrections of the study.")
]
SplitFile = Annotated[Path, typer.Option("--split", help="The split that `split` wrote (CSV).")]
