"""Texts that explain the tables, and how networks are compared."""

import pandas as pd

from canigatti.report.ranking import ACCURACY, Ranking
from canigatti.report.tables import BEST, UNBEATEN

MARKS = {BEST: "★", UNBEATEN: "≈"}
STANDING_SO_FAR = f"{MARKS[BEST]} and {MARKS[UNBEATEN]} are among the experiments with a result so far."
RANDOM_INITIALIZATION = "random initialization"
RANDOM_INITIALIZATION_NOTE = (
    "Random initialization: the pretrained weights could not be downloaded, so the network started from random "
    "weights. Its metrics are not meaningful for pretrained networks."
)
DIVERGED = "diverged"
DIVERGED_NOTE = (
    "Diverged: a loss became infinite or NaN, so there is no network that could be used. A seed that diverged counts "
    "as always guessing the largest class; an experiment of which all seeds diverged has no accuracy and is not "
    "ranked. A lower learning rate may help."
)
GAVE_UP = "gave up"
GAVE_UP_NOTE = (
    "Gave up: the training ended after the epochs that early_stopping.give_up_after sets, because its validation "
    "accuracy was in none of them significantly higher than that of always guessing the largest class (binomial test, "
    "5%). The accuracy on the test set is that of the network at this point."
)
ABSENT = "–"
_ONE_SEED = (
    "Each network was trained once, so intervals and p-values are about these trained networks, not about the "
    "approaches: two seeds of one experiment may differ significantly too. Interval: Bonett and Price (2012); p: "
    "McNemar's mid-p test."
)
_SEVERAL_SEEDS = (
    "Intervals and p-values describe the variation due to the test photos and that due to the training seed "
    "(Obuchowski and Rockette 1995, Hillis 2007). Error from photos and error from seeds are the two parts of the "
    "standard error, in points: if the first is larger, more test photos would help most, otherwise more seeds."
)
_GROUPED_NOTE = (
    "Some test photos belong to the same group: near duplicates, or groups that the study configures. They are not "
    "independent, so the units of intervals and tests are groups."
)
_FINDINGS_NOTE = (
    "The two networks of a pair differ only in the setting that the claim is about. Their accuracies are compared on "
    "the photos that are in both test sets. The pairs are the units of the 95% intervals: a claim about a setting "
    "holds for other networks only if its pairs agree, and a single pair decides nothing about others."
)


def table_notes(table: pd.DataFrame, ranking: Ranking = ACCURACY) -> list[str]:
    """Return sentences that explain a table of experiments.

    Args:
        table: see :func:`canigatti.report.tables.study_table`.
        ranking: the metric that ranks.
    """
    sentences = [
        _standing_note(ranking),
        _interval_note(int(table["seeds"].max())),
        "MB is the size of the weights at four bytes each, in MiB. Loss is the cross-entropy on the test "
        "photos. Training is the time from the start of the job to the saved model. "
        "ms/photo is the prediction time for a decoded photo, measured in batches.",
    ]
    seeds = int(table["seeds"].max())
    if seeds > 1:
        sentences.append(
            f"Each experiment ran with {seeds} seeds: values are means over seeds, and ± is the standard deviation "
            "over seeds."
        )
    if table["random_initialization"].any():
        sentences.append(RANDOM_INITIALIZATION_NOTE)
    if table["diverged"].any():
        sentences.append(DIVERGED_NOTE)
    if "gave_up" in table:
        sentences.append(GAVE_UP_NOTE)
    undefined = table[ranking.metric].isna() | table["validation"].isna()
    if (undefined & table["accuracy"].notna()).any():
        sentences.append(f"{ABSENT} no {ranking.name}: it is undefined if a class has no photo in the set.")
    if "original_accuracy" in table:
        sentences.append(
            f"Original: the study of 2023, on a laptop with a GTX 1070; {ABSENT} means that it does not report this."
        )
    return sentences


def _standing_note(ranking: Ranking) -> str:
    chosen = (
        f"{MARKS[BEST]} best {ranking.name} on the validation set (column Validation). The test set has no part in "
        "this choice."
    )
    if ranking.is_accuracy:
        return (
            f"{chosen} {MARKS[UNBEATEN]} no experiment of the table with the same test set is significantly more "
            "accurate, see the comparison of pairs."
        )
    return f"{chosen} {ranking.explanation} {untested_note(ranking)}"


def _interval_note(seeds: int) -> str:
    if seeds == 1:
        return (
            "The 95% interval (Wilson) is about this trained network: it describes the variation due to the test "
            "photos. Another seed gives another network, and how much that matters cannot be seen from one."
        )
    return (
        "The 95% interval describes the variation due to the test photos and that due to the training seed: it is "
        "about what training again, with another seed, would give on other photos of this kind."
    )


def untested_note(ranking: Ranking) -> str:
    """Return sentences on the certainty of ranks by another metric than accuracy: there is none."""
    return (
        f"Ranks by {ranking.name} come without intervals and tests: a small difference may be chance. The intervals "
        "and tests of this report are of accuracy."
    )


def comparison_note(comparison: pd.DataFrame, grouped: bool, ranking: Ranking = ACCURACY) -> str:
    """Return the text that explains the comparison of pairs.

    Args:
        comparison: see :func:`canigatti.report.comparison.compare`.
        grouped: whether test photos belong to the same group.
        ranking: the metric that ranks.
    """
    sentences = [
        "Both networks of a pair were evaluated on the same test photos. The first has the higher accuracy, or the "
        "same. Difference: accuracy of the first minus accuracy of the second, in percentage points.",
        _ONE_SEED if (comparison["seeds"] == 1).all() else _SEVERAL_SEEDS,
        "Loss difference: cross-entropy of the first minus that of the second, lower is better.",
    ]
    if comparison["probability_first_better"].notna().any():
        sentences.append(
            "First better in a new run: the probability that a new training run of the first is more accurate on these "
            "test photos than one of the second (Newcombe 2006)."
        )
    sentences.append("p (Holm): corrected for the number of pairs within the split. Significant: p (Holm) < 0.05.")
    if comparison["p_holm"].isna().any():
        sentences.append(f"Pairs with a {RANDOM_INITIALIZATION} are not part of this correction.")
    sentences += [_GROUPED_NOTE] if grouped else []
    sentences += [] if ranking.is_accuracy else [untested_note(ranking)]
    return " ".join(sentences)


def findings_note(grouped: bool) -> str:
    """Return the text that explains the findings; `grouped` as for :func:`comparison_note`."""
    return _FINDINGS_NOTE + f" {_GROUPED_NOTE}" * grouped
