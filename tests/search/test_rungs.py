"""The rungs of successive halving: their sizes and epochs, and which trials are in them."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canigatti.config import Search
from canigatti.search.promotion import promote
from canigatti.search.records import Promotion
from canigatti.search.rungs import members, promotion_file, rungs_of

SPACE = {"dense_units": {"low": 1, "high": 99, "step": 1}}


def search(**fields) -> Search:
    usual = {"factor": 3, "rungs": 3, "trials": 27, "epochs": 27, "space": SPACE}
    return Search(method="halving", **usual | fields)


def test_a_third_of_the_trials_continues_for_three_times_as_many_epochs():
    assert [(one.number, one.trials, one.epochs) for one in rungs_of(search())] == [(1, 27, 3), (2, 9, 9), (3, 3, 27)]
    four = rungs_of(search(rungs=4))
    assert [(one.trials, one.epochs) for one in four] == [(27, 1), (9, 3), (3, 9), (1, 27)]
    assert rungs_of(Search(space=SPACE)) == []


def test_half_of_the_trials_continues_for_twice_as_many_epochs_unless_the_search_says_otherwise():
    rungs = rungs_of(Search(method="halving", trials=27, epochs=27, space=SPACE))
    assert [(one.trials, one.epochs) for one in rungs] == [(27, 4), (13, 7), (6, 14), (3, 27)]


def test_the_number_of_combinations_limits_the_trials():
    small = {"dense_units": {"low": 1, "high": 4, "step": 1}}
    assert [one.trials for one in rungs_of(search(space=small))] == [4, 1, 1]


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 400), st.integers(1, 400), st.integers(2, 5), st.integers(2, 6))
def test_rungs_have_fewer_trials_and_more_epochs(trials, more_epochs, factor, last):
    made = search(trials=trials, epochs=factor ** (last - 1) + more_epochs, factor=factor, rungs=last)
    rungs = rungs_of(made)
    assert len(rungs) == last
    assert all(1 <= upper.trials <= lower.trials for lower, upper in pairwise(rungs))
    assert all(0 < lower.epochs < upper.epochs for lower, upper in pairwise(rungs))
    assert rungs[-1].epochs == made.epochs == sum(made.job_epochs(one.number) for one in rungs)


def test_before_a_promotion_as_many_trials_stand_for_those_that_it_will_promote(tmp_path):
    rungs = rungs_of(search(trials=9))
    assert members(rungs, tmp_path, 1) == [*range(1, 10)]
    assert members(rungs, tmp_path, 2) == [1, 2, 3]
    Promotion(places=3, trials=(2, 5, 9)).write(promotion_file(tmp_path, 2))
    assert members(rungs, tmp_path, 2) == [2, 5, 9]
    assert members(rungs, tmp_path, 3) == [2]


def test_the_promotion_of_an_earlier_search_counts_as_far_as_it_still_can(tmp_path):
    """Otherwise a trial that is no longer in the rung below would be trained there for the plan's sake."""
    Promotion(places=3, trials=(2, 5, 9)).write(promotion_file(tmp_path, 2))
    Promotion(places=1, trials=(5,)).write(promotion_file(tmp_path, 3))
    assert members(rungs_of(search(trials=12)), tmp_path, 2) == [1, 2, 5, 9]
    fewer = rungs_of(search(trials=4))
    assert members(fewer, tmp_path, 2) == [2]
    assert members(fewer, tmp_path, 3) == [2], "5 is not in the rung below"
    promotion_file(tmp_path, 2).write_text("not a promotion")
    assert members(fewer, tmp_path, 2) == [1]


def test_a_promotion_that_found_too_few_trials_is_not_filled_up(tmp_path):
    Promotion(places=3, trials=(5,)).write(promotion_file(tmp_path, 2))
    assert members(rungs_of(search(trials=9)), tmp_path, 2) == [5]


@pytest.mark.parametrize(("objective", "best"), [("val_accuracy", [1, 4]), ("val_loss", [2, 3])])
def test_the_best_trials_are_promoted_of_equal_ones_the_first(execution, objective, best):
    scores = {1: 0.9, 2: 0.5, 3: 0.7, 4: 0.8, 5: 0.8}
    assert promote([execution(trial, 1, score) for trial, score in scores.items()], 2, objective) == best


def test_trials_with_failed_executions_come_last_and_failed_trials_are_not_promoted(execution):
    executions = [execution(1, 1, 0.99), execution(1, 2), execution(2, 1, 0.6), execution(2, 2, 0.6)]
    executions += [execution(3, 1), execution(3, 2)]
    assert promote(executions, 1, "val_accuracy") == [2]
    assert promote(executions, 3, "val_accuracy") == [1, 2]


def test_trials_that_gave_up_are_not_promoted(execution):
    executions = [execution(1, 1, 0.9, ended="pruned"), execution(1, 2, 0.9, ended="pruned")]
    executions += [execution(2, 1, 0.8, ended="pruned"), execution(2, 2, 0.8), execution(3, 1, 0.7)]
    executions += [execution(4, 1, 0.9, ended="pruned"), execution(4, 2)]
    assert promote(executions, 4, "val_accuracy") == [2, 3]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=2, max_size=30), st.floats(0, 1), st.integers(2, 4))
def test_one_more_trial_replaces_one_or_takes_one_more_place(scores, added, factor):
    def promoted(count):
        executions = [make(trial, score) for trial, score in enumerate([*scores, added][:count], start=1)]
        return {*promote(executions, max(1, count // factor), "val_accuracy")}

    make = _execution()
    before, after = promoted(len(scores)), promoted(len(scores) + 1)
    assert len(after - before) <= 1
    assert len(before - after) <= 1
    assert all(scores[trial - 1] is not None for trial in before)
    worst = min((scores[trial - 1] for trial in before), default=0)
    left = [score for trial, score in enumerate(scores, start=1) if trial not in before and score is not None]
    assert all(score <= worst for score in left)


def _execution():
    from canigatti.search.records import Execution

    def make(trial, score):
        failed = score is None
        outcome = {"status": "failed", "ended": "failed"} if failed else {"status": "completed", "ended": "end of rung"}
        known = {"values": {"dense_units": 1}, "seed": 1, "started": "", "seconds": 1.0, "epochs": 1, "curve": ()}
        return Execution(trial=trial, execution=1, score=score, best_step=None if failed else 1, **outcome, **known)

    return make
