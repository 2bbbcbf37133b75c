"""Texts that explain the tables, and how networks are compared."""

import pandas as pd

from canigatti.report.ranking import ACCURACY, Ranking
from canigatti.report.tables import BEST, OVERLAPS_BEST

MARKS = {BEST: "★", OVERLAPS_BEST: "≈"}
RANDOM_INITIALIZATION = "random initialization"
RANDOM_INITIALIZATION_NOTE = (
    "Random initialization: the pretrained weights could not be downloaded, so the network started from random "
    "weights. Its metrics are not meaningful for pretrained networks."
)
DIVERGED = "diverged"
DIVERGED_NOTE = (
    "Diverged: a loss became infinite or NaN, so the network has no accuracy and is not ranked. "
    "A lower learning rate may help."
)
ABSENT = "–"
_INTERVAL = "The 95% interval (Wilson) describes the uncertainty due to the limited number of test photos."
_GROUPED_NOTE = (
    "Some test photos belong to the same group: near duplicates, or groups that the study configures. They are not "
    "independent, so the units of intervals and tests are groups. The interval of an accuracy is that of Wilson for "
    "the effective number of photos."
)
_FINDINGS_NOTE = (
    "The two networks of a pair differ only in the setting that the claim is about. Their accuracies are compared on "
    "the photos that are in both test sets; with several seeds, they are means over seeds. The 95% intervals of "
    "accuracies describe the variation due to the choice of test photos, not the variation due to the training seed."
)


def table_notes(table: pd.DataFrame, ranking: Ranking = ACCURACY) -> list[str]:
    """Return sentences that explain a table of experiments.

    Args:
        table: see :func:`canigatti.report.tables.study_table`.
        ranking: the metric that ranks.
    """
    sentences = [
        _standing_note(ranking),
        "MB is the size of the weights at four bytes each, in MiB. Loss is the cross-entropy on the test "
        "photos. Training is the time from the start of the job to the saved model. "
        "ms/photo is the prediction time for a decoded photo, measured in batches.",
    ]
    seeds = int(table["seeds"].max())
    if seeds > 1:
        sentences.append(
            f"Each experiment ran with {seeds} seeds: values are means over seeds, ± is the standard deviation over "
            "seeds, and the limits of the interval are means over seeds too."
        )
    if table["random_initialization"].any():
        sentences.append(RANDOM_INITIALIZATION_NOTE)
    if table["diverged"].any():
        sentences.append(DIVERGED_NOTE)
    if (table[ranking.metric].isna() & table["accuracy"].notna()).any():
        sentences.append(f"{ABSENT} no {ranking.name}: it is undefined if a class has no test photo.")
    if "original_accuracy" in table:
        sentences.append(
            f"Original: the study of 2023, on a laptop with a GTX 1070; {ABSENT} means that it does not report this."
        )
    return sentences


def _standing_note(ranking: Ranking) -> str:
    if ranking.is_accuracy:
        return (
            f"{MARKS[BEST]} best accuracy. {MARKS[OVERLAPS_BEST]} the interval overlaps that of the best accuracy; "
            f"this is not a significance test, see the comparison of pairs. {_INTERVAL}"
        )
    return f"{MARKS[BEST]} best {ranking.name}. {ranking.explanation} {untested_note(ranking)} {_INTERVAL}"


def untested_note(ranking: Ranking) -> str:
    """Return sentences on the certainty of ranks by another metric than accuracy: there is none."""
    return (
        f"Ranks by {ranking.name} come without intervals and tests: a small difference may be chance. The intervals "
        "and tests of this report are of accuracy."
    )


def comparison_note(grouped: bool, ranking: Ranking = ACCURACY) -> str:
    """Return the text that explains the comparison of pairs.

    Args:
        grouped: whether test photos belong to the same group.
        ranking: the metric that ranks.
    """
    methods = (
        "Student's t over groups of photos. p: exact sign-flip test over groups, which is McNemar's test if no photos "
        "belong together."
        if grouped
        else "the paired bootstrap. p: exact McNemar test."
    )
    return (
        (
            "Both networks of a pair were evaluated on the same test photos. The first has the higher accuracy, or the "
            "same. Difference: accuracy of the first minus accuracy of the second in percentage points, with the 95% "
            f"interval of {methods} p (Holm): corrected for the number of pairs within the split. "
            "Significant: p (Holm) < 0.05. With several seeds, the difference is the difference of the mean "
            "accuracies; the two counts and the test use the first seed that both experiments have."
        )
        + _if_grouped(grouped)
        + ("" if ranking.is_accuracy else f" {untested_note(ranking)}")
    )


def findings_note(grouped: bool) -> str:
    """Return the text that explains the findings; `grouped` as for :func:`comparison_note`."""
    return _FINDINGS_NOTE + _if_grouped(grouped)


def _if_grouped(grouped: bool) -> str:
    return f" {_GROUPED_NOTE}" * grouped
