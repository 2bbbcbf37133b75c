"""Download or locate the photos."""

from pathlib import Path
from typing import Annotated

import typer


def fetch(
    source: Annotated[str, typer.Option(help="URL, zip file or folder of photos.")],
    output: Annotated[Path, typer.Option(help="Record of the source (JSON).")],
    sha256: Annotated[str | None, typer.Option(help="Expected SHA-256 of the archive.")] = None,
    digest: Annotated[str | None, typer.Option(help="The source's digest that the job was planned with.")] = None,
) -> None:
    """Download or locate the photos, and check that the archive is safe to read."""
    from canigatti.photos.origin import describe, locate

    describe(source, locate(source, sha256, digest), sha256).write(output)
