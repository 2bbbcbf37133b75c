"""The accuracy of each network on corrupted test photos, compared with that on the unchanged ones."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from canigatti.evaluation.corruptions import LEVELS
from canigatti.evaluation.severities import CORRUPTIONS, SEVERITIES, corrupted_column
from canigatti.report.further import Key
from canigatti.report.multireader import mean_over_pairs
from canigatti.report.records import ROBUSTNESS
from canigatti.report.results import Run
from canigatti.report.texts import enumerate_words, in_points

_COMPARISONS = len(CORRUPTIONS) * len(SEVERITIES)  # of an experiment, among which the text chooses


def robustness_table(runs: Sequence[Run], corrupted: dict[Key, pd.DataFrame], groups: pd.Series) -> pd.DataFrame:
    """Return one row per experiment, corruption and severity, see :data:`canigatti.report.records.ROBUSTNESS`.

    `difference` is the accuracy on corrupted photos minus that on the unchanged ones (`unchanged`), means over the
    seeds that did not diverge; its 95% interval is that of :func:`canigatti.report.multireader.mean_over_pairs` of the
    difference of each photo and seed. `shown` is true if an interval with Bonferroni's correction for the corruptions
    and severities of an experiment excludes 0.

    Args:
        runs: of the study.
        corrupted: see :class:`canigatti.report.further.FurtherResults`.
        groups: the group of each photo, by photo id.
    """
    rows = []
    for name in dict.fromkeys(run.experiment for run in runs):
        chosen = [run for run in runs if run.experiment == name and not run.diverged]
        if chosen and (name, chosen[0].seed) in corrupted:
            rows += _rows(chosen, corrupted, groups)
    return ROBUSTNESS.frame(rows)


def _rows(runs: Sequence[Run], corrupted: dict[Key, pd.DataFrame], groups: pd.Series) -> list[dict[str, Any]]:
    ids, first = runs[0].predictions.ids, runs[0]
    unchanged = np.column_stack([run.predictions.correct for run in runs]).astype(float)
    photos = [corrupted[run.experiment, run.seed].set_index("id").loc[ids] for run in runs]
    of_photos, rows = groups.loc[ids].to_numpy(), []
    for corruption in CORRUPTIONS:
        for severity in SEVERITIES:
            column = corrupted_column(corruption, severity)
            changed = np.column_stack([one[column] == one["label"] for one in photos]).astype(float)
            interval = mean_over_pairs(changed - unchanged, of_photos)
            strict = mean_over_pairs(changed - unchanged, of_photos, level=1 - 0.05 / _COMPARISONS)
            rows.append(
                {
                    "experiment": first.experiment,
                    "split": first.training.spec.split,
                    "corruption": corruption,
                    "severity": severity,
                    "level": LEVELS[corruption][SEVERITIES.index(severity)],
                    "n": len(ids),
                    "seeds": len(runs),
                    "accuracy": changed.mean(),
                    "unchanged": unchanged.mean(),
                    "difference": interval.estimate,
                    "difference_low": interval.low,
                    "difference_high": interval.high,
                    "shown": strict.high < 0 or strict.low > 0,
                }
            )
    return rows


def robustness_sentence(rows: pd.DataFrame) -> str:
    """Return what the corrupted photos show about one experiment.

    Only falls are stated whose interval excludes 0 after correction for their number, the deepest one with its
    interval.

    Args:
        rows: of one experiment, see :func:`robustness_table`.
    """
    lowered = rows[rows["shown"] & (rows["difference"] < 0)]
    first = rows.iloc[0]
    subject = f"{first['experiment']} ({'one trained network' if first['seeds'] == 1 else _seeds(first['seeds'])})"
    if lowered.empty:
        return f"{subject}: none of these changes is shown to lower the accuracy of {first['unchanged']:.1%}."
    worst = lowered.loc[lowered["difference"].idxmin()]
    falls = [
        f"{name} ({_severities(lowered.loc[lowered['corruption'] == name, 'severity'].tolist())})"
        for name in CORRUPTIONS
        if name in set(lowered["corruption"])
    ]
    unshown = [name for name in CORRUPTIONS if name not in set(lowered["corruption"])]
    rest = f" No fall is shown for {enumerate_words(unshown)}." if unshown else ""
    points = in_points(worst["difference"], worst["difference_low"], worst["difference_high"])
    return (
        f"{subject}: the deepest fall that is shown is that with {worst['corruption']} of severity "
        f"{worst['severity']}, {points}. The accuracy of {first['unchanged']:.1%} falls with "
        f"{enumerate_words(falls)}.{rest}"
    )


def _severities(found: Sequence[int]) -> str:
    return f"{'severity' if len(found) == 1 else 'severities'} {enumerate_words([str(one) for one in sorted(found)])}"


def _seeds(count: int) -> str:
    return f"mean over {count} seeds"
