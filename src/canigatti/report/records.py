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
        **{"split": str, "first": str, "second": str, "n": int, "seeds": int},
        **{"accuracy_first": float, "accuracy_second": float},
        **{"difference": float, "difference_low": float, "difference_high": float},
        **{"standard_error_photos": float, "standard_error_seeds": float},
        **{"loss_difference": float, "loss_difference_low": float, "loss_difference_high": float},
        **{"probability_first_better": float, "probability_first_better_low": float},
        "probability_first_better_high": float,
        **{"only_first_correct": "Int64", "only_second_correct": "Int64"},
        **{"p": float, "p_holm": float, "significant": bool},
    }
)

# `report/tables/robustness.csv`: one row per experiment, corruption and severity, see
# `canigatti.report.robustness.robustness_table`.
ROBUSTNESS = Table(
    {
        **{"experiment": str, "split": str, "corruption": str, "severity": int, "level": float},
        **{"n": int, "seeds": int, "accuracy": float, "unchanged": float},
        **{"difference": float, "difference_low": float, "difference_high": float, "shown": bool},
    }
)

# `report/tables/derived.csv`: one row per ensemble or test-time augmentation, see
# `canigatti.report.derived.derived_table`.
DERIVED = Table(
    {
        **{"kind": str, "experiment": str, "members": str, "split": str, "n": int, "seeds": int},
        **{"accuracy": float, "accuracy_low": float, "accuracy_high": float, "loss": float, "compared_with": str},
        **{"difference": float, "difference_low": float, "difference_high": float, "shown": bool},
        **{"milliseconds_per_photo": float, "training_seconds": float},
    }
)

# `report/tables/learning-curve.csv`: one row per fraction of the training set, and the range for twice the photos, see
# `canigatti.report.learning_curve.learning_curve`.
LEARNING_CURVE = Table(
    {
        **{"experiment": str, "fraction": float, "photos": int, "seeds": int, "diverged": int, "n": int},
        **{"accuracy": float, "accuracy_low": float, "accuracy_high": float, "measured": bool},
    }
)

# `report/tables/power.csv`: one row per split, see `canigatti.report.power.power_table`.
POWER = Table(
    {
        **{"split": str, "n": int, "seeds": int, "measured": bool, "accuracy": float, "disagreement": float},
        **{"seed_disagreement": float, "seed_std": float, "smallest_difference": float},
        **{"difference": float, "photos_needed": "Int64", "seeds_needed": "Int64"},
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
    optional={"gave_up": int},
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
