import json
from dataclasses import asdict

import pandas as pd
import pytest
from PIL import Image

from canigatti.config import Experiment
from canigatti.files import InputError, write_json
from canigatti.search.commands import draw_trials, propose_trials, select_trial
from canigatti.training.commands import _settings

SEARCHED = Experiment(
    split="a",
    network={"filters": [4], "dropout": [0.1, 0.1]},
    search={"seed": 3, "space": {"dense_units": {"low": 10, "high": 30, "step": 10}}},
)


@pytest.fixture
def select(execution, tmp_path):
    """Select among executions, given as (trial, number, score), and read what was chosen."""

    def run(*executions):
        paths = []
        for trial, number, score in executions:
            paths.append(tmp_path / f"trial{trial}" / f"execution{number}.json")
            write_json(paths[-1], asdict(execution(trial, number, score)))
        select_trial(SEARCHED.search_spec(), paths, tmp_path / "trials.csv", tmp_path / "best.json")
        return json.loads((tmp_path / "best.json").read_text())

    return run


def test_the_proposal_is_a_list_of_values(tmp_path):
    propose_trials(SEARCHED.search_spec(), 3, tmp_path / "proposed.json")
    proposed = json.loads((tmp_path / "proposed.json").read_text())
    assert sorted(values["dense_units"] for values in proposed) == [10, 20, 30]


def test_the_best_trial_comes_with_its_network_and_optimizer(select, tmp_path):
    best = select((2, 1, 0.9), (1, 1, 0.5), (2, 2, 0.8), (1, 2, 0.6))
    assert best["trial"] == 2
    assert best["score"] == pytest.approx(0.85)
    assert best["values"] == {"dense_units": 20}
    assert best["network"]["dense_units"] == 20
    assert best["network"]["filters"] == [4]
    assert best["optimizer"] == SEARCHED.optimizer.model_dump()
    assert list(pd.read_csv(tmp_path / "trials.csv")["trial"]) == [1, 2]


def test_a_search_of_which_everything_failed_says_why(select):
    with pytest.raises(InputError, match=r"all 2 trials failed.*\ntrial 1: ValueError: no\ntrial 2"):
        select((1, 1, None), (2, 1, None))


def test_a_damaged_file_of_an_execution_is_named(tmp_path):
    write_json(tmp_path / "execution1.json", {"trial": 1})
    with pytest.raises(InputError, match=r"execution1\.json: expected what train-trial wrote"):
        select_trial(SEARCHED.search_spec(), [tmp_path / "execution1.json"], tmp_path / "a.csv", tmp_path / "b.json")


def test_the_picture_is_drawn_from_the_table(select, tmp_path):
    select((1, 1, 0.5), (2, 1, 0.9), (3, 1, None))
    draw_trials("found", SEARCHED.search_spec(), tmp_path / "trials.csv", tmp_path / "scores.png")
    assert Image.open(tmp_path / "scores.png").width > 400


def test_training_takes_network_and_optimizer_from_the_best_trial(select, tmp_path):
    select((1, 1, 0.5))
    settings = _settings(SEARCHED.spec(), tmp_path / "best.json")
    assert settings.network.dense_units == 10
    assert settings.epochs == SEARCHED.epochs
    assert _settings(SEARCHED.spec(), None).network == SEARCHED.network


@pytest.mark.parametrize("content", [{"network": {}}, [], {"network": {"fliters": [1]}, "optimizer": {}}])
def test_a_best_trial_that_is_none_is_refused(content, tmp_path):
    write_json(tmp_path / "best.json", content)
    with pytest.raises(InputError):
        _settings(SEARCHED.spec(), tmp_path / "best.json")
