"""Every pair of networks of a split, compared on the same test photos."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pandas as pd

from canigatti.report.evidence import Network, Pair, differences, refuse_other_photos
from canigatti.report.intervals import mean_difference

SIGNIFICANCE = 0.05
COLUMNS = (
    *("split", "first", "second", "n", "accuracy_first", "accuracy_second"),
    *("difference", "difference_low", "difference_high", "only_first_right", "only_second_right"),
    *("p", "p_holm", "clear"),
)


def compare(networks: Sequence[Network]) -> pd.DataFrame:
    """All pairs within each split; networks that were tested on different parts are never compared.

    Columns: split; first and second, the more accurate first; n (test photos); accuracy_first, accuracy_second;
    difference, difference_low, difference_high (of the accuracies, and the ends of its paired-bootstrap 95% interval);
    only_first_right, only_second_right (photos); p of the exact McNemar test (McNemar 1947); p_holm, corrected for the
    number of pairs within the split (Holm 1979); clear, whether p_holm is below 0.05.

    With several seeds the accuracies are means over seeds; the difference and its interval come from the share of
    seeds that told each photo rightly. McNemar's test and its two counts are about two trained networks, not about
    averages: they are those of the first seed that both have.

    Raises:
        InputError: two networks of a split were tested on different photos.
    """
    splits = dict.fromkeys(network.split for network in networks)
    rows = [_compare_within([network for network in networks if network.split == split]) for split in splits]
    return pd.DataFrame([row for of_split in rows for row in of_split], columns=COLUMNS)


def _compare_within(networks: Sequence[Network]) -> list[dict[str, Any]]:
    from statsmodels.stats.multitest import multipletests

    rows = [_compare_two(pair) for pair in combinations(networks, 2)]
    if not rows:
        return []
    corrected = multipletests([row["p"] for row in rows], alpha=SIGNIFICANCE, method="holm")[1]
    return [{**row, "p_holm": p, "clear": p < SIGNIFICANCE} for row, p in zip(rows, corrected, strict=True)]


def _compare_two(pair: Pair) -> dict[str, Any]:
    from statsmodels.stats.contingency_tables import mcnemar

    first, second = sorted(pair, key=lambda network: -network.accuracy)  # equal ones stay in the study's order
    refuse_other_photos(f"{second.name}/seed{second.right.columns[0]}", second.right.index, first.right.index)
    interval = mean_difference(differences([(second, first)]).to_numpy())
    of_first, of_second = _of_one_seed(first, second)
    counts = pd.crosstab(of_first, of_second).reindex(index=[True, False], columns=[True, False], fill_value=0)
    return {
        "split": first.split,
        "first": first.name,
        "second": second.name,
        "n": len(first.right),
        "accuracy_first": first.accuracy,
        "accuracy_second": second.accuracy,
        "difference": interval.estimate,
        "difference_low": interval.low,
        "difference_high": interval.high,
        "only_first_right": int(counts.loc[True, False]),
        "only_second_right": int(counts.loc[False, True]),
        "p": float(mcnemar(counts, exact=True).pvalue),
    }


def _of_one_seed(first: Network, second: Network) -> tuple[pd.Series, pd.Series]:
    """Two trained networks: of the first seed in common, or of each one's first where diverged trainings leave none."""
    common = [seed for seed in first.right if seed in second.right]
    seeds = (common[0], common[0]) if common else (first.right.columns[0], second.right.columns[0])
    return first.right[seeds[0]], second.right[seeds[1]]
