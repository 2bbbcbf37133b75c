"""Files, parameters, memory and time limits of the jobs of a study."""

from types import SimpleNamespace

import pytest

from canigatti.config import parse_study
from canigatti.files import InputError
from canigatti.planning import Plan
from canigatti.provenance import modules_behind_training

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
    files = plan.execution_files(job("found"))
    assert len(files) == 3 * 2
    assert files[-1] == "results/pets/search/found/trial3/execution2.json"
    assert plan.proposal_count(job("found")) == 3


@pytest.mark.parametrize(
    ("trials", "combinations", "proposals"), [(10, 1000, 100), (50, 1000, 100), (300, 1000, 300), (10, 4, 4)]
)
def test_more_trials_do_not_change_the_number_of_proposals_up_to_a_hundred(trials, combinations, proposals):
    space = {"dense_units": {"low": 1, "high": combinations, "step": 1}}
    found = {"found": {"search": {"trials": trials, "space": space}}}
    assert Plan(parse_study({**STUDY, "experiments": found}, "test")).proposal_count(job("found")) == proposals


@pytest.mark.parametrize(
    ("lookup", "message"),
    [
        (lambda plan: plan.experiment(job("plan")), "no experiment is named plan; the study pets has plain, found"),
        (lambda plan: plan.search_spec(job("plain")), "the experiment plain has no search"),
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
