"""Command-line options that commands of several stages take."""

from pathlib import Path
from typing import Annotated

import typer

Manifest = Annotated[Path, typer.Option(help="The manifest.csv that `inspect` wrote.")]
Images = Annotated[Path, typer.Option(help="The images that `store` wrote (.npy).")]
SplitFile = Annotated[Path, typer.Option("--split", help="The photos' parts that `split` wrote (CSV).")]
Classes = Annotated[list[str], typer.Option("--class", help="A class's name; give both, label 0 first.")]
