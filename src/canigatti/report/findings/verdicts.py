"""Claims, findings, and the verdict that follows from intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from canigatti.report.intervals import Interval
from canigatti.report.records import FINDINGS

SUPPORTED, CONTRADICTED, UNDECIDED = "supported", "contradicted", "inconclusive"


@dataclass(frozen=True)
class Claim:
    """A conclusion of the original study, and the rule by which it is tested.

    Attributes:
        text: the conclusion.
        original: the metrics that the original study reports for it.
        rule: when it is supported and when it is contradicted; otherwise it is inconclusive.
    """

    text: str
    original: str
    rule: str


@dataclass(frozen=True)
class Finding:
    """The result of testing a claim.

    Attributes:
        verdict: `SUPPORTED`, `CONTRADICTED` or `UNDECIDED`.
        result: the numbers of this study, or the reason why there are none.
        basis: one line per comparison that the numbers are based on.
        interval: the measured interval, if a single interval decides.
    """

    claim: Claim
    verdict: str
    result: str
    basis: tuple[str, ...] = ()
    interval: Interval | None = None

    @property
    def is_tested(self) -> bool:
        """Whether the study has experiments that can test the claim."""
        return bool(self.basis) or self.verdict != UNDECIDED


def undecided(claim: Claim, reason: str, basis: tuple[str, ...] = ()) -> Finding:
    """Return the finding for a claim that the experiments of the study cannot decide."""
    return Finding(claim, UNDECIDED, reason, basis)


def verdict(
    intervals: Sequence[Interval], neutral: float = 0.0, contradicting: Sequence[Interval] | None = None
) -> str:
    """Return `SUPPORTED` if all intervals are above the neutral value, `CONTRADICTED` if one is below it.

    Args:
        intervals: one per comparison.
        neutral: the value without an effect.
        contradicting: wider intervals that decide whether one is below, corrected for their number; None for the same.
    """
    if all(interval.low > neutral for interval in intervals):
        return SUPPORTED
    return CONTRADICTED if any(one.high < neutral for one in contradicting or intervals) else UNDECIDED


def findings_table(findings: Sequence[Finding]) -> pd.DataFrame:
    """Return one row per finding, see :data:`canigatti.report.records.FINDINGS`.

    `estimate`, `low` and `high` are missing unless a single interval decides. They are in the unit of `result`, except
    that differences of accuracies are -1 to 1.
    """
    rows = [
        {
            "claim": finding.claim.text,
            "verdict": finding.verdict,
            "result": finding.result,
            "original": finding.claim.original,
            "estimate": finding.interval.estimate if finding.interval else None,
            "low": finding.interval.low if finding.interval else None,
            "high": finding.interval.high if finding.interval else None,
            "rule": finding.claim.rule,
            "basis": "; ".join(finding.basis),
        }
        for finding in findings
    ]
    return FINDINGS.frame(rows)
