"""The manifest: one row per file with its verdict, the groups of near duplicates, and the summary.

The texts in the `reason` column are results: to reword one changes the manifest.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from canigatti.photos.configured_groups import first_members
from canigatti.photos.duplicates import find_contradictions, find_copies, group_near_duplicates, merge
from canigatti.photos.hashing import THUMBNAIL_SIDE, perceptual_hashes
from canigatti.photos.inspection import Inspection
from canigatti.photos.layouts import FoundPhoto, given_subsets
from canigatti.photos.records import (
    CONFIGURED,
    CONTRADICTIONS,
    GROUPS,
    MANIFEST,
    NEAR_DUPLICATES,
    PhotosSummary,
    Verdict,
)
from canigatti.photos.rejection import select_rejected, to_rejected_files

# The columns of the manifest that an inspection determines.
_INSPECTED = ("width", "height", "mode", "format", "bytes", "sha256", "verdict", "reason")


def assemble(
    found: Sequence[FoundPhoto],
    inspections: Sequence[Inspection],
    limit_per_class: int | None,
    configured: Sequence[str] | None = None,
    keep_contradictory: bool = False,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Determine the verdict of every file from all inspections.

    Exact copies and near duplicates of different classes are rejected before the limit is applied, so that they do not
    count; groups of near duplicates are searched among the kept photos.

    Args:
        found: the files, in manifest order.
        inspections: one per file.
        limit_per_class: maximum number of kept photos of a class.
        configured: the name of each file's configured group, empty for none; None if no groups are configured.
        keep_contradictory: whether near duplicates of different classes are kept instead of rejected.

    Returns:
        The manifest (`MANIFEST`, one row per file), the groups (`GROUPS`, one row per kept photo), and the pairs of
        near duplicates of different classes (`CONTRADICTIONS`).
    """
    rows = _tabulate(found, inspections)
    rows = _reject_copies(rows)
    rows = _reject_conflicting_names(rows, found)
    contradictions = _find_contradictory(rows, inspections)
    if not keep_contradictory:
        rows = _reject_contradictory(rows, contradictions)
    rows = _apply_limit(rows, limit_per_class)
    kept = np.flatnonzero(rows["verdict"] == Verdict.KEEP)
    first = group_near_duplicates(*_looks(rows, inspections, kept))
    ids = rows["id"].to_numpy(dtype=object)[kept]
    groups = GROUPS.frame({"id": ids, "group": ids[first]})
    rows = _note_near_duplicates(rows, kept, groups)
    if configured is not None:
        names = np.array(configured, dtype=object)[kept]
        connected = merge(first, np.arange(len(kept)), first_members(names.tolist()))
        groups = groups.assign(group=ids[connected], **{CONFIGURED: names, NEAR_DUPLICATES: ids[first]})
    return rows, groups, contradictions


def _tabulate(found: Sequence[FoundPhoto], inspections: Sequence[Inspection]) -> pd.DataFrame:
    inspected = pd.DataFrame({name: [getattr(inspection, name) for inspection in inspections] for name in _INSPECTED})
    names = pd.DataFrame([(photo.id, photo.label, photo.path) for photo in found], columns=["id", "label", "path"])
    return MANIFEST.frame(names.join(inspected).assign(phash=_format_hashes(inspections)))


def _format_hashes(inspections: Sequence[Inspection]) -> list[str]:
    hashes = iter(perceptual_hashes(_thumbnails([inspection for inspection in inspections if inspection.thumbnail])))
    return [f"{next(hashes):016x}" if inspection.thumbnail else "" for inspection in inspections]


def _thumbnails(inspections: Sequence[Inspection]) -> np.ndarray:
    content = b"".join(inspection.thumbnail for inspection in inspections)
    return np.frombuffer(content, np.uint8).reshape(-1, THUMBNAIL_SIDE, THUMBNAIL_SIDE)


def _looks(
    rows: pd.DataFrame, inspections: Sequence[Inspection], positions: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the perceptual hashes, (k,), and the thumbnails, (k, 32, 32), of the photos at these positions."""
    hashes = np.array([int(text, 16) for text in rows["phash"].iloc[positions]], np.uint64)
    return hashes, _thumbnails([inspections[int(position)] for position in positions])


def _with_verdicts(rows: pd.DataFrame, verdicts: dict[int, tuple[Verdict, str]]) -> pd.DataFrame:
    """Replace verdict and reason of the rows at these positions."""
    if not verdicts:
        return rows
    changed = pd.DataFrame.from_dict(verdicts, orient="index", columns=["verdict", "reason"])
    return rows.assign(**{name: changed[name].reindex(rows.index).fillna(rows[name]) for name in changed})


def _reject_copies(rows: pd.DataFrame) -> pd.DataFrame:
    photos = rows[rows["verdict"] == Verdict.KEEP]
    copies = find_copies(photos["id"].tolist(), photos["label"].to_numpy(dtype=int), photos["sha256"].tolist())
    return _with_verdicts(rows, {int(photos.index[position]): verdict for position, verdict in copies.items()})


def _reject_conflicting_names(rows: pd.DataFrame, found: Sequence[FoundPhoto]) -> pd.DataFrame:
    """Reject photos whose path names several classes, and their copies, which are therefore marked before."""
    other = "another class" if (rows["label"] > 1).any() else "the other class"
    conflict = f"or a folder below its class folder, names {other}"
    is_photo = rows["verdict"].isin([Verdict.KEEP, Verdict.DUPLICATE])
    verdicts = {
        position: (Verdict.CONFLICTING, f"its name, {conflict}")
        for position, photo in enumerate(found)
        if photo.conflict and is_photo[position]
    }
    id_of = {rows["sha256"][position]: rows["id"][position] for position in verdicts}
    for position in rows.index[rows["verdict"] == Verdict.KEEP].difference(verdicts):
        if copy := id_of.get(rows["sha256"][position]):
            verdicts[position] = (Verdict.CONFLICTING, f"the same content as {copy}, whose name, {conflict}")
    return _with_verdicts(rows, verdicts)


def _apply_limit(rows: pd.DataFrame, limit_per_class: int | None) -> pd.DataFrame:
    if limit_per_class is None:
        return rows
    kept = rows[rows["verdict"] == Verdict.KEEP]
    excess = kept.index[kept.groupby("label").cumcount() >= limit_per_class]
    reason = f"the first {limit_per_class} usable photos of its class are kept"
    return _with_verdicts(rows, dict.fromkeys(excess.tolist(), (Verdict.OVER_LIMIT, reason)))


def _find_contradictory(rows: pd.DataFrame, inspections: Sequence[Inspection]) -> pd.DataFrame:
    """Find the pairs of near duplicates of different classes among the photos that are kept so far."""
    positions = np.flatnonzero(rows["verdict"] == Verdict.KEEP)
    labels = rows["label"].iloc[positions].to_numpy(dtype=int)
    pairs = find_contradictions(*_looks(rows, inspections, positions), labels)
    ids = rows["id"].iloc[positions].to_numpy(dtype=object)
    columns = {"id": ids[pairs[:, 0]], "label": labels[pairs[:, 0]]}
    return CONTRADICTIONS.frame({**columns, "other": ids[pairs[:, 1]], "other_label": labels[pairs[:, 1]]})


def _reject_contradictory(rows: pd.DataFrame, contradictions: pd.DataFrame) -> pd.DataFrame:
    others: dict[str, list[str]] = {}
    for pair in contradictions.itertuples():
        others.setdefault(pair.id, []).append(pair.other)
        others.setdefault(pair.other, []).append(pair.id)
    verdicts = {
        int(position): (Verdict.CONTRADICTORY, f"near duplicate of {_list(others[name])} with another label")
        for position, name in rows["id"].items()
        if name in others
    }
    return _with_verdicts(rows, verdicts)


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
    return f"{names[0]}{more}"


def _note_near_duplicates(rows: pd.DataFrame, kept: np.ndarray, groups: pd.DataFrame) -> pd.DataFrame:
    notes = {
        int(position): (Verdict.KEEP, _append_note(rows["reason"][position], f"near duplicate of {group}"))
        for position, (name, group) in zip(kept, groups.itertuples(index=False), strict=True)
        if name != group
    }
    return _with_verdicts(rows, notes)


def _append_note(notes: str, note: str) -> str:
    return f"{notes}; {note}" if notes else note


def summarize(
    rows: pd.DataFrame,
    groups: pd.DataFrame,
    found: Sequence[FoundPhoto],
    inspections: Sequence[Inspection],
    classes: Sequence[str],
) -> PhotosSummary:
    """Count files by verdict and class, for the report.

    The JFIF counts show the effect that the `b"JFIF"` test of a well-known Keras example would have on the files in
    class folders.

    Args:
        rows: the manifest.
        groups: groups of photos.
        found: the files, in the order of the manifest.
        inspections: one per file.
        classes: names of the classes.
    """
    is_kept = rows["verdict"] == Verdict.KEEP
    kept_of = rows.loc[is_kept, "label"].value_counts()
    jfif_drops = rows["label"].notna() & ~np.array([inspection.jfif for inspection in inspections], bool)
    verdicts = rows["verdict"].value_counts().sort_index()
    near_duplicates = groups.get(NEAR_DUPLICATES, groups["group"]).value_counts()
    configured = groups.loc[groups[CONFIGURED] != "", CONFIGURED].value_counts() if CONFIGURED in groups else None
    return PhotosSummary(
        files=len(rows),
        kept={name: int(kept_of.get(label, 0)) for label, name in enumerate(classes)},
        verdicts={Verdict(name): int(count) for name, count in verdicts.items()},
        jfif_test_drops=int(jfif_drops.sum()),
        jfif_test_drops_kept=int((jfif_drops & is_kept).sum()),
        near_duplicate_groups=int((near_duplicates > 1).sum()),
        configured_groups=None if configured is None else int((configured > 1).sum()),
        photos_in_configured_groups=0 if configured is None else int(configured[configured > 1].sum()),
        given_subsets=tuple(given_subsets(found)),
        rejected=tuple(to_rejected_files(select_rejected(rows))),
    )
