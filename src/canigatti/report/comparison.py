"""Pairwise comparison of the networks of each split on the same test photos."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from canigatti.report.evidence import Network, Pair, require_same_photos
from canigatti.report.intervals import mid_p, superiority
from canigatti.report.multireader import difference
from canigatti.report.records import COMPARISON

SIGNIFICANCE = 0.05


def compare(networks: Sequence[Network]) -> pd.DataFrame:
    """Compare all pairs of networks within each split; networks of different splits are never compared.

    Return one row per pair, see :data:`canigatti.report.records.COMPARISON`. `first` is the more accurate network and
    `n` the number of test photos. `difference` is the difference of the accuracies, with the limits of its 95% interval
    and the p-value of :func:`canigatti.report.multireader.difference`; `standard_error_photos` and
    `standard_error_seeds` are the roots of the two parts of its variance. `loss_difference` is the difference of the
    cross-entropies (first minus second, in nats), in the same way, of the seeds that did not diverge.
    `probability_first_better` is :func:`canigatti.report.intervals.superiority`, from five seeds on.

    If both networks have one seed, the row is about these two trained networks: `p` is McNemar's mid-p-value, see
    :func:`canigatti.report.intervals.mid_p`, and `only_first_correct` and `only_second_correct` count photos.

    `p_holm` is corrected for the number of pairs within the split (Holm 1979). Networks with a random initialization
    are not part of this correction, and have no `p_holm`. `significant` is true if `p_holm` is below 0.05.

    Raises:
        InputError: two networks of a split were tested on different photos.
    """
    splits = dict.fromkeys(network.split for network in networks)
    by_split = [_compare_within([network for network in networks if network.split == split]) for split in splits]
    return COMPARISON.frame([row for rows in by_split for row in rows])


def beaten(comparison: pd.DataFrame, names: Sequence[str]) -> set[str]:
    """Return the networks than which another one of these is significantly more accurate, within a split.

    Args:
        comparison: see :func:`compare`.
        names: of the networks that compete.
    """
    among = comparison["first"].isin(names) & comparison["second"].isin(names) & comparison["significant"]
    return set(comparison.loc[among, "second"])


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Return p-values corrected for their number (Holm 1979)."""
    from statsmodels.stats.multitest import multipletests

    return multipletests(p_values, alpha=SIGNIFICANCE, method="holm")[1] if len(p_values) else np.empty(0)


def _compare_within(networks: Sequence[Network]) -> list[dict[str, Any]]:
    pairs = list(combinations(networks, 2))
    rows = [_compare_two(pair) for pair in pairs]
    tested = [not (first.random_initialization or second.random_initialization) for first, second in pairs]
    corrected = iter(holm([row["p"] for row, is_tested in zip(rows, tested, strict=True) if is_tested]))
    for row, is_tested in zip(rows, tested, strict=True):
        row["p_holm"] = float(next(corrected)) if is_tested else None
        row["significant"] = is_tested and row["p_holm"] < SIGNIFICANCE
    return rows


def _compare_two(pair: Pair) -> dict[str, Any]:
    first, second = sorted(pair, key=lambda network: -network.accuracy)  # ties keep the order of the study
    require_same_photos(f"{second.name}/seed{second.correct.columns[0]}", second.correct.index, first.correct.index)
    groups, correct, others = first.groups.to_numpy(), first.correct.to_numpy(), second.correct.to_numpy()
    accuracies = difference(correct, others, groups)
    losses = difference(first.losses.to_numpy(), second.losses.to_numpy(), groups).interval
    better = superiority(correct.mean(axis=0), others.mean(axis=0))
    row = {
        "split": first.split,
        "first": first.name,
        "second": second.name,
        "n": len(first.correct),
        "seeds": min(first.seeds, second.seeds),
        "accuracy_first": first.accuracy,
        "accuracy_second": second.accuracy,
        "difference": accuracies.interval.estimate,
        "difference_low": max(-1.0, accuracies.interval.low),
        "difference_high": min(1.0, accuracies.interval.high),
        "standard_error_photos": float(np.sqrt(accuracies.photo_variance)),
        "standard_error_seeds": float(np.sqrt(accuracies.seed_variance)),
        "loss_difference": losses.estimate,
        "loss_difference_low": losses.low,
        "loss_difference_high": losses.high,
        "probability_first_better": better.estimate if better else None,
        "probability_first_better_low": better.low if better else None,
        "probability_first_better_high": better.high if better else None,
        "only_first_correct": None,
        "only_second_correct": None,
        "p": accuracies.p,
    }
    return row | (_trained_networks(correct, others, groups) if first.seeds == second.seeds == 1 else {})


def _trained_networks(first: np.ndarray, second: np.ndarray, groups: np.ndarray) -> dict[str, Any]:
    signs = first[:, 0].astype(int) - second[:, 0].astype(int)
    return {
        "only_first_correct": int((signs > 0).sum()),
        "only_second_correct": int((signs < 0).sum()),
        "p": mid_p(signs, groups),
    }
