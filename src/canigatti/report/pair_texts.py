"""The comparison of pairs as formatted text."""

import pandas as pd

from canigatti.report.notes import ABSENT, comparison_note
from canigatti.report.ranking import ACCURACY, Ranking
from canigatti.report.texts import in_points, markdown, p_value, percent_with_interval, signed

_DIFFERENCE = ["difference", "difference_low", "difference_high"]
_LOSS_DIFFERENCE = ["loss_difference", "loss_difference_low", "loss_difference_high"]


def comparison_as_markdown(comparison: pd.DataFrame, grouped: bool, ranking: Ranking = ACCURACY) -> str:
    """Format the table of :func:`canigatti.report.comparison.compare` as Markdown.

    Args:
        comparison: the table.
        grouped: whether test photos belong to the same group.
        ranking: the metric that ranks.
    """
    texts = pairs_for_reading(comparison)
    texts.insert(0, "Split", comparison["split"])
    return markdown(texts, ("Split", "First", "Second"), [comparison_note(comparison, grouped, ranking)])


def pairs_for_reading(comparison: pd.DataFrame) -> pd.DataFrame:
    """Format the rows of :func:`canigatti.report.comparison.compare` as text, without their split."""
    counts = {"Only first correct": "only_first_correct", "Only second correct": "only_second_correct"}
    better = comparison[[f"probability_first_better{end}" for end in ("", "_low", "_high")]].to_numpy(float)
    texts = {
        "First": comparison["first"],
        "Second": comparison["second"],
        "Photos": comparison["n"].map("{:,}".format),
        "Difference (95% interval)": [in_points(*row) for row in comparison[_DIFFERENCE].to_numpy(float)],
        "Error from photos": comparison["standard_error_photos"].map(_points),
        "Error from seeds": comparison["standard_error_seeds"].map(_points),
        "Loss difference (95% interval)": [
            "{} ({} to {})".format(*(signed(value, 3) for value in row))
            for row in comparison[_LOSS_DIFFERENCE].to_numpy(float)
        ],
        "First better in a new run": [
            percent_with_interval(row[0], None if pd.isna(row[0]) else tuple(row[1:])) for row in better
        ],
        **{heading: comparison[column].map(_count_or_absent) for heading, column in counts.items()},
        "p": comparison["p"].map(p_value),
        "p (Holm)": comparison["p_holm"].map(p_value),
        "Significant": comparison["significant"].map({True: "yes", False: "no"}),
    }
    if (comparison["seeds"] == 1).all():
        del texts["Error from seeds"]
    else:
        texts = {heading: column for heading, column in texts.items() if heading not in counts}
    if comparison["probability_first_better"].isna().all():
        del texts["First better in a new run"]
    return pd.DataFrame(texts)


def _points(fraction: float) -> str:
    return f"{100 * fraction:.2f}"


def _count_or_absent(count: object) -> str:
    return ABSENT if pd.isna(count) else f"{count:,}"
