"""Pairwise comparison of the networks of each split on the same test photos."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pandas as pd

from canigatti.report.evidence import Network, Pair, mean_gain, require_same_photos
from canigatti.report.intervals import sign_flip_test
from canigatti.report.records import COMPARISON

SIGNIFICANCE = 0.05


def compare(networks: Sequence[Network]) -> pd.DataFrame:
    """Compare all pairs of networks within each split; networks of different splits are never compared.

    Return one row per pair, see :data:`canigatti.report.records.COMPARISON`. `first` is the more accurate network and
    `n` the number of test photos. `difference` is the difference of the accuracies; `difference_low` and
    `difference_high` are the limits of its 95% interval: of the paired bootstrap, or of
    :func:`canigatti.report.intervals.grouped_mean_difference` if two test photos are in the same group.
    `only_first_correct` and `only_second_correct` count photos. `p` is the p-value of the exact McNemar test (McNemar
    1947), or of :func:`canigatti.report.intervals.sign_flip_test` for such groups. `p_holm` is corrected for the number
    of pairs within the split (Holm 1979). `significant` is true if `p_holm` is below 0.05.

    With several seeds, the accuracies are means over seeds, and the difference and its interval are computed from the
    fraction of seeds that classify each photo correctly. McNemar's test compares two trained networks, not averages:
    the test and its two counts use the first seed that both experiments have.

    Raises:
        InputError: two networks of a split were tested on different photos.
    """
    splits = dict.fromkeys(network.split for network in networks)
    by_split = [_compare_within([network for network in networks if network.split == split]) for split in splits]
    return COMPARISON.frame([row for rows in by_split for row in rows])


def _compare_within(networks: Sequence[Network]) -> list[dict[str, Any]]:
    from statsmodels.stats.multitest import multipletests

    rows = [_compare_two(pair) for pair in combinations(networks, 2)]
    if not rows:
        return []
    corrected = multipletests([row["p"] for row in rows], alpha=SIGNIFICANCE, method="holm")[1]
    return [{**row, "p_holm": p, "significant": p < SIGNIFICANCE} for row, p in zip(rows, corrected, strict=True)]


def _compare_two(pair: Pair) -> dict[str, Any]:
    first, second = sorted(pair, key=lambda network: -network.accuracy)  # ties keep the order of the study
    require_same_photos(f"{second.name}/seed{second.correct.columns[0]}", second.correct.index, first.correct.index)
    interval = mean_gain([(second, first)])
    first_correct, second_correct = _select_seed(first, second)
    counts = _cross_tabulate(first_correct, second_correct)
    return {
        "split": first.split,
        "first": first.name,
        "second": second.name,
        "n": len(first.correct),
        "accuracy_first": first.accuracy,
        "accuracy_second": second.accuracy,
        "difference": interval.estimate,
        "difference_low": interval.low,
        "difference_high": interval.high,
        "only_first_correct": int(counts.loc[True, False]),
        "only_second_correct": int(counts.loc[False, True]),
        "p": _p_value(first_correct, second_correct, first.groups),
    }


def _p_value(first: pd.Series, second: pd.Series, groups: pd.Series) -> float:
    from statsmodels.stats.contingency_tables import mcnemar

    if groups.is_unique:
        return float(mcnemar(_cross_tabulate(first, second), exact=True).pvalue)
    return sign_flip_test(first.to_numpy().astype(int) - second.to_numpy().astype(int), groups.to_numpy())


def _cross_tabulate(first: pd.Series, second: pd.Series) -> pd.DataFrame:
    return pd.crosstab(first, second).reindex(index=[True, False], columns=[True, False], fill_value=0)


def _select_seed(first: Network, second: Network) -> tuple[pd.Series, pd.Series]:
    """Return the predictions of the first common seed, or of each network's first seed if they have none in common.

    Two networks have no common seed if each seed diverged for one of them.
    """
    common = [seed for seed in first.correct if seed in second.correct]
    seeds = (common[0], common[0]) if common else (first.correct.columns[0], second.correct.columns[0])
    return first.correct[seeds[0]], second.correct[seeds[1]]
