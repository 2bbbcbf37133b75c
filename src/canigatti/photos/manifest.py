"""The manifest: a row for every file, with the verdict on it; and what the rows add up to."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from canigatti.photos.duplicates import copies, near_duplicate_groups
from canigatti.photos.fingerprints import THUMBNAIL_SIDE, perceptual_hashes
from canigatti.photos.inspection import Inspection
from canigatti.photos.sources import FoundPhoto

COLUMNS = ("id", "label", "path", "width", "height", "mode", "format", "bytes", "sha256", "phash", "verdict", "reason")


def assemble(
    found: Sequence[FoundPhoto], inspections: Sequence[Inspection], limit_per_class: int | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Judge every file, now that all are known.

    Copies are judged first, then the limit, so that a copy does not count; near duplicates are those among the kept.

    Args:
        found: the files, in manifest order.
        inspections: of each file.
        limit_per_class: how many photos of a class are kept at most.

    Returns:
        The manifest (`COLUMNS`, one row a file) and the groups (`id`, `group`, one row a kept photo).
    """
    rows = _rows(found, inspections)
    rows = _with_conflicts(rows, [photo.conflict for photo in found])
    rows = _with_copies(rows)
    rows = _with_limit(rows, limit_per_class)
    kept = np.flatnonzero(rows["verdict"] == "keep")
    first = near_duplicate_groups(*_fingerprints(rows, inspections, kept))
    ids = rows["id"].to_numpy(dtype=object)
    groups = pd.DataFrame({"id": ids[kept], "group": ids[kept[first]]})
    return _with_near_duplicates(rows, kept, groups), groups


def _rows(found: Sequence[FoundPhoto], inspections: Sequence[Inspection]) -> pd.DataFrame:
    facts = pd.DataFrame(
        {name: [getattr(inspection, name) for inspection in inspections] for name in COLUMNS[3:] if name != "phash"}
    )
    names = pd.DataFrame([(photo.id, photo.label, photo.path) for photo in found], columns=["id", "label", "path"])
    rows = names.join(facts).assign(phash=_phash_texts(inspections))[list(COLUMNS)]
    return rows.astype(dict.fromkeys(("label", "width", "height", "bytes"), "Int64"))


def _phash_texts(inspections: Sequence[Inspection]) -> list[str]:
    hashes = iter(perceptual_hashes(_thumbnails([each for each in inspections if each.thumbnail])))
    return [f"{next(hashes):016x}" if inspection.thumbnail else "" for inspection in inspections]


def _thumbnails(inspections: Sequence[Inspection]) -> np.ndarray:
    content = b"".join(inspection.thumbnail for inspection in inspections)
    return np.frombuffer(content, np.uint8).reshape(-1, THUMBNAIL_SIDE, THUMBNAIL_SIDE)


def _fingerprints(
    rows: pd.DataFrame, inspections: Sequence[Inspection], kept: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    hashes = np.array([int(text, 16) for text in rows["phash"].iloc[kept]], np.uint64)
    return hashes, _thumbnails([inspections[position] for position in kept])


def _judged(rows: pd.DataFrame, verdicts: dict[int, tuple[str, str]]) -> pd.DataFrame:
    rows = rows.copy()
    for position, (verdict, reason) in verdicts.items():
        rows.loc[position, ["verdict", "reason"]] = [verdict, reason]
    return rows


def _with_conflicts(rows: pd.DataFrame, conflicts: Sequence[bool]) -> pd.DataFrame:
    reason = "its name, or a folder below its class's folder, says the other class"
    positions = np.flatnonzero(np.array(conflicts, bool) & (rows["verdict"] == "keep"))
    return _judged(rows, dict.fromkeys(positions.tolist(), ("conflicting", reason)))


def _with_copies(rows: pd.DataFrame) -> pd.DataFrame:
    """A photo that conflicts by its name still is a copy that makes others conflict, but none that they duplicate."""
    photos = rows[rows["verdict"].isin(["keep", "conflicting"])]
    found = copies(photos["id"].tolist(), photos["label"].to_numpy(dtype=int), photos["sha256"].tolist())
    both = {photos.index[place]: found[place] for place in found if found[place][0] == "conflicting"}
    kept = rows.drop(index=list(both)).query("verdict == 'keep'")
    found = copies(kept["id"].tolist(), kept["label"].to_numpy(dtype=int), kept["sha256"].tolist())
    return _judged(rows, both | {kept.index[place]: found[place] for place in found})


def _with_limit(rows: pd.DataFrame, limit_per_class: int | None) -> pd.DataFrame:
    if limit_per_class is None:
        return rows
    kept = rows[rows["verdict"] == "keep"]
    beyond = kept.index[kept.groupby("label").cumcount() >= limit_per_class]
    rows = rows.copy()
    rows.loc[beyond, ["verdict", "reason"]] = ["over-limit", f"the first {limit_per_class} photos of its class are kept"]
    return rows


def _with_near_duplicates(rows: pd.DataFrame, kept: np.ndarray, groups: pd.DataFrame) -> pd.DataFrame:
    rows = rows.copy()
    for position, group in zip(kept, groups["group"], strict=True):
        if group != rows.loc[position, "id"]:
            note = f"near duplicate of {group}"
            earlier = rows.loc[position, "reason"]
            rows.loc[position, "reason"] = f"{earlier}; {note}" if earlier else note
    return rows


def summarize(
    rows: pd.DataFrame, groups: pd.DataFrame, inspections: Sequence[Inspection], classes: Sequence[str]
) -> dict[str, Any]:
    """What the report says about the photos, ready for JSON.

    The JFIF counts tell what the `b"JFIF"` test of a well-known Keras example would do to the class folders.
    """
    is_kept = rows["verdict"] == "keep"
    jfif_drops = rows["label"].notna() & ~np.array([inspection.jfif for inspection in inspections], bool)
    rejected = rows[~rows["verdict"].isin(["keep", "over-limit"])]
    return {
        "files": len(rows),
        "kept": {name: int((is_kept & (rows["label"] == label)).sum()) for label, name in enumerate(classes)},
        "verdicts": rows["verdict"].value_counts().sort_index().to_dict(),
        "jfif_test_drops": int(jfif_drops.sum()),
        "jfif_test_drops_kept": int((jfif_drops & is_kept).sum()),
        "near_duplicate_groups": int((groups["group"].value_counts() > 1).sum()),
        "rejected": rejected[["id", "path", "verdict", "reason"]].to_dict("records"),
    }
