"""What the study can show: the smallest difference between two networks, and what smaller ones need."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from canigatti.evaluation.power import (
    Assumptions,
    assume,
    concentration_of,
    photos_needed,
    seeds_needed,
    smallest_difference,
)
from canigatti.report.evidence import Network
from canigatti.report.records import POWER

_DIFFERENCE = 0.01  # for which the numbers of photos and seeds are in the table
_LIMITS = (0.5, 0.995)  # of the accuracy for which values that are not measured are assumed


def power_table(networks: Sequence[Network], seeds: int) -> pd.DataFrame:
    """Return one row per split, see :data:`canigatti.report.records.POWER`.

    Networks with a random initialization are left out: their accuracy is not that of networks to compare.

    Args:
        networks: of the study.
        seeds: that each experiment is trained with.
    """
    rows, networks = [], [network for network in networks if not network.random_initialization]
    for split in dict.fromkeys(network.split for network in networks):
        members = [network for network in networks if network.split == split]
        assumptions, photos = measured_assumptions(members), members[0].groups.nunique()
        rows.append(
            {
                "split": split,
                "n": photos,
                "seeds": seeds,
                "measured": assumptions.is_measured,
                "accuracy": assumptions.accuracy,
                "disagreement": assumptions.disagreement,
                "seed_disagreement": assumptions.seed_disagreement,
                "seed_std": assumptions.seed_std,
                "smallest_difference": smallest_difference(photos, seeds, assumptions),
                "difference": _DIFFERENCE,
                "photos_needed": photos_needed(_DIFFERENCE, seeds, assumptions),
                "seeds_needed": seeds_needed(_DIFFERENCE, photos, assumptions),
            }
        )
    return POWER.frame(rows)


def measured_assumptions(networks: Sequence[Network]) -> Assumptions:
    """Return what the power depends on, measured on the networks of a split.

    `disagreement` is the mean over pairs of experiments and of their seeds, `seed_disagreement` and the variance over
    seeds are means over experiments with several seeds; what the photos contribute to the variance over seeds is
    subtracted. What cannot be measured, because there is one seed or one experiment, is assumed as before the first
    training, see :func:`canigatti.evaluation.power.assume`.

    Args:
        networks: of one split, tested on the same photos.
    """
    accuracy = float(np.mean([network.accuracy for network in networks]))
    assumed = assume(min(max(accuracy, _LIMITS[0]), _LIMITS[1]))
    correct = [network.correct.to_numpy(float) for network in networks]
    several = [one for one in correct if one.shape[1] > 1]
    seed_disagreement, seed_std = assumed.seed_disagreement, assumed.seed_std
    if several:
        photos = len(several[0])
        residuals = [float(one.var(axis=1, ddof=1).mean()) for one in several]
        spreads = [float(one.mean(axis=0).var(ddof=1)) for one in several]
        seed_disagreement = 2 * float(np.mean(residuals))
        seed_std = float(max(0.0, float(np.mean(spreads) - np.mean(residuals) / photos)) ** 0.5)
    disagreement = assumed.disagreement
    if len(networks) > 1:
        pairs = [_disagreement(first, second, seed_disagreement) for first, second in combinations(correct, 2)]
        disagreement = float(np.mean(pairs))
    disagreement = max(disagreement, seed_disagreement, 1 / len(correct[0]))
    is_measured = len(networks) > 1 and (bool(several) or all(network.seeds == 1 for network in networks))
    return Assumptions(accuracy, disagreement, seed_disagreement, seed_std, is_measured)


def _disagreement(first: np.ndarray, second: np.ndarray, seed_disagreement: float) -> float:
    """Return how often exactly one network would be correct if both were equally accurate, mean over pairs of seeds."""
    p, q = first.mean(axis=1), second.mean(axis=1)
    difference = abs(float(p.mean() - q.mean()))
    surplus = concentration_of(difference, seed_disagreement) * difference**2 if difference else 0.0
    return float((p * (1 - q) + q * (1 - p)).mean()) - surplus


def assumptions_of(row: pd.Series) -> Assumptions:
    """Return the assumptions in a row of :func:`power_table`."""
    return Assumptions(
        accuracy=row["accuracy"],
        disagreement=row["disagreement"],
        seed_disagreement=row["seed_disagreement"],
        seed_std=row["seed_std"],
        is_measured=row["measured"],
    )
