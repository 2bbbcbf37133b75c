"""The figures of the original study, which stand beside those of the study that repeats it."""

from pathlib import Path

import pandas as pd

ORIGINAL_STUDY = "full"  # the study whose experiments the original carried out under the same conditions


def read_original() -> pd.DataFrame:
    """The original study's figures, a row for each experiment of the full study; what it left untold is missing."""
    path = Path(__file__).with_name("original.csv")
    return pd.read_csv(path, dtype={"best_epoch": "Int64", "epochs": "Int64"})
