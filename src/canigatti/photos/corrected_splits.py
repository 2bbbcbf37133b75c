"""Splits after corrections: what networks are trained and measured on."""

from collections.abc import Sequence

import pandas as pd

from canigatti.files import InputError
from canigatti.photos.corrections import Correction, find_label
from canigatti.photos.records import PARTS, SPLIT


def correct(split: pd.DataFrame, corrections: Sequence[Correction], part: str, classes: Sequence[str]) -> pd.DataFrame:
    """Return the photos of one part of a split after corrections: without the excluded ones, and with the new labels.

    Args:
        split: as assigned, see :data:`canigatti.photos.records.SPLIT`.
        corrections: of photos of the study.
        part: a key of `PARTS`.
        classes: names of the classes, label 0 first.

    Returns:
        Rows like those of `split`, in its order.

    Raises:
        InputError: no photo of a class is left in a subset that had one; the message names both.
    """
    rows = split[split["part"].isin(PARTS[part])]
    excluded = {one.id for one in corrections if one.action == "exclude"}
    labels = {one.id: find_label(one.label, classes) for one in corrections if one.action == "relabel"}
    left = rows[~rows["id"].isin(excluded)]
    left = left.assign(label=left["id"].map(labels).fillna(left["label"]).astype(int))
    for subset in PARTS[part]:
        before, after = ({*table.loc[table["part"] == subset, "label"]} for table in (rows, left))
        for label in sorted(before - after):
            raise InputError(
                f"photos.corrections: no photo of the class {classes[label]!r} is left in the {subset} set after the "
                "corrections"
            )
    return SPLIT.frame(left)
