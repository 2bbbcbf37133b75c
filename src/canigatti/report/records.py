"""Files that the report writes, and the original study's metrics that it reads."""

from canigatti.records import Record, Table


class CheckedResults(Record):
    """`report/checked.json`: the evaluations whose results belong together and to the configuration.

    Attributes:
        evaluations: SHA-256 of each `evaluation.json`, which holds those of the other files, by path in the results.
    """

    evaluations: dict[str, str]


# `report/tables/comparison.csv`: one row per pair of networks, see `canigatti.report.comparison.compare`.
COMPARISON = Table(
    {
        **{"split": str, "first": str, "second": str, "n": int, "accuracy_first": float, "accuracy_second": float},
        **{"difference": float, "difference_low": float, "difference_high": float},
        **{"only_first_correct": int, "only_second_correct": int, "p": float, "p_holm": float, "significant": bool},
    }
)

# `report/tables/findings.csv`: one row per claim, see `canigatti.report.findings.verdicts.findings_table`.
FINDINGS = Table(
    {
        **{"claim": str, "verdict": str, "result": str, "original": str},
        **{"estimate": float, "low": float, "high": float, "rule": str, "basis": str},
    }
)

# `report/tables/<table>.csv`: one row per experiment, see `canigatti.report.tables.study_table`. Further columns are
# `best_epoch` and `epochs` (integers, or means over seeds), `<column>_std` and `original_<column>`.
EXPERIMENTS = Table(
    {
        **{"experiment": str, "split": str, "color": str, "augmented": bool, "seeds": int},
        **{"accuracy": float, "accuracy_low": float, "accuracy_high": float, "loss": float},
        **{"seconds_per_epoch": float, "parameters": int, "weight_mb": float, "n": int, "standing": str},
        **{"training_seconds": float, "milliseconds_per_photo": float},
        **{"random_initialization": bool, "diverged": int},
    },
    open_ended=True,
)

# `report/tables/calibration.csv`: one row per run, see `canigatti.report.calibration.calibration_table`.
CALIBRATION = Table(
    {
        **{"experiment": str, "seed": int, "validation_photos": int, "validation_groups": int, "test_photos": int},
        **{"temperature": float, "temperature_low": float, "temperature_high": float, "reason": str},
        **{f"{name}_{when}": float for name in ("log_loss", "brier") for when in ("before", "after")},
        **{"gain": float, "gain_low": float, "gain_high": float},
        **{
            f"{name}_{when}{suffix}": float
            for when in ("before", "after")
            for name, suffix in (
                *(("slope", ""), ("slope", "_low"), ("slope", "_high")),
                *(("squared_error", ""), ("squared_error", "_se")),
            )
        },
        "area": float,
        **{
            f"{name}_{percent}": float
            for percent in (5, 2, 1)  # see `canigatti.evaluation.abstention.MAX_ERRORS`
            for name in ("threshold", "answered", "wrong", "photos_needed")
        },
    }
)

# `original.csv`: one row per experiment of the full study. Metrics that the original does not report are missing.
ORIGINAL = Table(
    {
        **{"experiment": str, "accuracy": float, "loss": float, "best_epoch": "Int64", "epochs": "Int64"},
        **{"seconds_per_epoch": float, "weight_mb": float, "note": str},
    }
)
