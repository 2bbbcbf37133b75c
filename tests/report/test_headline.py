"""What the top of the page says about the best experiment, on networks whose predictions are known."""

from dataclasses import replace

import pytest

from canigatti.report.guessing import Guess
from canigatti.report.page.headline import headline
from canigatti.report.results import read_study
from canigatti.report.tables import Evidence, study_table

GUESSES = {"64-16-20": Guess("64-16-20", None, 0.5, 0.5), "80-10-10": Guess("80-10-10", None, 0.5, 0.5)}


@pytest.fixture(scope="module")
def runs(results):
    """One run of each of three experiments of a split; their names are a, b and c."""
    study, folder = results()
    found = [run for run in read_study(study.outline("config/study.yaml"), folder).runs if "801010" in run.experiment]
    return [replace(run, experiment=name) for run, name in zip(found[:3], "abc", strict=True)]


@pytest.fixture
def summarize(runs, network):
    """Return the headline of three networks with these misclassified photos and accuracies on the validation set."""

    def summarize(wrong, validation):
        networks = [
            network(name, wrong=photos, split="80-10-10", validation=value)
            for name, photos, value in zip("abc", wrong, validation, strict=True)
        ]
        accuracies = {one.name: one.accuracy for one in networks}
        changed = [
            replace(run, metrics=run.metrics.model_copy(update={"accuracy": accuracies[run.experiment]}))
            for run in runs
        ]
        evidence = Evidence.of(networks)
        return headline(study_table(changed, evidence), evidence, GUESSES)

    return summarize


def test_the_best_is_that_of_the_validation_set_and_the_page_says_what_the_test_set_would_have_flattered(summarize):
    found = summarize(wrong=[range(10), range(8), range(60)], validation=[0.95, 0.94, 0.5])
    assert found.best["experiment"] == "a"
    assert (found.value, found.validation) == ("90.0%", "95.0%")
    assert found.flattered == (
        "Choosing by the test set would have reported 92.0%, of b; the best of 3 by the test set is partly the "
        "luckiest one."
    )
    assert found.is_unbeaten
    assert not found.beats_all
    assert found.unbeaten == ["b"]  # c is significantly less accurate
    assert found.is_shown_better


def test_a_best_that_is_better_than_all_others_is_called_so(summarize):
    found = summarize(wrong=[range(5), range(50), range(60)], validation=[0.95, 0.94, 0.5])
    assert found.beats_all
    assert found.unbeaten == []


def test_nothing_is_flattered_if_both_sets_agree(summarize):
    assert summarize(wrong=[range(8), range(10), range(60)], validation=[0.95, 0.94, 0.5]).flattered == ""


def test_a_best_that_another_one_beats_is_called_so(summarize):
    found = summarize(wrong=[range(40), range(8), range(60)], validation=[0.95, 0.94, 0.5])
    assert found.best["experiment"] == "a"
    assert not found.is_unbeaten


def test_a_best_that_guesses_is_not_shown_to_be_better(summarize):
    assert not summarize(wrong=[range(45), range(48), range(60)], validation=[0.95, 0.94, 0.5]).is_shown_better
