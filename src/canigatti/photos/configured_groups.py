"""Groups of photos that belong together, such as the frames of a clip or the photos of one patient, as configured."""

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from canigatti.files import InputError, is_csv
from canigatti.photos.layouts import FoundPhoto

_KEYS = ("path", "id")  # columns of a CSV file that may name the photo
_MAX_EXAMPLES = 3


def read_groups(configured: str, found: Sequence[FoundPhoto]) -> list[str]:
    """Return the name of the configured group of each file, or an empty text for a file in none.

    Args:
        configured: `photos.groups`: a CSV file with the columns `group` and either `path` (in the source) or `id` (in
            the manifest), or else a regular expression with one group. It is searched in the file's name, or, if it
            contains '/', in the path in the source.
        found: the files of the source.

    Raises:
        InputError: the CSV file cannot be read, names a file that is not in the source, or gives a file two groups; or
            the expression matches no photo. The message names `photos.groups`.
    """
    try:
        return _from_csv(Path(configured), found) if is_csv(configured) else _from_names(configured, found)
    except InputError as error:
        raise InputError(f"photos.groups: {error}") from None


def _from_csv(path: Path, found: Sequence[FoundPhoto]) -> list[str]:
    rows = _read_csv(path)
    key = next(name for name in _KEYS if name in rows)
    names, groups = rows[key].map(_normalize), rows["group"].str.strip()
    if (conflict := groups.groupby(names).nunique() > 1).any():
        raise InputError(f"{path}: {conflict.idxmax()} is listed with two different groups")
    group_of = dict(zip(names, groups, strict=True))
    received = {_normalize(getattr(photo, key)) for photo in found}
    if unknown := [name for name in group_of if name not in received]:
        examples = ", ".join(unknown[:_MAX_EXAMPLES])
        raise InputError(
            f"{path}: {len(unknown):,} of {len(group_of):,} files in the column {key} are not in the source, such as "
            f"{examples}; expected names such as {next(iter(received), 'none')}"
        )
    return [group_of.get(_normalize(getattr(photo, key)), "") for photo in found]


def _read_csv(path: Path) -> pd.DataFrame:
    expected = "expected a CSV file with the columns group and path (or id), separated by commas"
    try:
        rows = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", skipinitialspace=True)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {expected}, received {error}") from None
    if "group" not in rows or not any(name in rows for name in _KEYS):
        raise InputError(f"{path}: {expected}, received {', '.join(map(str, rows))}")
    return rows


def _normalize(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip())  # macOS stores accents decomposed


def _from_names(pattern: str, found: Sequence[FoundPhoto]) -> list[str]:
    expression = re.compile(pattern)
    whole_path = "/" in pattern
    groups = []
    for photo in found:
        match = expression.search(photo.path if whole_path else photo.path.rpartition("/")[2])
        groups.append((match[1] or "") if match and photo.label is not None else "")
    if not any(groups):
        example = next((photo.path for photo in found if photo.label is not None), "none")
        kind = "path" if whole_path else "name"
        raise InputError(f"no {kind} of a photo matches {pattern!r}; a photo is, for example, {example}")
    return groups


def first_members(configured: Sequence[str]) -> np.ndarray:
    """Return the position of the first member of each element's group, (n,); its own for an empty text."""
    groups = pd.Series(configured, dtype=object)
    positions = pd.Series(np.arange(len(groups)))
    first = positions.groupby(groups).transform("first")
    return np.where(groups == "", positions, first).astype(np.int64)
