import pandas as pd
import pytest

from canigatti.files import InputError
from canigatti.search.records import TRIALS
from canigatti.search.selection import best_row, curves_of, read_trials, score_columns, tabulate


def test_a_row_has_the_hyper_parameters_the_mean_and_each_execution(execution):
    table = tabulate([execution(1, 2, 0.9, 8, seconds=3.0), execution(1, 1, 0.7, 5)])
    row = table.loc[0].to_dict()
    assert [*row][:4] == ["trial", "dense_units", "status", "score"]
    assert [*row][10:16:5] == ["execution_1_status", "execution_2_status"]
    assert pd.isna(row.pop("rung"))
    assert row == {
        "trial": 1,
        "dense_units": 10,
        "status": "completed",
        "score": pytest.approx(0.8),
        "best_step": 6,  # mean of 5 and 8, rounded down as in KerasTuner
        "epochs": 6,
        "ended": "completed",
        "seconds": 5.0,
        "error": None,
        "execution_1_status": "completed",
        "execution_1_score": 0.7,
        "execution_1_best_step": 5,
        "execution_1_seconds": 2.0,
        "execution_1_error": None,
        "execution_2_status": "completed",
        "execution_2_score": 0.9,
        "execution_2_best_step": 8,
        "execution_2_seconds": 3.0,
        "execution_2_error": None,
    }


def test_a_failed_execution_is_listed_and_not_part_of_the_mean(execution, tmp_path):
    executions = [execution(1, 1, 0.7), execution(1, 2), execution(2, 1), execution(2, 2)]
    TRIALS.write(tmp_path / "trials.csv", tabulate(executions))
    table = read_trials(tmp_path / "trials.csv")
    assert list(table["status"]) == ["partly failed", "failed"]
    assert table.loc[0, "score"] == 0.7
    assert pd.isna(table.loc[1, "score"])
    assert pd.isna(table.loc[1, "best_step"])
    assert list(table["error"]) == ["ValueError: no network"] * 2
    assert list(table["execution_2_error"]) == ["ValueError: no network"] * 2
    assert table.loc[0, "execution_1_error"] == ""
    assert list(table["execution_1_score"].isna()) == [False, True]
    assert table[score_columns(table)].dtypes.eq(float).all()


def test_the_best_trial_has_the_highest_accuracy_or_the_lowest_loss_and_is_the_first_of_equals(execution):
    table = tabulate([execution(1, 1, 0.7), execution(2, 1, 0.8), execution(3, 1, 0.8)])
    assert best_row(table, "val_accuracy")["trial"] == 2
    assert best_row(table, "val_loss")["trial"] == 1


def test_a_partly_failed_trial_is_best_only_if_no_trial_is_complete(execution):
    executions = [execution(1, 1, 0.9), execution(1, 2), execution(2, 1, 0.8), execution(2, 2, 0.8)]
    assert best_row(tabulate(executions), "val_accuracy")["trial"] == 2
    assert best_row(tabulate(executions[:2]), "val_accuracy")["trial"] == 1


def test_if_all_trials_failed_the_message_has_their_errors(execution):
    table = tabulate([execution(1, error="OOM: too large"), execution(2, error="diverged")])
    with pytest.raises(InputError, match=r"all 2 trials failed[^\n]*\ntrial 1: OOM: too large\ntrial 2: diverged"):
        best_row(table, "val_accuracy")


@pytest.fixture
def in_rung(execution):
    """Make an execution that stopped after a rung, or ended in it."""

    def make(rung, trial, curve, ended="end of rung", number=1, **fields):
        score = None if ended == "failed" else max(curve)
        known = {"ended": ended, "epochs": len(curve), "curve": tuple(curve)}
        return execution(trial, number, score, rung=rung, **known, **fields)

    return make


def test_a_trial_of_several_rungs_has_the_result_of_its_last_one_and_the_cost_of_all(in_rung):
    executions = [in_rung(2, 1, [0.5, 0.7, 0.6], "completed", seconds=6.0), in_rung(1, 1, [0.5]), in_rung(1, 2, [0.4])]
    table = tabulate(executions).set_index("trial")
    assert table.loc[1, ["score", "rung", "epochs", "ended", "seconds"]].tolist() == [0.7, 2, 3, "completed", 8.0]
    assert table.loc[2, ["score", "rung", "epochs", "ended"]].tolist() == [0.4, 1, 1, "not promoted after rung 1"]
    curves = curves_of(executions)
    assert curves["trial"].tolist() == [1, 2, 1, 1]
    assert curves["rung"].tolist() == [1, 1, 2, 2]
    assert curves["epoch"].tolist() == [1, 1, 2, 3]
    assert curves["score"].tolist() == [0.5, 0.4, 0.7, 0.6]


def test_the_best_trial_is_one_of_the_last_rung(in_rung):
    """After fewer epochs, another one may have had a better score by chance."""
    executions = [in_rung(1, 1, [0.9]), in_rung(1, 2, [0.5]), in_rung(2, 2, [0.5, 0.6], "completed")]
    assert best_row(tabulate(executions), "val_accuracy")["trial"] == 2
    failed = [*executions[:2], in_rung(2, 2, [0.5], "failed")]
    assert best_row(tabulate(failed), "val_accuracy")["trial"] == 1


def test_why_a_trial_ended_is_why_its_executions_did(in_rung):
    ends = [
        ("early stopping", "early stopping"),
        ("completed", "pruned"),
        ("failed", "completed"),
        ("failed", "failed"),
    ]
    executions = [
        in_rung(1, trial, [0.5], end, number)
        for trial, pair in enumerate(ends, start=1)
        for number, end in enumerate(pair, start=1)
    ]
    expected = ["early stopping", "completed and pruned", "completed", "failed"]
    assert tabulate(executions)["ended"].tolist() == expected
