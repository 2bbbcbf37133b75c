import pandas as pd
import pytest
from PIL import Image

from canigatti.config import Experiment, Spec
from canigatti.files import InputError
from canigatti.search.commands.plot import plot_search
from canigatti.search.commands.propose import propose_trials
from canigatti.search.commands.select import select_trial
from canigatti.search.commands.train_trial import train_trial
from canigatti.search.records import BestTrial, Execution, Proposal

SEARCHED = Experiment(
    split="a",
    image_size=16,
    batch_size=8,
    network={"filters": [4], "dropout": [0.1, 0.1]},
    search={"seed": 3, "epochs": 1, "space": {"dense_units": {"low": 10, "high": 30, "step": 10}}},
)
SEARCH, EXPERIMENT = SEARCHED.resolve_search().to_json(), SEARCHED.resolve().to_json()


@pytest.fixture
def select(execution, tmp_path):
    """Select among executions, given as (trial, number, score), and return the best trial."""

    def run(*executions) -> BestTrial:
        paths = [tmp_path / f"trial{trial}" / f"execution{number}.json" for trial, number, _ in executions]
        for path, arguments in zip(paths, executions, strict=True):
            execution(*arguments).write(path)
        select_trial(SEARCH, EXPERIMENT, paths, tmp_path / "out")
        return BestTrial.read(tmp_path / "out" / "best.json")

    return run


def test_every_combination_of_a_small_space_is_proposed(tmp_path):
    propose_trials(SEARCH, 3, tmp_path / "proposed.json")
    proposal = Proposal.read(tmp_path / "proposed.json")
    assert sorted(values["dense_units"] for values in proposal.trials) == [10, 20, 30]


@pytest.mark.parametrize("units", [10, 4_000_000_000], ids=["completed", "failed"])
def test_an_execution_is_written_whether_it_completed_or_failed(photo_files, tmp_path, units):
    Proposal(trials=({"dense_units": 99}, {"dense_units": units})).write(tmp_path / "proposed.json")
    output, logs = tmp_path / "execution3.json", tmp_path / "logs"
    train_trial(SEARCH, tmp_path / "proposed.json", 2, 3, **photo_files, output=output, logs=logs)
    execution = Execution.read(output)
    assert (execution.trial, execution.execution, execution.values) == (2, 3, {"dense_units": units})
    assert execution.status == ("completed" if units == 10 else "failed")
    assert (execution.score is None, execution.best_step, execution.error is None) == (
        (False, 1, True) if units == 10 else (True, None, False)
    )
    assert logs.is_dir()
    assert {path.name for path in tmp_path.iterdir()} == {"proposed.json", "execution3.json", "logs"}


def test_the_best_trial_has_its_network_and_optimizer(select, tmp_path):
    best = select((2, 1, 0.9), (1, 1, 0.5), (2, 2, 0.8), (1, 2, 0.6))
    assert best.trial == 2
    assert best.score == pytest.approx(0.85)
    assert best.values == {"dense_units": 20}
    assert best.network == SEARCHED.network.model_copy(update={"dense_units": 20})
    assert best.optimizer == SEARCHED.optimizer
    assert list(pd.read_csv(tmp_path / "out" / "trials.csv")["trial"]) == [1, 2]


def test_if_all_trials_failed_the_message_has_their_errors_and_the_trials_are_written(select, tmp_path):
    with pytest.raises(InputError, match=r"all 2 trials failed\ntrial 1: ValueError: no network\ntrial 2"):
        select((1, 1, None), (2, 1, None))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["trials.csv"]


@pytest.mark.parametrize("content", ['{"trial": 1}', "[]", "{", '{"status": "completed", "trial": "1"}'])
def test_a_damaged_execution_is_refused_with_its_name(tmp_path, content):
    (tmp_path / "execution1.json").write_text(content)
    with pytest.raises(InputError, match=r"execution1\.json: expected a record of type Execution"):
        select_trial(SEARCH, EXPERIMENT, [tmp_path / "execution1.json"], tmp_path)


def test_the_scores_are_plotted_from_the_table(select, tmp_path):
    select((1, 1, 0.5), (2, 1, 0.9), (3, 1, None))
    plot_search("found", SEARCH, tmp_path / "out" / "trials.csv", tmp_path / "scores.png")
    assert Image.open(tmp_path / "scores.png").width > 400


def test_the_experiment_of_the_best_trial_has_its_network_and_otherwise_its_own_settings(select, tmp_path):
    select((1, 1, 0.5))
    spec = Spec.read(tmp_path / "out" / "spec.json")
    assert spec.network.dense_units == 10
    assert spec.epochs == SEARCHED.epochs != SEARCHED.search.epochs
    assert spec.model_copy(update={"network": SEARCHED.network}) == SEARCHED.resolve()
