"""Selection of the rejected files, for the summary and for the plots."""

import pandas as pd

from canigatti.photos.records import RejectedFile, Verdict


def select_rejected(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the rejected files, without those over the limit per class, which are usable."""
    return rows[~rows["verdict"].isin([Verdict.KEEP, Verdict.OVER_LIMIT])]


def to_rejected_files(rows: pd.DataFrame) -> list[RejectedFile]:
    """Return one record per row of the manifest."""
    return [
        RejectedFile(id=row.id, path=row.path, verdict=Verdict(row.verdict), reason=row.reason)
        for row in rows.itertuples()
    ]
