"""The spec of an experiment: what decides its result, and when it stays the same."""

import json

import pytest
import yaml
from small_study import VALID, read

from canigatti.config import Experiment, Outline, OutlinedExperiment, SearchSpec, Spec, Square, Study, parse_study
from canigatti.files import InputError


def test_a_search_trains_the_experiment_with_the_epochs_of_the_search(tmp_path):
    search = {"epochs": 7, "seed": 5, "space": {"optimizer": ["adam", "sgd"]}}
    experiment = Experiment(split="a", epochs=100, network={"kernel_initializer": "glorot_uniform"}, search=search)
    spec = experiment.resolve_search()
    assert isinstance(spec, SearchSpec)
    assert spec.experiment == experiment.resolve().model_copy(update={"epochs": 7})
    assert (spec.seed, spec.objective, spec.space) == (5, "val_accuracy", experiment.search.space)


def test_specs_do_not_depend_on_the_number_of_trials_and_executions():
    first, second = (
        Experiment(split="a", search={"trials": trials, "executions": trials, "space": {"optimizer": ["adam"]}})
        for trials in (1, 2)
    )
    assert first.resolve_search() == second.resolve_search()
    assert first.resolve() == second.resolve() == Experiment(split="a").resolve()


def test_the_order_of_keys_and_comments_does_not_change_the_spec(tmp_path):
    reordered = VALID.replace(
        "defaults: {split: 80-10-10, optimizer: {name: sgd, learning_rate: 1e-2}}",
        "# a comment\ndefaults: {optimizer: {learning_rate: 0.01, name: sgd}, split: 80-10-10}",
    )
    before, after = read(tmp_path, VALID), read(tmp_path, reordered)
    assert before.outline("a.yaml") == after.outline("a.yaml")
    assert [experiment.resolve().to_json() for experiment in before.experiments.values()] == [
        experiment.resolve().to_json() for experiment in after.experiments.values()
    ]


def test_unused_augmentation_is_not_part_of_the_spec():
    assert Experiment(split="a").resolve() == Experiment(split="a", augmentation={"zoom": 0.9}).resolve()
    assert Experiment(split="a", augment=True).resolve().augmentation.zoom == 0.3


def test_a_spec_is_read_back_as_it_was_written():
    text = Experiment(split="a", augment=True).resolve().to_json()
    assert Spec.from_json(text).to_json() == text == json.dumps(json.loads(text), sort_keys=True)


SPEC_KEYS = (
    *("augmentation", "batch_size", "color", "early_stopping", "epochs", "image_size", "network", "optimizer"),
    *("split", "start_from", "unfreeze"),
)


def test_the_spec_has_a_later_option_only_if_an_experiment_uses_it():
    """Otherwise, an option added to the package would train every existing study again."""
    plain = json.loads(Experiment(split="a").resolve().to_json())
    assert tuple(plain) == SPEC_KEYS
    for option in LATER:
        changed = Experiment(split="a", **option).resolve()
        text = changed.to_json()
        assert json.loads(text).keys() - plain.keys() == option.keys()
        assert Spec.from_json(text) == changed


def test_an_experiment_and_a_search_have_later_options_only_if_they_are_used():
    search = {"epochs": 27, "space": {"optimizer": ["adam", "sgd"]}}
    plain = Experiment(split="a", search=search)
    assert json.loads(plain.resolve().to_json())["early_stopping"] == {"patience": 5}
    assert {*json.loads(plain.resolve_search().to_json())} == {"experiment", "objective", "seed", "space"}
    halving = Experiment(split="a", search={**search, "method": "halving"})
    assert halving.resolve_search() == plain.resolve_search(), "the trials are the same"
    giving_up = Experiment(split="a", early_stopping={"give_up_after": 3})
    assert json.loads(giving_up.resolve().to_json())["early_stopping"] == {"patience": 5, "give_up_after": 3}


LATER = [
    {"class_weight": "balanced"},
    {"oversample": True},
    {"schedule": {"name": "cosine", "warmup_epochs": 2}},
    {"schedule": {"name": "plateau"}},
    {"label_smoothing": 0.1},
    {"mixed_precision": True},
    {"resize": "crop"},
    {"resize": "pad"},
]


def test_a_network_or_a_space_has_a_later_option_only_if_an_experiment_uses_it():
    network = json.loads(Experiment(split="a").resolve().to_json())["network"]
    assert sorted(network) == [
        *("batch_normalization", "convolutions_per_block", "dense_units", "dropout", "filters", "kernel_initializer"),
        "kernel_size",
    ]
    average = Experiment(split="a", network={"pooling": "average"}).resolve()
    assert json.loads(average.to_json())["network"] == {**network, "pooling": "average"}
    space = json.loads(Experiment(search={"space": {"optimizer": ["adam"]}}).resolve_search().to_json())["space"]
    assert space == {**dict.fromkeys(("dense_units", "dropout", "filters", "kernel_size")), "optimizer": ["adam"]}


@pytest.mark.parametrize("option", [*LATER, {"network": {"pooling": "average"}}], ids=str)
def test_null_or_the_default_restores_the_default_of_an_option_in_an_experiment(tmp_path, option):
    """With `defaults` that set an option, an experiment without it is the same as one where no default sets it."""
    [(key, value)] = option.items()
    default = json.loads(Experiment().model_dump_json())[key]
    raw = yaml.safe_load(VALID.replace("1e-2", "0.01"))
    raw["experiments"]["plain"] |= {key: default}
    without = parse_study(raw, "test").experiments["plain"].resolve()
    raw["defaults"] |= {key: value}
    study = parse_study(raw, "test")
    assert study.experiments["plain"].resolve() == without
    assert Study.from_json(study.to_json()) == study
    assert study.experiments["augmented"].resolve().to_json() != without.to_json()


def test_the_digest_of_a_searched_experiment_leaves_out_what_its_search_finds():
    space = {"batch_size": [8, 16], "optimizer": ["adam", "sgd"]}
    experiment = Experiment(split="a", search={"space": space})
    entry, spec = OutlinedExperiment.of("found", experiment), experiment.resolve()
    for found, is_same in (({"batch_size": 16}, True), ({"epochs": 3}, False)):
        assert (entry.digest_of(spec.model_copy(update=found)) == entry.digest) == is_same
    fixed = Experiment(split="a", search={"space": {"optimizer": ["adam", "sgd"]}})
    entry = OutlinedExperiment.of("found", fixed)
    assert "batch_size_searched" not in json.loads(entry.to_json())
    assert entry.digest_of(fixed.resolve().model_copy(update={"batch_size": 16})) != entry.digest


def test_every_option_that_json_omits_has_a_default():
    assert all(not Spec.model_fields[name].is_required() for name in Spec.omitted_defaults)


def test_an_experiment_may_override_a_default_that_specs_omit(tmp_path):
    text = VALID.replace("defaults: {", "defaults: {resize: crop, ").replace("plain: {", "plain: {resize: squeeze, ")
    study = read(tmp_path, text)
    assert [one.resize for one in study.experiments.values()] == ["squeeze", "crop"]
    assert Study.from_json(study.to_json()) == study


@pytest.mark.parametrize(
    ("square", "text"), [(Square(96), "96"), (Square(200, "crop"), "200-crop"), (Square(8, "pad"), "8-pad")]
)
def test_the_text_of_a_square_is_read_back(square, text):
    assert str(square) == text
    assert Square.parse(text) == square


@pytest.mark.parametrize("text", ["", "0", "-8", "crop", "96crop", "96-squeeze", "96-crop-pad", "96-crop\n", "９6"])
def test_a_text_that_is_not_a_square_is_rejected(text):
    with pytest.raises(InputError, match="--size: expected pixels, such as 96, or 96-crop or 96-pad, received"):
        Square.parse(text)


def test_the_table_of_an_experiment_does_not_change_its_spec(tmp_path):
    assert Experiment(split="a", table="search").resolve() == Experiment(split="a").resolve()
    study = read(tmp_path, VALID.replace("plain: {", "plain: {table: pretrained, "))
    assert study.tables() == ["base", "pretrained", "all"]
    outline = study.outline("study.yaml")
    assert isinstance(outline, Outline)
    entries = [json.loads(experiment.to_json()) for experiment in outline.experiments]
    assert [{key: value for key, value in entry.items() if key != "digest"} for entry in entries] == [
        {"name": "plain", "table": "pretrained", "split": "80-10-10", "searched": False},
        {"name": "augmented", "table": "base", "split": "80-10-10", "searched": False},
    ]
