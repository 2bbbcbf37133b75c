"""What a finding is, and how a verdict comes from an interval."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from canigatti.report.intervals import Interval

SUPPORTED, CONTRADICTED, UNDECIDED = "supported", "contradicted", "not decided by these data"


@dataclass(frozen=True)
class Claim:
    """What the original study concludes, and how it is tested here.

    Attributes:
        text: the conclusion.
        original: the figures that the original gives for it.
        rule: what supports it and what contradicts it; anything else leaves it undecided.
    """

    text: str
    original: str
    rule: str


@dataclass(frozen=True)
class Finding:
    """A claim, tested.

    Attributes:
        verdict: `SUPPORTED`, `CONTRADICTED` or `UNDECIDED`.
        ours: this study's numbers, or why there are none.
        basis: a line for each comparison that the numbers rest on.
        interval: what was measured, where one interval decides.
    """

    claim: Claim
    verdict: str
    ours: str
    basis: tuple[str, ...] = ()
    interval: Interval | None = None

    @property
    def is_tested(self) -> bool:
        """Whether the study has experiments that the claim is about."""
        return bool(self.basis) or self.verdict != UNDECIDED


def undecided(claim: Claim, reason: str, basis: tuple[str, ...] = ()) -> Finding:
    """A claim that the study's experiments cannot test."""
    return Finding(claim, UNDECIDED, reason, basis)


def verdict(intervals: Sequence[Interval], neutral: float = 0.0) -> str:
    """Supported when every interval lies above the neutral value, contradicted when one lies below it."""
    if all(interval.low > neutral for interval in intervals):
        return SUPPORTED
    return CONTRADICTED if any(interval.high < neutral for interval in intervals) else UNDECIDED


def findings_table(findings: Sequence[Finding]) -> pd.DataFrame:
    """A row a finding: claim, verdict, ours, original, rule, basis, and where one interval decides its numbers.

    These are estimate, low and high, in the unit that `ours` names; differences of accuracies from -1 to 1.
    """
    return pd.DataFrame(
        {
            "claim": finding.claim.text,
            "verdict": finding.verdict,
            "ours": finding.ours,
            "original": finding.claim.original,
            "estimate": finding.interval.estimate if finding.interval else None,
            "low": finding.interval.low if finding.interval else None,
            "high": finding.interval.high if finding.interval else None,
            "rule": finding.claim.rule,
            "basis": "; ".join(finding.basis),
        }
        for finding in findings
    )
