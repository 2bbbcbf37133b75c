"""Every file that the photos stage writes for others."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from canigatti.records import Record, Table

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

SUBSETS = ("train", "validation", "test")
PHOTO_PLOTS = ("sample", "balance", "sizes", "formats", "rejected")  # names of the PNG files


class Verdict(StrEnum):
    """Whether a file is used, or why not; `description` explains it on the page."""

    description: str

    def __new__(cls, value: str, description: str = "") -> Self:
        """Create a member whose value is the text in the files."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.description = description
        return member

    KEEP = "keep", "The photo is used."
    EMPTY = "empty", "The file has no content."
    UNREADABLE = "unreadable", "It is not an image, or it cannot be decoded completely."
    TOO_LARGE = "too-large", "It has so many pixels that decoding it would not be safe."
    TOO_SMALL = "too-small", "It has too few pixels to show anything."
    DUPLICATE = "duplicate", "It is an exact copy of another photo of its class. The first one is kept."
    CONFLICTING = "conflicting", "Its content or its name belongs to both classes, so its label is unknown."
    OVER_LIMIT = "over-limit", "It is usable, but the study uses only the first photos of each class."
    OUTSIDE = "outside", "It is not in the folder of any class."


class SourceRecord(Record):
    """`photos/source.json`: where the photos came from.

    Attributes:
        source: what the configuration names.
        path: the zip file or folder on this machine.
        kind: which of the two it is.
        bytes: size of the zip file, or of all files in the folder.
        sha256: of the zip file; None for a folder.
    """

    source: str
    path: str
    kind: Literal["zip", "folder"]
    bytes: int
    sha256: str | None


class ClassNames(Record):
    """`photos/classes.json`: the names of the classes, label 0 first."""

    names: tuple[str, ...]

    @classmethod
    def beside(cls, path: Path) -> tuple[str, ...]:
        """Return the names in the `classes.json` next to another file of the photos stage.

        Raises:
            InputError: it is missing or not readable.
        """
        return cls.read(path.with_name("classes.json")).names


class RejectedFile(Record):
    """A file that is not used, and why."""

    id: str
    path: str
    verdict: Verdict
    reason: str


class PhotosSummary(Record):
    """`photos/summary.json`: counts for the report.

    Attributes:
        files: how many the source has.
        kept: photos in use, by class.
        verdicts: files by verdict; those that no file has are left out.
        jfif_test_drops: files in class folders without `JFIF` in their first ten bytes.
        jfif_test_drops_kept: how many of those decode and are in use.
        near_duplicate_groups: groups of two photos or more.
        rejected: files that are not used, except those beyond the limit per class.
    """

    files: int
    kept: dict[str, int]
    verdicts: dict[Verdict, int]
    jfif_test_drops: int
    jfif_test_drops_kept: int
    near_duplicate_groups: int
    rejected: tuple[RejectedFile, ...]


MANIFEST = Table(
    {
        **{"id": str, "label": "Int64", "path": str, "width": "Int64", "height": "Int64", "mode": str, "format": str},
        **{"bytes": "Int64", "sha256": str, "phash": str, "verdict": str, "reason": str},
    }
)
GROUPS = Table({"id": str, "group": str})
SPLIT = Table({"id": str, "label": int, "part": str})
PLANTED = Table({"path": str, "fault": str, "verdict": str})


def read_kept(manifest: Path) -> "pd.DataFrame":
    """Read the rows of the photos that are in use, in manifest order.

    Raises:
        InputError: the file is missing or is not a manifest.
    """
    rows = MANIFEST.read(manifest)
    return rows[rows["verdict"] == Verdict.KEEP]


def read_subset(split: Path, subset: str) -> "np.ndarray":
    """Read the ids of one of the `SUBSETS` of a split, (n,), in the file's order.

    Raises:
        InputError: the file is missing or is not a split.
    """
    rows = SPLIT.read(split)
    return rows.loc[rows["part"] == subset, "id"].to_numpy(dtype=object)


def count_subsets(split: Path, classes: Sequence[str]) -> "pd.DataFrame":
    """Count the photos of a split: one row per subset, one column per label.

    Raises:
        InputError: the file is missing or is not a split.
    """
    import pandas as pd

    rows = SPLIT.read(split)
    counts = pd.crosstab(rows["part"], rows["label"])
    return counts.reindex(index=list(SUBSETS), columns=list(range(len(classes))), fill_value=0)
