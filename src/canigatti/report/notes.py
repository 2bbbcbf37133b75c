"""Texts that explain how networks are compared."""

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


def comparison_note(grouped: bool) -> str:
    """Return the text that explains the comparison of pairs.

    Args:
        grouped: whether test photos belong to the same group.
    """
    methods = (
        "Student's t over groups of photos. p: exact sign-flip test over groups, which is McNemar's test if no photos "
        "belong together."
        if grouped
        else "the paired bootstrap. p: exact McNemar test."
    )
    return (
        "Both networks of a pair were evaluated on the same test photos. The first has the higher accuracy, or the "
        "same. Difference: accuracy of the first minus accuracy of the second in percentage points, with the 95% "
        f"interval of {methods} p (Holm): corrected for the number of pairs within the split. "
        "Significant: p (Holm) < 0.05. With several seeds, the difference is the difference of the mean accuracies; "
        "the two counts and the test use the first seed that both experiments have."
    ) + _if_grouped(grouped)


def findings_note(grouped: bool) -> str:
    """Return the text that explains the findings; `grouped` as for :func:`comparison_note`."""
    return _FINDINGS_NOTE + _if_grouped(grouped)


def _if_grouped(grouped: bool) -> str:
    return f" {_GROUPED_NOTE}" * grouped
