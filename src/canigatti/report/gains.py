"""Gains in accuracy from a change of a setting, over pairs of networks that differ in it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from canigatti.report.evidence import Pair
from canigatti.report.intervals import Interval
from canigatti.report.multireader import difference, mean_over_pairs


def mean_gain(pairs: Sequence[Pair]) -> Interval:
    """Return the mean over pairs of the gain in accuracy, -1 to 1, with its 95% interval.

    Several pairs are the units of the interval, see :func:`canigatti.report.multireader.mean_over_pairs`; the interval
    of a single one is that of its photos and seeds.
    """
    if len(pairs) == 1:
        return gain(pairs[0])
    differences = paired_differences(pairs)
    groups = pd.concat([network.groups for pair in pairs for network in pair])
    groups = groups[~groups.index.duplicated()].reindex(differences.index)
    return mean_over_pairs(differences.to_numpy(), groups.to_numpy())


def gain(pair: Pair, level: float = 0.95) -> Interval:
    """Return the accuracy of the second network minus that of the first on the photos that are in both test sets.

    Args:
        pair: the networks; at least one photo is in both test sets.
        level: of the interval, 0 to 1.
    """
    before, after = pair
    common = before.correct.index[before.correct.index.isin(after.correct.index)]
    first, second = (network.correct.loc[common].to_numpy() for network in (after, before))
    return difference(first, second, before.groups.loc[common].to_numpy(), level).interval


def paired_differences(pairs: Sequence[Pair]) -> pd.DataFrame:
    """Return the correct fraction of the second network minus that of the first, for each photo and pair.

    Returns:
        One row per photo id, one column per pair, -1 to 1; NaN if the photo is not in the test set of both networks.
    """
    columns = {number: after.correct_fraction - before.correct_fraction for number, (before, after) in enumerate(pairs)}
    return pd.DataFrame(columns).dropna(how="all").astype(np.float64)
