"""Splits that come with the photos, as folders of the source."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from canigatti.files import InputError
from canigatti.photos.layouts import find_photos, given_subsets
from canigatti.photos.records import CONFIGURED, SUBSETS

_EXPECTED = "expected folders train, validation and test, each with photos of every class"


def assign_from_folders(kept: pd.DataFrame, groups: pd.DataFrame, classes: Sequence[str]) -> np.ndarray:
    """Assign each photo to the subset whose folder contains it.

    Args:
        kept: the rows of the manifest whose photos are used.
        groups: the groups of these photos, see `GROUPS`. Groups of near duplicates may be in several subsets;
            configured groups may not.
        classes: names of the classes.

    Returns:
        (n,), an element of `SUBSETS` per photo.

    Raises:
        InputError: a photo is in none of the folders, a subset has no photo of a class, or a configured group is in
            several subsets.
    """
    subset_of = {photo.path: photo.subset for photo in find_photos(kept["path"].tolist(), classes)}
    subsets = kept["path"].map(subset_of)
    if (outside := subsets.isna()).any():
        example = kept.loc[outside, "path"].iloc[0]
        raise InputError(
            f"{_EXPECTED}; {outside.sum():,} of {len(kept):,} photos are in none of them, such as {example}"
        )
    counts = pd.crosstab(kept["label"], subsets).reindex(columns=[*SUBSETS], fill_value=0)
    for label, name in enumerate(classes):
        if missing := [subset for subset in SUBSETS if not counts.loc[label, subset]]:
            received = ", ".join(f"{counts.loc[label, subset]:,} in {subset}" for subset in SUBSETS)
            raise InputError(f"{_EXPECTED}; the class {name!r} has no photo in {missing[0]} ({received})")
    if CONFIGURED in groups:
        _check_configured_groups(kept["id"].map(groups.set_index("id")[CONFIGURED]), subsets)
    return subsets.to_numpy(dtype=object)


def describe_unused_folders(paths: Sequence[str], classes: Sequence[str]) -> str | None:
    """Return a notice for a split by fractions if the folders of the source divide the photos, or None.

    Args:
        paths: the photos' paths in the source.
        classes: names of the classes.
    """
    if len(subsets := given_subsets(find_photos(paths, classes))) < 2:
        return None
    return (
        f"the source has folders for {' and '.join(subsets)}; this split divides all photos anew. "
        "To use the folders: splits: {given: from-folders}"
    )


def _check_configured_groups(configured: pd.Series, subsets: pd.Series) -> None:
    subsets_of = subsets[configured != ""].groupby(configured).unique()
    divided = subsets_of[subsets_of.map(len) > 1]
    if len(divided):
        raise InputError(
            f"photos.groups: {len(divided):,} of {len(subsets_of):,} groups are in several folders, such as "
            f"{divided.index[0]} in {' and '.join(sorted(divided.iloc[0], key=SUBSETS.index))}; a group is never "
            "divided"
        )
