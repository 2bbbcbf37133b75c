"""What corrections of photos mean for the jobs of a study, determined before any job runs; only rules use this module.

A job that depends on corrections has them as a parameter, of which Snakemake notices a change: a text that changes with
what the corrections change in the photos of that job, and with nothing else.
"""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from canigatti.files import InputError, restore, sha256_of
from canigatti.photos.corrections import check_labels, checked_corrections, digest_of, read_corrections
from canigatti.photos.records import PARTS, ClassNames
from canigatti.planning import Plan


@dataclass(frozen=True)
class CorrectionsPlan:
    """The jobs of a study that depend on corrections of photos."""

    plan: Plan

    @property
    def path(self) -> Path | None:
        """The configured file; None if there is none."""
        corrections = self.plan.study.photos.corrections
        return Path(corrections) if corrections else None

    @property
    def _photos(self) -> Path:
        return Path(self.plan.folder, "photos")

    def training_split(self, wildcards: Any) -> str:
        """Return the path of the training and validation sets of the experiment's split, after corrections."""
        return f"{self.plan.results}/splits/{self.plan.experiment(wildcards).split}/training.csv"

    def test_split(self, wildcards: Any) -> str:
        """Return the path of the test set of the experiment's split, after corrections."""
        return f"{self.plan.results}/splits/{self.plan.experiment(wildcards).split}/test.csv"

    def check(self) -> None:
        """Check the file; an error in it is a user error.

        Ids and hashes are compared with the manifest if there is one. Otherwise the first job that needs corrections
        does that, before any network is trained.
        """
        if self.path is None:
            return
        manifest, classes = self._photos / "manifest.csv", self.plan.study.classes
        try:
            if self._describes(manifest, classes):
                checked_corrections(self.path, manifest)
            elif classes:
                check_labels(self.path, read_corrections(self.path), classes)
            else:
                read_corrections(self.path)
        except InputError as error:
            raise self.plan.error(str(error)) from None

    def _describes(self, manifest: Path, classes: tuple[str, ...] | None) -> bool:
        """Return whether there is a manifest, and its classes are those of the configuration."""
        if not (manifest.is_file() and manifest.with_name("classes.json").is_file()):
            return False
        return classes is None or ClassNames.beside(manifest) == classes

    def options(self, wildcards: Any, input: Any) -> list[str]:
        """Return the option of a command that applies corrections.

        It depends on `input`, so that Snakemake does not compare it: a file that was moved changes nothing.
        """
        return [f"--corrections={self.path}"] if self.path else []

    def digest(self, wildcards: Any) -> str:
        """Return a text that changes with the content of the file."""
        return sha256_of(self.path) if self.path else ""

    def digest_of_part(self, wildcards: Any) -> str:
        """Return a text that changes with what the corrections change in `wildcards.part` of `wildcards.split`.

        If the split or the classes are missing, because someone has deleted the file, it is that of the last run:
        otherwise every network of the split would be trained again for nothing. Before the first run it is empty.
        Snakemake asks again when the job starts.
        """
        split = Path(self.plan.folder, "splits", f"{wildcards.split}.csv")
        if self.path is None:
            return ""
        if not (split.is_file() and (self._photos / "classes.json").is_file()):
            last = split.with_suffix("") / f"{wildcards.part}.digest"
            return last.read_text(encoding="utf-8") if last.is_file() else ""
        with split.open(encoding="utf-8", newline="") as stream:
            subsets = {restore(row["id"]): row["part"] for row in csv.DictReader(stream)}
        concerned = {name for name, part in subsets.items() if part in PARTS[wildcards.part]}
        try:
            return digest_of(read_corrections(self.path), concerned, ClassNames.beside(self._photos / "manifest.csv"))
        except InputError as error:
            raise self.plan.error(str(error)) from None
