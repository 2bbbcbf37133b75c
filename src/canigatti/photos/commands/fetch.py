"""Download or locate the photos."""

from pathlib import Path
from typing import Annotated

import typer


def fetch(
    source: Annotated[str, typer.Option(help="URL, zip file or folder of photos.")],
    output: Annotated[Path, typer.Option(help="Record of the source (JSON).")],
    sha256: Annotated[str | None, typer.Option(help="Expected SHA-256 of the archive.")] = None,
) -> None:
    """Download or locate the photos, and check that the archive is safe to read."""
    from canigatti.files import is_url
    from canigatti.photos.archives import check_archive
    from canigatti.photos.download import cache_folder, download
    from canigatti.photos.origin import describe

    path = download(source, sha256, cache_folder(), check_archive) if is_url(source) else Path(source)
    describe(source, path, sha256).write(output)
