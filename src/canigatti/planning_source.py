"""Where the photos of a study come from, determined before any job runs; only rules use this module."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from canigatti.files import InputError
from canigatti.photos.origin import source_digest
from canigatti.planning import Plan


@dataclass(frozen=True)
class SourcePlan:
    """The job that fetches the photos.

    Attributes:
        plan: the jobs of the study.
        is_made: returns whether a rule of the workflow, or of one that imports it, makes a file or folder.
    """

    plan: Plan
    is_made: Callable[[str], bool] = lambda path: False

    def fetched(self, wildcards: Any) -> str:
        """Return the source of the photos for `fetch`: the configured one, or the zip file of generated photos."""
        return self.plan.study.photos.source or f"{self.plan.folder}/photos/generated.zip"

    @property
    def made_source(self) -> list[str]:
        """The source of the photos, if a rule of an importing workflow makes it; otherwise nothing.

        Otherwise it is no input of jobs: Snakemake would compare times of folders and large files, and a parameter
        compares their content.
        """
        source = self.plan.study.photos.source
        return [source] if source and not self.plan.study.photos.is_remote and self.is_made(source) else []

    def fetch_options(self, wildcards: Any) -> list[str]:
        """Return the options of `fetch` with the configured hash, and with a text that changes with the source.

        The text changes with the content of the source, not with its times; generated photos have none.
        """
        sha256 = self.plan.study.photos.sha256
        # A source that a job makes is looked at again when that job has ended.
        planned = self._current_digest() if self.made_source else self._source_digest
        return (["--sha256", sha256] if sha256 else []) + (["--digest", planned] if planned else [])

    @cached_property
    def _source_digest(self) -> str:
        return self._current_digest()

    def _current_digest(self) -> str:
        photos = self.plan.study.photos
        if photos.source is None or (self.made_source and not Path(photos.source).exists()):
            return ""
        try:
            return source_digest(photos.source, photos.sha256)
        except InputError as error:
            raise self.plan.error(str(error)) from None
