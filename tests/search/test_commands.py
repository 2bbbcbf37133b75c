import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from canigatti.config import Experiment, Spec, Weights
from canigatti.files import InputError
from canigatti.search.commands.plot import plot_search
from canigatti.search.commands.propose import propose_trials
from canigatti.search.commands.select import select_trial
from canigatti.search.commands.train_trial import train_trial
from canigatti.search.records import BestTrial, Execution, Proposal
from canigatti.training import networks
from canigatti.training.commands.fetch_weights import fetch_weights

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


@pytest.mark.parametrize(
    "units",
    [pytest.param(10, id="completed"), pytest.param(4_000_000_000, id="failed", marks=pytest.mark.slow)],
)
def test_an_execution_is_written_whether_it_completed_or_failed(photo_files, tmp_path, units):
    Proposal(trials=({"dense_units": 99}, {"dense_units": units})).write(tmp_path / "proposed.json")
    output = tmp_path / "execution3.json"
    train_trial(SEARCH, tmp_path / "proposed.json", 2, 3, **photo_files, output=output)
    execution = Execution.read(output)
    assert (execution.trial, execution.execution, execution.values) == (2, 3, {"dense_units": units})
    assert execution.status == ("completed" if units == 10 else "failed")
    assert (execution.score is None, execution.best_step, execution.error is None) == (
        (False, 1, True) if units == 10 else (True, None, False)
    )
    assert (tmp_path / "tensorboard" / "execution3").is_dir()
    assert {path.name for path in tmp_path.iterdir()} == {"proposed.json", "execution3.json", "tensorboard"}


HEADS = Experiment(
    split="a",
    image_size=16,
    batch_size=8,
    network={"backbone": "vgg16"},
    search={
        "seed": 3,
        "epochs": 1,
        "space": {
            "head": {"pooling": ["flatten", "average"], "dense_units": [{"low": 4, "high": 8, "step": 4}]},
            "learning_rate": {"low": 1e-4, "high": 1e-2, "values": 3},
            "batch_size": [4, 8],
        },
    },
)
HEAD = {"learning_rate": 0.001, "batch_size": 4, "head_pooling": "flatten", "head_dense_units_1": 8}


@pytest.fixture
def small_backbone(monkeypatch):
    """VGG16 with a hundredth of its weights, for 16×16 photos."""
    from canigatti.training import backbones

    def build(weights=None, include_top=False, input_shape=(None, None, 3)):
        photos = keras.Input(input_shape)
        values = keras.layers.Conv2D(8, 3, strides=4, activation="relu", name="block1_conv1")(photos)
        return keras.Model(photos, values, name="vgg16")

    preprocess = backbones.preprocess_input("vgg16")
    monkeypatch.setattr(backbones, "backbone_builder", lambda name: build)
    monkeypatch.setattr(backbones, "preprocess_input", lambda name: preprocess)
    return build


@pytest.fixture
def weights(small_backbone, tmp_path):
    backbone = small_backbone()
    backbone.set_weights([np.full(weight.shape, 0.01) for weight in backbone.weights])
    backbone.save_weights(tmp_path / "source.weights.h5")
    source = Weights(source=str(tmp_path / "source.weights.h5")).to_json()
    fetch_weights("vgg16", source, tmp_path / "weights/vgg16.weights.h5", tmp_path / "weights/vgg16.json")
    return tmp_path / "weights/vgg16.weights.h5"


def test_a_trial_of_a_pretrained_network_has_the_weights_of_its_backbone_and_the_trial_s_head(
    weights, photo_files, tmp_path, monkeypatch
):
    built, build = [], networks.build
    monkeypatch.setattr(networks, "build", lambda *arguments: built.append(build(*arguments)) or built[0])
    Proposal(trials=(HEAD,)).write(tmp_path / "proposed.json")
    search, output = HEADS.resolve_search().to_json(), tmp_path / "execution1.json"
    train_trial(search, tmp_path / "proposed.json", 1, 1, **photo_files, output=output, weights=weights)
    execution = Execution.read(output)
    assert (execution.status, execution.values) == ("completed", HEAD)
    [model] = built
    assert all((weight == np.float32(0.01)).all() for weight in model.get_layer("vgg16").get_weights())
    assert (type(model.get_layer("pooling")).__name__, model.get_layer("dense1").units) == ("Flatten", 8)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.001)
    assert float(model.optimizer.momentum) == 0.9, "the experiment's"


@pytest.mark.parametrize("problem", ["missing", "modified"])
def test_without_the_weights_of_its_backbone_a_trial_is_not_recorded_as_failed(weights, photo_files, tmp_path, problem):
    weights.write_bytes(b"other")
    Proposal(trials=(HEAD,)).write(tmp_path / "proposed.json")
    search, output = HEADS.resolve_search().to_json(), tmp_path / "execution1.json"
    message = "expected --weights" if problem == "missing" else "the weights file is corrupt"
    given = None if problem == "missing" else weights
    with pytest.raises(InputError, match=message):
        train_trial(search, tmp_path / "proposed.json", 1, 1, **photo_files, output=output, weights=given)
    assert not output.exists()


def test_the_best_trial_has_its_head_rate_and_batch_size(execution, tmp_path):
    execution(1, 1, 0.9, values=HEAD).write(tmp_path / "execution1.json")
    search, experiment = HEADS.resolve_search().to_json(), HEADS.resolve()
    select_trial(search, experiment.to_json(), [tmp_path / "execution1.json"], tmp_path / "out")
    best, spec = BestTrial.read(tmp_path / "out/best.json"), Spec.read(tmp_path / "out/spec.json")
    assert best.values == HEAD
    assert (best.batch_size, best.optimizer.learning_rate, best.optimizer.momentum) == (4, 0.001, 0.9)
    assert (best.network.head.pooling, best.network.head.dense_units) == ("flatten", (8,))
    found = {name: getattr(best, name) for name in ("network", "optimizer", "batch_size")}
    assert spec == experiment.model_copy(update=found)


def test_the_best_trial_has_its_network_and_optimizer(select, tmp_path):
    best = select((2, 1, 0.9), (1, 1, 0.5), (2, 2, 0.8), (1, 2, 0.6))
    assert best.trial == 2
    assert best.score == pytest.approx(0.85)
    assert best.values == {"dense_units": 20}
    assert best.network == SEARCHED.network.model_copy(update={"dense_units": 20})
    assert best.optimizer == SEARCHED.optimizer
    assert "batch_size" not in (tmp_path / "out" / "best.json").read_text()
    assert list(pd.read_csv(tmp_path / "out" / "trials.csv")["trial"]) == [1, 2]


def test_if_all_trials_failed_the_message_has_their_errors_and_the_trials_are_written(select, tmp_path):
    with pytest.raises(InputError, match=r"all 2 trials failed\ntrial 1: ValueError: no network\ntrial 2"):
        select((1, 1, None), (2, 1, None))
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"trials.csv", "curves.csv"}


@pytest.mark.parametrize("content", ['{"trial": 1}', "[]", "{", '{"status": "completed", "trial": "1"}'])
def test_a_damaged_execution_is_refused_with_its_name(tmp_path, content):
    (tmp_path / "execution1.json").write_text(content)
    with pytest.raises(InputError, match=r"execution1\.json: expected a record of type Execution"):
        select_trial(SEARCH, EXPERIMENT, [tmp_path / "execution1.json"], tmp_path)


def test_scores_and_curves_are_plotted_from_the_tables(select, tmp_path):
    select((1, 1, 0.5), (2, 1, 0.9), (3, 1, None))
    plot_search("found", SEARCH, tmp_path / "out" / "trials.csv", tmp_path)
    assert Image.open(tmp_path / "scores.png").width > 400
    assert Image.open(tmp_path / "curves.png").width > 400


def test_the_experiment_of_the_best_trial_has_its_network_and_otherwise_its_own_settings(select, tmp_path):
    select((1, 1, 0.5))
    spec = Spec.read(tmp_path / "out" / "spec.json")
    assert spec.network.dense_units == 10
    assert spec.epochs == SEARCHED.epochs != SEARCHED.search.epochs
    assert spec.model_copy(update={"network": SEARCHED.network}) == SEARCHED.resolve()
