"""The page of a study that is not complete: what wins among the finished experiments wins so far."""

import re
from functools import cache
from html import unescape

import pytest

from canigatti.report.conclusions import conclude
from canigatti.report.notes import STANDING_SO_FAR
from canigatti.report.page.progress import Progress
from canigatti.report.page.rendering import render
from canigatti.report.results import read_study

EXPERIMENTS = 8  # that have a result
WINNERS = re.compile(r"(?:the best (?:test )?(?:accuracy|balanced accuracy|experiment)|are the best)\b(.{0,7})")


@pytest.fixture(scope="module")
def text_of(results):
    """The text of the page; if the study has that many experiments, of one that is not complete."""

    @cache
    def write(experiments=None, **fields):
        study, folder = results(classes=("cat", "dog", "owl"), **fields)
        found = read_study(study.outline("config/study.yaml"), folder)
        progress = Progress("now", experiments, [], [], [], [], [], False) if experiments else None
        html = render(found, conclude(found), "code", progress)
        html = re.sub(r"<(style|script)>.*?</\1>", "", html, flags=re.DOTALL)
        return " ".join(unescape(re.sub(r"<[^>]+>", "", html)).split())

    return write


@pytest.mark.parametrize("rank_by", ["accuracy", "balanced_accuracy"])
def test_whatever_wins_among_the_finished_experiments_wins_so_far(text_of, rank_by):
    text = text_of(EXPERIMENTS + 1, rank_by=rank_by)
    wins = WINNERS.findall(text)
    assert len(wins) == 6  # answer, intervals, classes, accuracy against cost, probabilities, ensembles
    assert {*wins} == {" so far"}
    assert text.count(STANDING_SO_FAR) == 2  # the first table, and that of all experiments
    assert ("Lower cost so far" in text) == (rank_by == "accuracy")


def test_the_answer_says_how_many_experiments_have_a_result(text_of):
    answer = text_of(EXPERIMENTS + 1).partition("NetworkA convolutional")[0]
    assert "8 of its 9 experiments have a result, and another one may turn out better." in answer
    answer = text_of(EXPERIMENTS).partition("NetworkA convolutional")[0]
    assert "some seeds have no result yet, and the order of the experiments may change." in answer


def test_of_one_finished_experiment_it_is_said_that_it_has_a_result(results):
    study, folder = results()
    outline = study.outline("config/study.yaml")
    found = read_study(outline.model_copy(update={"experiments": outline.experiments[:1]}), folder)
    html = render(found, conclude(found), "code", Progress("now", 8, [], [], [], [], [], False))
    assert "1 of its 8 experiments has a result" in html


def test_a_complete_study_has_a_winner_without_reservation(text_of):
    text = text_of()
    assert "so far" not in text
    assert "not complete" not in text
    assert "has the best accuracy on the validation set" in text
