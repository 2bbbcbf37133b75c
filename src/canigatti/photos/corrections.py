"""Corrections of photos by a person: excluded, relabeled, or confirmed, after the subsets have been assigned.

Subsets do not depend on corrections. Otherwise one excluded photo would deal all others anew, and no network could be
compared with those before.
"""

import csv
import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from canigatti.files import InputError, restore
from canigatti.photos.records import ClassNames, Verdict

COLUMNS = ("id", "sha256", "action", "label", "reason")
ACTIONS = ("exclude", "relabel", "keep")


@dataclass(frozen=True)
class Correction:
    """One row of the file.

    Attributes:
        id: of the photo, in the manifest.
        sha256: of its content, so that a correction is not applied to another photo of the same name.
        action: one of `ACTIONS`; `keep` changes nothing but the page of the audit, which does not ask again.
        label: the new label of a relabeled photo, see :func:`find_label`.
        reason: for people.
        line: its last line in the file, from 1, for messages.
    """

    id: str
    sha256: str
    action: str
    label: str
    reason: str
    line: int

    def row(self, classes: Sequence[str]) -> dict[str, str]:
        """Return the values by column, with the name of the class as label."""
        label = find_label(self.label, classes) if self.label else None
        values = {name: getattr(self, name) for name in COLUMNS}
        return values | {"label": "" if label is None else classes[label]}


@dataclass(frozen=True)
class ListedPhoto:
    """What corrections need to know about a file in the manifest; the label of a file without a class is empty."""

    label: str
    sha256: str
    verdict: str


def find_label(text: str, classes: Sequence[str]) -> int | None:
    """Return the label that a text means: the name of a class, or else the number of one; None if it is neither."""
    if text in classes:
        return list(classes).index(text)
    return int(text) if re.fullmatch("[0-9]{1,4}", text) and int(text) < len(classes) else None


def read_corrections(path: Path) -> list[Correction]:
    """Read a file of corrections, and check what can be checked without the photos.

    Raises:
        InputError: the file is not such a table, an action is unknown, or a photo is listed twice; the message names
            the file, the line and the photo.
    """
    expected = f"expected a CSV file with the columns {','.join(COLUMNS)}, separated by commas"
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = next(reader, [])
            if header != [*COLUMNS]:
                raise InputError(f"photos.corrections: {path}: {expected}, received {','.join(header) or 'none'}")
            found = [_parse(path, row, reader.line_num) for row in reader if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"photos.corrections: {path}: {expected}, received {error}") from None
    lines: dict[str, int] = {}
    for one in found:
        if one.id in lines:
            raise _error(path, one, f"expected one row per photo; line {lines[one.id]} has this photo too")
        lines[one.id] = one.line
    return found


def _parse(path: Path, row: Sequence[str], line: int) -> Correction:
    if len(row) != len(COLUMNS):
        raise InputError(
            f"photos.corrections: {path}: line {line}: {row[0]}: expected {len(COLUMNS)} values, received {len(row)}"
        )
    name, sha256, action, label, reason = row
    one = Correction(
        restore(name), sha256.strip().lower(), action.strip(), restore(label.strip()), restore(reason), line
    )
    if one.action not in ACTIONS:
        raise _error(path, one, f"expected the action {', '.join(ACTIONS[:-1])} or {ACTIONS[-1]}, received {action!r}")
    if one.action == "relabel" and not one.label:
        raise _error(path, one, "expected the new label of the photo, received none")
    return one


def check_labels(path: Path, corrections: Sequence[Correction], classes: Sequence[str]) -> None:
    """Check that every label is that of a class.

    Raises:
        InputError: one is not; the message names the file, the line and the photo.
    """
    for one in corrections:
        if one.label and find_label(one.label, classes) is None:
            known = ", ".join(classes[:12]) + (", …" if len(classes) > 12 else "")
            raise _error(path, one, f"expected the label of a class ({known}), received {one.label!r}")


def check_photos(
    path: Path, corrections: Sequence[Correction], photos: Mapping[str, ListedPhoto], classes: Sequence[str]
) -> None:
    """Check that the corrections are of kept photos with this content.

    Args:
        path: the file of corrections.
        corrections: its rows.
        photos: the files of the manifest by id.
        classes: names of the classes, label 0 first.

    Raises:
        InputError: a photo is unknown, not kept, or has other content, or has its new label already; the message names
            the file, the line and the photo.
    """
    check_labels(path, corrections, classes)
    advice = "if the photos have changed since photos/manifest.csv was written, delete that file and run again"
    for one in corrections:
        photo = photos.get(one.id)
        if photo is None:
            raise _error(path, one, f"the study has no photo with this id; {advice}")
        if photo.sha256 != one.sha256:
            raise _error(path, one, f"expected the SHA-256 {photo.sha256}, received {one.sha256 or 'none'}; {advice}")
        if photo.verdict != Verdict.KEEP:
            raise _error(
                path, one, f"the study does not use this photo anyway (verdict {photo.verdict}); remove the row"
            )
        if one.action == "relabel" and str(find_label(one.label, classes)) == photo.label:
            raise _error(
                path, one, f"the photo has the label {one.label} already; expected another, or the action keep"
            )


def read_listed(manifest: Path) -> dict[str, ListedPhoto]:
    """Read what corrections need from a manifest, without pandas: this runs before every workflow that has them.

    Raises:
        InputError: the file is missing or is not a manifest.
    """
    try:
        with manifest.open(encoding="utf-8", newline="") as stream:
            return {
                restore(row["id"]): ListedPhoto(row["label"], row["sha256"], row["verdict"])
                for row in csv.DictReader(stream)
            }
    except (OSError, KeyError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{manifest}: expected a manifest, received {type(error).__name__}: {error}") from None


def checked_corrections(path: Path, manifest: Path) -> list[Correction]:
    """Read a file of corrections and check it against a manifest and the `classes.json` next to that.

    Raises:
        InputError: see :func:`read_corrections` and :func:`check_photos`.
    """
    corrections = read_corrections(path)
    check_photos(path, corrections, read_listed(manifest), ClassNames.beside(manifest))
    return corrections


def digest_of(corrections: Sequence[Correction], photos: Collection[str], classes: Sequence[str]) -> str:
    """Return a text that changes with what the corrections change in some photos; empty if they change nothing.

    Args:
        corrections: of photos of the study.
        photos: ids.
        classes: names of the classes, label 0 first.
    """
    effects = sorted(
        (one.id, one.action, str(find_label(one.label, classes)) if one.action == "relabel" else "")
        for one in corrections
        if one.action != "keep" and one.id in photos
    )
    return hashlib.sha256(repr(effects).encode()).hexdigest() if effects else ""


def _error(path: Path, one: Correction, message: str) -> InputError:
    return InputError(f"photos.corrections: {path}: line {one.line}: {one.id}: {message}")
