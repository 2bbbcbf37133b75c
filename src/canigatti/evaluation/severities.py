"""The kinds of corrupted test photos: their names, severities and columns."""

CORRUPTIONS = ("blur", "noise", "jpeg", "brightness", "rotation")
SEVERITIES = (1, 2, 3)


def corrupted_column(corruption: str, severity: int) -> str:
    """Return the column of `corrupted.csv` for one of the `CORRUPTIONS` with one of the `SEVERITIES`."""
    return f"{corruption}_{severity}"


CORRUPTED_COLUMNS = tuple(corrupted_column(name, severity) for name in CORRUPTIONS for severity in SEVERITIES)
