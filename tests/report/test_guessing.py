"""Guessing the largest class, and how often an experiment without any skill is called better than that."""

import numpy as np
import pytest

from canigatti.config import RankBy
from canigatti.report.guessing import Guess, guess_note, guesses_of, is_shown_better
from canigatti.report.ranking import RANKINGS
from canigatti.report.results import read_study

STUDIES = 400


def count_to(*correct, photos=100):
    """Return which photos are classified correctly, (photos, seeds): the first ones."""
    return np.arange(photos)[:, None] < np.array(correct)


def test_the_interval_decides():
    # Wilson's interval of 60 correct of 100 photos starts at 50.2%.
    alone = np.arange(100)
    assert is_shown_better(count_to(60), alone, 0.502)
    assert not is_shown_better(count_to(60), alone, 0.503)
    assert not is_shown_better(count_to(60), alone, 0.90)


def test_groups_count_as_one_photo_and_seeds_that_differ_are_uncertain():
    assert not is_shown_better(count_to(60), np.arange(100) // 2, 0.5)
    assert is_shown_better(count_to(62, 63, 64), np.arange(100), 0.5)
    assert not is_shown_better(count_to(52, 62, 75), np.arange(100), 0.5)


@pytest.mark.parametrize("guess", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize(
    "sizes", [[1] * 200, [2] * 100, [2] * 20 + [1] * 160, [5] * 40], ids=["single", "pairs", "some pairs", "fives"]
)
def test_experiments_that_guess_are_rarely_called_better(sizes, guess, seeds):
    """Photos of a group are always classified alike, which near duplicates are at most."""
    generator, groups = np.random.default_rng(0), np.repeat(np.arange(len(sizes)), sizes)
    errors = 0
    for _ in range(STUDIES):
        correct = (generator.random((len(sizes), seeds)) < guess)[groups]
        errors += is_shown_better(correct, groups, guess)
    assert errors / STUDIES <= 0.05


def test_an_experiment_that_the_test_set_chooses_would_often_be_called_better():
    """Why the validation set chooses."""
    generator, alone = np.random.default_rng(0), np.arange(200)
    best = [(generator.random((15, 200)) < 0.5).sum(axis=1).max() for _ in range(STUDIES)]
    assert np.mean([is_shown_better(count_to(count, photos=200), alone, 0.5) for count in best]) > 0.2


def test_the_guess_is_the_largest_class_of_each_test_set(results):
    study, folder = results(classes=("daisy", "dandelion"), pattern=(0, 1, 1, 1))
    read = read_study(study.outline("config/study.yaml"), folder)
    guesses = guesses_of(read.runs, read.classes, RANKINGS["balanced_accuracy"])
    assert [*guesses.values()] == [
        Guess("64-16-20", "dandelion", 0.75, 0.5),
        Guess("80-10-10", "dandelion", 0.75, 0.5),
    ]
    assert guesses_of(read.runs, read.classes, RANKINGS["loss"])["64-16-20"].value is None
    assert guesses_of(read.runs, read.classes, RANKINGS["matthews"])["64-16-20"].value == 0
    assert guesses_of(read.runs, read.classes, RANKINGS["roc_auc"])["64-16-20"].value == 0.5


def test_the_note_names_the_class_if_there_is_one_and_the_splits_if_they_differ():
    first, second = Guess("a", "tulip", 0.5, 0.5), Guess("b", "tulip", 0.6, 0.6)
    assert guess_note([first]) == (
        "Always guessing tulip, the largest class, would be correct for 50.0% of the test photos."
    )
    assert "for 50.0% (split a), 60.0% (split b) of" in guess_note([first, second])
    equal = Guess("a", None, 0.1, 0.1)
    assert guess_note([equal]) == "Always guessing the largest class would be correct for 10.0% of the test photos."


def test_every_metric_that_can_rank_has_a_name_and_a_format():
    assert set(RANKINGS) == set(RankBy.__args__)
    assert RANKINGS["balanced_accuracy"].format(0.8125) == "81.2%"
    assert RANKINGS["loss"].format(0.25) == "0.2500"
