"""Records and tables of the photos stage."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from canigatti.files import InputError
from canigatti.records import Record, Table

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

SUBSETS = ("train", "validation", "test")
# The subsets in each file of a split after corrections. They are two files, because a correction of a test photo must
# not train a network again.
PARTS = {"training": ("train", "validation"), "test": ("test",)}
PHOTO_PLOTS = ("sample", "balance", "sizes", "formats", "rejected")  # names of the PNG files


class Verdict(StrEnum):
    """Whether a file is used, or why not.

    Attributes:
        description: a sentence that explains the verdict in the report.
    """

    description: str

    def __new__(cls, value: str, description: str = "") -> Self:
        """Create a member; its value is the text in the files."""
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
    CONFLICTING = "conflicting", "Its content or its name belongs to more than one class, so its label is unknown."
    CONTRADICTORY = "contradictory", "A near duplicate of it belongs to another class, so one of the labels is wrong."
    OVER_LIMIT = "over-limit", "It is usable, but the study uses only the first photos of each class."
    OUTSIDE = "outside", "Its path does not name a class."


class SourceRecord(Record):
    """`photos/source.json`: the source of the photos.

    Attributes:
        source: the configured source.
        path: local zip file or folder.
        kind: type of `path`.
        bytes: size of the zip file, or of all files in the folder.
        sha256: digest of the zip file; for a folder, of the paths and contents of all files.
    """

    source: str
    path: str
    kind: Literal["zip", "folder"]
    bytes: int
    sha256: str


class ClassNames(Record):
    """`photos/classes.json`: the names of the classes, label 0 first."""

    names: tuple[str, ...]

    @classmethod
    def beside(cls, path: Path) -> tuple[str, ...]:
        """Return the names in the `classes.json` next to another file of the photos stage.

        Raises:
            InputError: `classes.json` is missing or invalid.
        """
        return cls.read(path.with_name("classes.json")).names


class RejectedFile(Record):
    """A file that is not used, with the reason."""

    id: str
    path: str
    verdict: Verdict
    reason: str


class PhotosSummary(Record):
    """`photos/summary.json`: counts for the report.

    Attributes:
        files: number of files in the source.
        kept: number of kept photos by class.
        verdicts: number of files by verdict; verdicts without files are omitted.
        jfif_test_drops: number of files in class folders without `JFIF` in their first ten bytes.
        jfif_test_drops_kept: number of those files that are kept.
        near_duplicate_groups: number of groups of at least two near duplicates.
        configured_groups: number of configured groups of at least two photos; None if no groups are configured.
        photos_in_configured_groups: number of photos in those groups.
        given_subsets: the `SUBSETS` into which the folders of the source divide the photos; empty if they do not.
        rejected: files that are not used, except those over the limit per class.
    """

    files: int
    kept: dict[str, int]
    verdicts: dict[Verdict, int]
    jfif_test_drops: int
    jfif_test_drops_kept: int
    near_duplicate_groups: int
    configured_groups: int | None
    photos_in_configured_groups: int
    given_subsets: tuple[str, ...]
    rejected: tuple[RejectedFile, ...]


MANIFEST = Table(
    {
        **{"id": str, "label": "Int64", "path": str, "width": "Int64", "height": "Int64", "mode": str, "format": str},
        **{"bytes": "Int64", "sha256": str, "phash": str, "verdict": str, "reason": str},
    }
)
# With configured groups, two more columns: the name of the configured group, empty for none, and the group of near
# duplicates alone; `group` connects both.
GROUPS = Table({"id": str, "group": str}, open_ended=True)
CONFIGURED, NEAR_DUPLICATES = "configured", "near_duplicates"
# One row per pair of near duplicates of different classes, in the order of the manifest.
CONTRADICTIONS = Table({"id": str, "label": int, "other": str, "other_label": int})
SPLIT = Table({"id": str, "label": int, "part": str})
PLANTED = Table({"path": str, "fault": str, "verdict": str})


def read_kept(manifest: Path) -> "pd.DataFrame":
    """Read the rows of the kept photos, in manifest order.

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


def groups_of(ids: "np.ndarray | pd.Series", path: Path) -> "np.ndarray":
    """Return the group of each photo, (n,), from `groups.csv`: equal values belong together.

    Raises:
        InputError: the file is missing, is not a table of groups, or does not list a photo.
    """
    import pandas as pd

    groups = pd.Series(ids).map(GROUPS.read(path).set_index("id")["group"])
    if groups.isna().any():
        raise InputError(f"{path}: expected a row for each kept photo, but there is none for {ids[groups.isna()][0]}")
    return groups.to_numpy(dtype=object)


def corrected_parts(split: Path) -> dict[str, Path]:
    """Return the files with the parts of a split after corrections, by the keys of `PARTS`.

    Args:
        split: the split as it was assigned (CSV).
    """
    return {part: split.with_suffix("") / f"{part}.csv" for part in PARTS}


def count_subsets(parts: Iterable[Path], classes: Sequence[str]) -> "pd.DataFrame":
    """Count the photos of a split: one row per subset, one column per label.

    Args:
        parts: the files of the split, see :func:`corrected_parts`.
        classes: names of the classes, label 0 first.

    Raises:
        InputError: a file is missing or is not a split.
    """
    import pandas as pd

    rows = pd.concat([SPLIT.read(part) for part in parts])
    counts = pd.crosstab(rows["part"], rows["label"])
    return counts.reindex(index=list(SUBSETS), columns=list(range(len(classes))), fill_value=0)


def count_divided_groups(split: Path, groups: "pd.Series") -> int:
    """Count the groups with photos in more than one subset of a split.

    Args:
        split: the CSV file.
        groups: the group of each photo, by photo id.

    Raises:
        InputError: the file is missing or is not a split.
    """
    rows = SPLIT.read(split)
    return int((rows["part"].groupby(rows["id"].map(groups)).nunique() > 1).sum())
