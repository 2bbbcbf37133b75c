"""Files, parameters, memory and time limits of the jobs of a study."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from canigatti.config import parse_study
from canigatti.files import InputError
from canigatti.planning import Plan
from canigatti.planning_search import SearchPlan
from canigatti.provenance import modules_behind_training
from canigatti.search.records import Promotion

SEARCH = {"trials": 5, "executions": 2, "space": {"optimizer": ["adam", "sgd", "rmsprop"]}}
STUDY = {
    "study": "pets",
    "classes": ["cat", "dog"],
    "photos": {"generate": {"count": 100}},
    "splits": {"half": {"train": 0.5, "validation": 0.25, "test": 0.25}},
    "weights": {"vgg16": "imagenet"},
    "defaults": {"split": "half", "image_size": 100, "epochs": 10},
    "experiments": {
        "plain": {},
        "found": {"search": SEARCH},
        "transfer": {"network": {"backbone": "vgg16"}},
        "finetune": {"start_from": "transfer", "unfreeze": "everything"},
        "searched-head": {
            "network": {"backbone": "vgg16"},
            "batch_size": 8,
            "search": {"space": {"head": {"pooling": ["flatten", "average"]}, "batch_size": [16, 64, 32]}},
        },
    },
}


def job(experiment, **wildcards):
    return SimpleNamespace(experiment=experiment, seed="7", **wildcards)


@pytest.fixture
def plan():
    return Plan(parse_study(STUDY, "test"))


def test_experiments_share_the_images_of_their_size_and_resize_mode():
    settings = {"resize": "crop"}, {"resize": "crop", "epochs": 3}, {"resize": "pad", "image_size": 64}
    experiments = {"plain": {}, **{f"other{number}": keys for number, keys in enumerate(settings)}}
    plan = Plan(parse_study({**STUDY, "experiments": experiments}, "test"))
    images = [plan.images_file(job(name)) for name in experiments]
    names = ["images-100.npy", "images-100-crop.npy", "images-100-crop.npy", "images-64-pad.npy"]
    assert images == [f"results/pets/photos/{name}" for name in names]


def test_a_network_from_scratch_needs_no_weights_no_parent_and_no_search(plan):
    plain = job("plain")
    assert plan.weights_file(plain) == plan.weights_record(plain) == []
    assert plan.parent_model(plain) == plan.parent_record(plain) == plan.found_spec(plain) == []
    assert plan.start_options(plain, SimpleNamespace(parent=[], weights=[])) == []


def test_a_transfer_starts_with_the_weights_of_its_backbone(plan):
    weights = plan.weights_file(job("transfer"))
    assert weights == "results/pets/weights/vgg16.weights.h5"
    assert plan.weights_record(job("transfer")) == "results/pets/weights/vgg16.json"
    options = plan.start_options(job("transfer"), SimpleNamespace(parent=[], weights=weights))
    assert options == ["--weights", weights]


def test_the_trials_of_a_transfer_start_with_the_weights_of_its_backbone(plan):
    assert plan.weights_option(job("searched-head")) == ["--weights", "results/pets/weights/vgg16.weights.h5"]
    assert plan.weights_option(job("found")) == []


def test_the_memory_is_that_of_the_largest_batch_of_a_search(plan):
    searched, transfer = (plan.training_memory(job(name), attempt=1) for name in ("searched-head", "transfer"))
    assert searched == transfer, "whose batch size is 64"


def test_a_fine_tuning_starts_from_the_training_of_the_same_seed_and_not_from_weights(plan):
    model = plan.parent_model(job("finetune"))
    assert model == "results/pets/training/transfer/seed7/model.keras"
    assert plan.parent_record(job("finetune")) == "results/pets/training/transfer/seed7/run.json"
    assert plan.weights_file(job("finetune")) == []
    options = plan.start_options(job("finetune"), SimpleNamespace(parent=model, weights=[]))
    assert options == ["--start-from", "results/pets/training/transfer/seed7"]


def test_a_search_has_at_most_as_many_trials_as_its_space_has_combinations(plan):
    searches = SearchPlan(plan)
    files = searches.executions(job("found"))
    assert len(files) == 3 * 2
    assert files[-1] == "results/pets/search/found/trial3/execution2.json"
    assert searches.proposal_count(job("found")) == 3


@pytest.fixture
def searches():
    """A search by halving and a Bayesian one."""
    space = {"dense_units": {"low": 1, "high": 1000, "step": 1}}
    usual = {"trials": 9, "executions": 1, "epochs": 18, "space": space}
    experiments = {
        "halved": {"search": {"method": "halving", "factor": 3, "rungs": 3, **usual}},
        "guided": {"search": {"method": "bayesian", "initial_trials": 4, "round_trials": 2, **usual}},
    }
    return SearchPlan(Plan(parse_study({**STUDY, "experiments": experiments}, "test")))


def test_a_rung_is_compared_before_the_next_one(searches):
    folder = "results/pets/search/halved"
    assert searches.compared(job("halved", rung="2")) == [
        f"{folder}/rung1/trial{trial}/execution1.json" for trial in range(1, 10)
    ]
    assert len(searches.compared(job("halved", rung="3"))) == 3
    assert searches.promoted_before(job("halved", rung="2")) == []
    assert searches.promoted_before(job("halved", rung="3")) == [f"{folder}/rung2/promoted.json"]
    assert len(searches.executions(job("halved"))) == 9 + 3 + 1
    before = searches.before(job("halved", rung="2", trial="4", execution="1"))
    assert before["state"] == f"{folder}/rung1/trial4/execution1.npz"
    assert [searches.rung_spec(job("halved", rung=rung)).stop_after for rung in ("2", "3")] == [6, 18]
    assert searches.rung_spec(job("halved", trial="1")).stop_after == 2


def test_a_round_is_proposed_from_all_trials_before_it(searches):
    folder = "results/pets/search/guided"
    proposed = [searches.proposed(job("guided", trial=str(trial))) for trial in (1, 4, 5, 6, 7)]
    rounds = ["proposed.json", "proposed.json", *["round2/proposed.json"] * 2, "round3/proposed.json"]
    assert proposed == [f"{folder}/{name}" for name in rounds]
    assert len(searches.before_round(job("guided", round="3"))) == 6
    assert searches.round_trials(job("guided")) == 2


def test_promotions_are_read_where_snakemake_puts_them(searches, tmp_path):
    """In a module with a prefix, the files of a study are elsewhere than the paths of its rules say."""
    placed = SearchPlan(replace(searches.plan, placed=lambda path: str(tmp_path / path)))
    found = tmp_path / "results/pets/search/halved/rung2/promoted.json"
    Promotion(places=3, trials=(2, 5, 9)).write(found)
    second = placed.compared(job("halved", rung="3"))
    assert second == [f"results/pets/search/halved/rung2/trial{trial}/execution1.json" for trial in (2, 5, 9)]


def test_the_time_of_a_rung_is_that_of_the_epochs_that_it_adds(searches, tmp_path):
    images = tmp_path / "images.npy"
    images.write_bytes(b"0" * 4_000_000)
    found = SimpleNamespace(images=str(images))
    minutes = [searches.rung_minutes(job("halved", rung=rung), found, 1) for rung in ("2", "3")]
    assert 15 <= minutes[0] < minutes[1]


def test_the_time_of_a_trial_is_that_of_the_epochs_of_the_search(searches, tmp_path):
    images = tmp_path / "images.npy"
    with images.open("wb") as stream:
        stream.truncate(10**9)
    found, trained = SimpleNamespace(images=str(images)), searches.plan.experiment(job("guided")).epochs
    functions = (searches.trial_minutes, searches.plan.training_minutes)
    trial, training = (function(job("guided"), found, 1) - 15 for function in functions)
    assert trial / training == pytest.approx(18 / trained, rel=0.02) != 1


@pytest.mark.parametrize(
    ("lookup", "message"),
    [
        (lambda one: one.places(job("halved", rung="4")), "the search of halved has no rung 4"),
        (lambda one: one.places(job("guided", rung="2")), "the search of guided has no rung 2"),
        (lambda one: one.before_round(job("halved", round="2")), "the search of halved has no rounds"),
    ],
)
def test_a_search_without_the_rung_or_round_is_a_user_error(searches, lookup, message):
    with pytest.raises(InputError, match=message):
        lookup(searches)


@pytest.mark.parametrize(
    ("trials", "combinations", "proposals"), [(10, 1000, 100), (50, 1000, 100), (300, 1000, 300), (10, 4, 4)]
)
def test_more_trials_do_not_change_the_number_of_proposals_up_to_a_hundred(trials, combinations, proposals):
    space = {"dense_units": {"low": 1, "high": combinations, "step": 1}}
    found = {"found": {"search": {"trials": trials, "space": space}}}
    searches = SearchPlan(Plan(parse_study({**STUDY, "experiments": found}, "test")))
    assert searches.proposal_count(job("found")) == proposals


@pytest.mark.parametrize(
    ("lookup", "message"),
    [
        (lambda plan: plan.experiment(job("plan")), "no experiment is named plan; the study pets has plain, found"),
        (lambda plan: SearchPlan(plan).spec(job("plain")), "the experiment plain has no search"),
        (lambda plan: plan.weights(SimpleNamespace(backbone="resnet50")), "weights.resnet50: the study pets"),
    ],
)
def test_an_unknown_name_raises_the_error_class_of_the_plan(lookup, message):
    class WorkflowError(Exception):
        pass

    for error in (InputError, WorkflowError):
        with pytest.raises(error, match=message):
            lookup(Plan(parse_study(STUDY, "test"), error=error))


def test_memory_grows_with_the_photos_in_a_batch_and_with_every_attempt(plan):
    plain, transfer = (plan.training_memory(job(name), attempt=1) for name in ("plain", "transfer"))
    assert 2000 < plain < transfer
    assert plan.training_memory(job("plain"), attempt=3) == 3 * plain


def test_time_grows_with_the_images_up_to_a_day_per_attempt(plan, tmp_path):
    images = tmp_path / "images.npy"
    missing = plan.training_minutes(job("plain"), SimpleNamespace(images=images), attempt=1)
    images.write_bytes(bytes(10**7))
    present = plan.training_minutes(job("plain"), SimpleNamespace(images=images), attempt=1)
    assert 0 < missing < present
    with images.open("r+b") as stream:
        stream.truncate(10**12)
    assert plan.training_minutes(job("plain"), SimpleNamespace(images=images), attempt=2) == 2 * 24 * 60


def test_the_files_behind_a_training_are_those_that_its_experiment_uses(plan):
    def names(experiment):
        return {*modules_behind_training(plan.experiment(job(experiment)).resolve(), "training.commands.train")}

    assert "training/networks.py" in names("plain")
    assert names("transfer") - names("plain") == {
        f"training/{name}.py" for name in ("backbones", "features", "weights")
    }
    assert "training/augmentation.py" not in names("transfer")
    assert not {"training/schedules.py", "training/precision.py"} & names("plain")


@pytest.mark.parametrize(
    ("classes", "options"),
    [(["cat", "dog"], ["--class=cat", "--class=dog"]), (["a", "b", "-c"], ["--class=a", "--class=b", "--class=-c"])],
)
def test_inspect_gets_the_configured_classes(classes, options):
    study = {**STUDY, "photos": {"source": "."}, "classes": classes}
    assert Plan(parse_study(study, "test")).inspect_options(None) == options


def test_inspect_gets_no_class_if_the_study_lists_none():
    study = {key: value for key, value in STUDY.items() if key != "classes"}
    assert Plan(parse_study(study, "test")).inspect_options(None) == []
