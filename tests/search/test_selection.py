import pandas as pd
import pytest

from canigatti.files import InputError, write_csv
from canigatti.search.selection import tabulate, winner


def test_the_table_has_the_values_the_mean_and_each_execution(execution):
    table = tabulate([execution(1, 2, 0.9, 8, seconds=3.0), execution(1, 1, 0.7, 5)])
    row = table.loc[0].to_dict()
    assert [*row][7:13:5] == ["execution_1_status", "execution_2_status"]
    assert row == {
        "trial": 1,
        "dense_units": 10,
        "status": "completed",
        "score": pytest.approx(0.8),
        "best_step": 6,  # of 5 and 8, as KerasTuner rounds
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


def test_a_failed_execution_is_shown_and_is_no_result(execution, tmp_path):
    executions = [execution(1, 1, 0.7), execution(1, 2), execution(2, 1), execution(2, 2)]
    write_csv(tmp_path / "trials.csv", tabulate(executions))
    table = pd.read_csv(tmp_path / "trials.csv")
    assert list(table["status"]) == ["partly failed", "failed"]
    assert table.loc[0, "score"] == 0.7
    assert pd.isna(table.loc[1, "score"])
    assert pd.isna(table.loc[1, "best_step"])
    assert list(table["error"]) == ["ValueError: no"] * 2
    assert list(table["execution_2_error"]) == ["ValueError: no"] * 2
    assert pd.isna(table.loc[0, "execution_1_error"])


def test_the_best_trial_has_the_highest_accuracy_or_the_lowest_loss_and_the_first_of_equals_wins(execution):
    table = tabulate([execution(1, 1, 0.7), execution(2, 1, 0.8), execution(3, 1, 0.8)])
    assert winner(table, "val_accuracy")["trial"] == 2
    assert winner(table, "val_loss")["trial"] == 1


def test_a_trial_that_failed_in_part_wins_only_when_there_is_no_whole_one(execution):
    executions = [execution(1, 1, 0.9), execution(1, 2), execution(2, 1, 0.8), execution(2, 2, 0.8)]
    assert winner(tabulate(executions), "val_accuracy")["trial"] == 2
    assert winner(tabulate(executions[:2]), "val_accuracy")["trial"] == 1


def test_all_trials_failed_is_told_with_their_errors(execution):
    table = tabulate([execution(1, error="OOM: too large"), execution(2, error="diverged")])
    with pytest.raises(InputError, match=r"all 2 trials failed[^\n]*\ntrial 1: OOM: too large\ntrial 2: diverged"):
        winner(table, "val_accuracy")
