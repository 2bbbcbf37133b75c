"""Which photos the page shows, and what it says about each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from canigatti.audit.records import NEIGHBORS
from canigatti.photos.records import Verdict

_SETS = {"train": "Training set", "validation": "Validation set", "test": "Test set"}
MAX_PAIRS = 100  # of each kind; `pairs.csv` lists all


@dataclass(frozen=True)
class ShownPhoto:
    """A photo on the page.

    Attributes:
        id: in the manifest.
        path: in the source.
        label: name of its class.
        sha256: of its content.
        used: whether it is one of the kept photos, which corrections can name.
        suggested: name of the class that the audit suggests; empty if it has not judged the photo.
        lines: what else the page says about it.
    """

    id: str
    path: str
    label: str
    sha256: str
    used: bool
    suggested: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class ShownPair:
    """Two near duplicates on the page; the title is read to those who do not see that they belong together."""

    title: str
    photos: tuple[ShownPhoto, ...]


@dataclass(frozen=True)
class Judgments:
    """What is known about the photos of a study.

    Attributes:
        manifest: see :data:`canigatti.photos.records.MANIFEST`.
        audit: see :data:`canigatti.audit.records.AUDIT`.
        pairs: see :data:`canigatti.audit.records.PAIRS`.
        classes: names of the classes, label 0 first.
    """

    manifest: pd.DataFrame
    audit: pd.DataFrame
    pairs: pd.DataFrame
    classes: Sequence[str]


def select_doubtful(
    judgments: Judgments, count: int, corrected: Sequence[str]
) -> tuple[list[ShownPhoto], list[ShownPhoto]]:
    """Select the most doubtful of the judged photos, without those that have a correction.

    Args:
        judgments: of all photos.
        count: how many to select.
        corrected: ids of the photos that have a correction.

    Returns:
        Those whose label is more doubtful than their similarity, and the others, in the order of doubt.
    """
    audit = judgments.audit
    judged = audit["probability"].notna() | audit["similarity"].notna()
    chosen = audit[judged & ~audit["id"].isin([*corrected])].head(count)
    photos = chosen.merge(judgments.manifest[["id", "path"]], on="id", how="left", validate="one_to_one")
    by_label = photos["probability_rank"] <= photos["similarity_rank"]
    doubtful, others = (
        [_doubtful(row, judgments) for row in photos[part].to_dict("records")] for part in (by_label, ~by_label)
    )
    return doubtful, others


def _doubtful(row: Mapping[str, Any], judgments: Judgments) -> ShownPhoto:
    subsets = {name.removeprefix("subset_"): row[name] for name in judgments.audit if name.startswith("subset_")}
    lines = [f"Doubt: rank {row['rank']:,} of {len(judgments.audit):,}"]
    if pd.notna(row["probability"]):
        lines.append(f"Probability of its label: {100 * row['probability']:.1f}%")
    if pd.notna(row["similarity"]):
        lines.append(f"Similarity to its nearest {NEIGHBORS}: {row['similarity']:.3f}")
    lines += [f"{_SETS[part]} of {name}" for name, part in subsets.items()]
    names, label = judgments.classes, judgments.classes[row["label"]]
    return ShownPhoto(row["id"], row["path"], label, row["sha256"], True, names[row["suggested"]], tuple(lines))


def select_pairs(judgments: Judgments, kind: str, corrected: Sequence[str]) -> tuple[list[ShownPair], int]:
    """Select the pairs of one kind in which no photo has a correction.

    Args:
        judgments: of all photos.
        kind: `labels` or `subsets`.
        corrected: ids of the photos that have a correction.

    Returns:
        At most `MAX_PAIRS`, and the number of the others.
    """
    pairs = judgments.pairs[judgments.pairs["kind"] == kind]
    pairs = pairs[~pairs["id"].isin([*corrected]) & ~pairs["other"].isin([*corrected])]
    shown, rows = pairs.head(MAX_PAIRS), judgments.manifest.set_index("id")
    return [_pair(row, rows, judgments.classes) for row in shown.to_dict("records")], len(pairs) - len(shown)


def _pair(row: Mapping[str, Any], manifest: pd.DataFrame, classes: Sequence[str]) -> ShownPair:
    photos = []
    for prefix in ("", "other_"):
        name = row[prefix.removesuffix("_") or "id"]
        found, label, subset = manifest.loc[name], classes[row[f"{prefix}label"]], row[f"{prefix}subset"]
        lines = (f"{_SETS[subset]} of {row['split']}",) if subset else ()
        used = found["verdict"] == Verdict.KEEP
        photos.append(ShownPhoto(name, found["path"], label, found["sha256"], used, lines=lines))
    return ShownPair(f"{photos[0].id} and {photos[1].id}", tuple(photos))
