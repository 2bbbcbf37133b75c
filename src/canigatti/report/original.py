"""Metrics of the original study, which the report shows next to those of the study that reproduces it."""

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from canigatti.report.records import ORIGINAL

ORIGINAL_STUDY = "full"  # the study that reproduces the original's experiments under the same conditions


def is_of_original_classes(classes: Collection[str]) -> bool:
    """Return whether a study has the classes of the original, so that the original's claims are about its photos."""
    return {name.casefold() for name in classes} == {"cat", "dog"}


def read_original() -> pd.DataFrame:
    """Read the metrics of the original study, see :data:`canigatti.report.records.ORIGINAL`."""
    return ORIGINAL.read(Path(__file__).with_name("original.csv"))
