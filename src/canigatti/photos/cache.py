"""The folder for downloads and for what is known about folders of photos."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return the cache folder: `$CANIGATTI_CACHE`, or by default the user's cache folder."""
    folder = os.environ.get("CANIGATTI_CACHE")
    if not folder:
        import pooch  # here, because `snakemake --dry-run` must not wait for it

        folder = pooch.os_cache("canigatti")
    return Path(folder).expanduser().absolute()
