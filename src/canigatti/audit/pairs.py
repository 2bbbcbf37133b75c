"""Pairs of near duplicates that should not be: with different labels, or in different subsets of a split."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from canigatti.audit.records import PAIRS
from canigatti.photos.records import NEAR_DUPLICATES, SUBSETS


def find_pairs(contradictions: pd.DataFrame, groups: pd.DataFrame, given: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """List the pairs of near duplicates with different labels, and those that a split divides.

    Of a group of near duplicates that a split divides, each photo is paired with the first one that is in an earlier
    subset; the training set comes first.

    Args:
        contradictions: see :data:`canigatti.photos.records.CONTRADICTIONS`.
        groups: see :data:`canigatti.photos.records.GROUPS`.
        given: the splits that come with the photos, by name, see :data:`canigatti.photos.records.SPLIT`. A split by
            fractions divides no group.

    Returns:
        See :data:`canigatti.audit.records.PAIRS`.
    """
    of_labels = [
        {"kind": "labels", "split": "", "subset": "", "other_subset": "", **row}
        for row in contradictions.to_dict("records")
    ]
    near = groups.set_index("id")[NEAR_DUPLICATES if NEAR_DUPLICATES in groups else "group"]
    of_subsets = [pair for name, split in given.items() for pair in _divided(name, split, near)]
    return PAIRS.frame([*of_labels, *of_subsets])


def _divided(name: str, split: pd.DataFrame, near: pd.Series) -> Iterator[dict[str, Any]]:
    rows = split.assign(group=split["id"].map(near))
    divided = rows[rows.groupby("group")["part"].transform("nunique") > 1]
    for _, members in divided.groupby("group", sort=False):
        firsts = {part: of_part.iloc[0] for part, of_part in members.groupby("part")}
        earliest = firsts[min(firsts, key=SUBSETS.index)]
        for row in members.itertuples():
            if row.part != earliest["part"]:
                yield {
                    **{"kind": "subsets", "split": name, "id": row.id, "label": row.label, "subset": row.part},
                    "other": earliest["id"],
                    "other_label": earliest["label"],
                    "other_subset": earliest["part"],
                }
