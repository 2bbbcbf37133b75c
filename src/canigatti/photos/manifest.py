"""The manifest: a row for every file, with the verdict on it; and what the rows add up to."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from canigatti.photos.duplicates import copies, near_duplicate_groups
from canigatti.photos.hashing import THUMBNAIL_SIDE, perceptual_hashes
from canigatti.photos.inspection import Inspection
from canigatti.photos.layouts import FoundPhoto
from canigatti.photos.records import GROUPS, MANIFEST, PhotosSummary, RejectedFile, Verdict

# The columns of the manifest that an inspection decides.
FACTS = ("width", "height", "mode", "format", "bytes", "sha256", "verdict", "reason")


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
        The manifest (`MANIFEST`, one row per file) and the groups (`GROUPS`, one row per kept photo).
    """
    rows = _rows(found, inspections)
    rows = _with_copies(rows)
    rows = _with_conflicting_names(rows, found)
    rows = _with_limit(rows, limit_per_class)
    kept = np.flatnonzero(rows["verdict"] == Verdict.KEEP)
    first = near_duplicate_groups(*_fingerprints(rows, inspections, kept))
    ids = rows["id"].to_numpy(dtype=object)
    groups = GROUPS.frame({"id": ids[kept], "group": ids[kept[first]]})
    return _with_near_duplicates(rows, kept, groups), groups


def _rows(found: Sequence[FoundPhoto], inspections: Sequence[Inspection]) -> pd.DataFrame:
    facts = pd.DataFrame({name: [getattr(inspection, name) for inspection in inspections] for name in FACTS})
    names = pd.DataFrame([(photo.id, photo.label, photo.path) for photo in found], columns=["id", "label", "path"])
    return MANIFEST.frame(names.join(facts).assign(phash=_phash_texts(inspections)))


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


def _judged(rows: pd.DataFrame, verdicts: dict[int, tuple[Verdict, str]]) -> pd.DataFrame:
    if not verdicts:
        return rows
    judged = pd.DataFrame.from_dict(verdicts, orient="index", columns=["verdict", "reason"])
    return rows.assign(**{name: judged[name].reindex(rows.index).fillna(rows[name]) for name in judged})


def _with_copies(rows: pd.DataFrame) -> pd.DataFrame:
    photos = rows[rows["verdict"] == Verdict.KEEP]
    found = copies(photos["id"].tolist(), photos["label"].to_numpy(dtype=int), photos["sha256"].tolist())
    return _judged(rows, {int(photos.index[place]): verdict for place, verdict in found.items()})


def _with_conflicting_names(rows: pd.DataFrame, found: Sequence[FoundPhoto]) -> pd.DataFrame:
    """Copies are judged before, so that a photo whose copy has a name of the other class is not kept either."""
    says = "or a folder below its class's folder, says the other class"
    judged = rows["verdict"].isin([Verdict.KEEP, Verdict.DUPLICATE])
    verdicts = {
        place: (Verdict.CONFLICTING, f"its name, {says}")
        for place, photo in enumerate(found)
        if photo.conflict and judged[place]
    }
    doubtful = {rows["sha256"][place]: rows["id"][place] for place in verdicts}
    for place in rows.index[rows["verdict"] == Verdict.KEEP].difference(verdicts):
        if copy := doubtful.get(rows["sha256"][place]):
            verdicts[place] = (Verdict.CONFLICTING, f"the same content as {copy}, whose name, {says}")
    return _judged(rows, verdicts)


def _with_limit(rows: pd.DataFrame, limit_per_class: int | None) -> pd.DataFrame:
    if limit_per_class is None:
        return rows
    kept = rows[rows["verdict"] == Verdict.KEEP]
    beyond = kept.index[kept.groupby("label").cumcount() >= limit_per_class]
    reason = f"the first {limit_per_class} usable photos of its class are kept"
    return _judged(rows, dict.fromkeys(beyond.tolist(), (Verdict.OVER_LIMIT, reason)))


def _with_near_duplicates(rows: pd.DataFrame, kept: np.ndarray, groups: pd.DataFrame) -> pd.DataFrame:
    notes = {
        int(kept[place]): (
            Verdict.KEEP,
            "; ".join(filter(None, [rows["reason"][kept[place]], f"near duplicate of {group}"])),
        )
        for place, (name, group) in enumerate(groups.itertuples(index=False))
        if name != group
    }
    return _judged(rows, notes)


def _and_note(notes: str, note: str) -> str:
    return f"{notes}; {note}" if notes else note


def summarize(
    rows: pd.DataFrame, groups: pd.DataFrame, inspections: Sequence[Inspection], classes: Sequence[str]
) -> PhotosSummary:
    """Return what the report shows of the photos.

    The JFIF counts tell what the `b"JFIF"` test of a well-known Keras example would do to the class folders.
    """
    is_kept = rows["verdict"] == Verdict.KEEP
    jfif_drops = rows["label"].notna() & ~np.array([inspection.jfif for inspection in inspections], bool)
    rejected = rows[~rows["verdict"].isin([Verdict.KEEP, Verdict.OVER_LIMIT])]
    verdicts = rows["verdict"].value_counts().sort_index()
    return PhotosSummary(
        files=len(rows),
        kept={name: int((is_kept & (rows["label"] == label)).sum()) for label, name in enumerate(classes)},
        verdicts={Verdict(name): int(count) for name, count in verdicts.items()},
        jfif_test_drops=int(jfif_drops.sum()),
        jfif_test_drops_kept=int((jfif_drops & is_kept).sum()),
        near_duplicate_groups=int((groups["group"].value_counts() > 1).sum()),
        rejected=tuple(
            RejectedFile(id=row.id, path=row.path, verdict=Verdict(row.verdict), reason=row.reason)
            for row in rejected.itertuples()
        ),
    )
