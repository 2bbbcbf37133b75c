import json
from pathlib import Path

import pytest

from canigatti.config import ConfigError, Experiment, SearchSpec, Spec, load_study, schema
from canigatti.search.space import hyperparameters

REPOSITORY = Path(__file__).parents[1]
VALID = """
study: small
classes: [cat, dog]
photos: {generate: {count: 100}}
splits: {80-10-10: {train: 0.8, validation: 0.1, test: 0.1}}
defaults: {split: 80-10-10, optimizer: {name: sgd, learning_rate: 1e-2}}
experiments:
  plain: {color: grayscale}
  augmented: {augment: true, augmentation: {zoom: 0.1}}
"""


def read(tmp_path, text, overrides=()):
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return load_study(path, overrides)


@pytest.mark.parametrize("name", ["full", "laptop", "demo"])
def test_the_shipped_configurations_are_valid(name):
    study = load_study(REPOSITORY / "config" / f"{name}.yaml")
    assert study.study == name
    assert [*study.experiments][:2] == ["base-641620-gray", "base-641620-gray-aug"]


def test_the_full_study_trains_as_the_original_did():
    study = load_study(REPOSITORY / "config" / "full.yaml")
    spec = Spec.parse(study.experiments["base-801010-rgb-aug"].spec())
    assert (spec.image_size, spec.batch_size, spec.early_stopping.patience) == (200, 64, 5)
    assert spec.optimizer.model_dump() == {"name": "sgd", "learning_rate": 0.001, "momentum": 0.9, "nesterov": False}
    augmentation = spec.augmentation
    assert (augmentation.shear, augmentation.zoom, augmentation.rotation) == (0.2, 0.3, 20)
    assert (augmentation.width_shift, augmentation.height_shift) == (0.15, 0.15)
    assert augmentation.brightness == (0.8, 1.2)
    assert (augmentation.probability.horizontal_flip, augmentation.probability.vertical_flip) == (0.5, 0)


def test_the_full_study_searches_the_space_of_the_original():
    search = load_study(REPOSITORY / "config" / "full.yaml").experiments["tuned"].search
    assert (search.objective, search.trials, search.executions, search.epochs) == ("val_accuracy", 10, 3, 50)
    assert hyperparameters(search.space) == {
        "filters_1": [32, 48, 64],
        "filters_2": [64, 96, 128],
        "filters_3": [128, 192, 256],
        "dropout_1": [0.1, 0.2, 0.3, 0.4],
        "dropout_2": [0.1, 0.2, 0.3],
        "dropout_3": [0.1, 0.2, 0.3],
        "dropout_4": [0.2, 0.3, 0.4],
        "dense_units": [128, 160, 192, 224, 256],
        "optimizer": ["adam", "sgd"],
    }


def test_what_is_searched_is_the_experiment_with_the_epochs_of_the_search(tmp_path):
    search = {"epochs": 7, "seed": 5, "space": {"optimizer": ["adam", "sgd"]}}
    experiment = Experiment(split="a", epochs=100, network={"kernel_initializer": "glorot_uniform"}, search=search)
    told = SearchSpec.parse(experiment.search_spec())
    assert told.experiment == Spec.parse(experiment.spec()).model_copy(update={"epochs": 7})
    assert (told.seed, told.objective, told.space) == (5, "val_accuracy", experiment.search.space)


def test_how_often_is_searched_is_no_part_of_what_decides_an_execution_and_no_search_of_what_decides_a_training():
    one, more = (
        Experiment(split="a", search={"trials": trials, "executions": trials, "space": {"optimizer": ["adam"]}})
        for trials in (1, 2)
    )
    assert one.search_spec() == more.search_spec()
    assert one.spec() == more.spec() == Experiment(split="a").spec()


def test_an_experiment_takes_what_it_does_not_say_from_the_defaults(tmp_path):
    experiments = read(tmp_path, VALID).experiments
    assert experiments["plain"].color == "grayscale"
    assert experiments["augmented"].color == "rgb"
    assert experiments["augmented"].optimizer.learning_rate == 0.01


def test_the_order_of_keys_and_comments_leave_the_spec_alone(tmp_path):
    reordered = VALID.replace(
        "defaults: {split: 80-10-10, optimizer: {name: sgd, learning_rate: 1e-2}}",
        "# a remark\ndefaults: {optimizer: {learning_rate: 0.01, name: sgd}, split: 80-10-10}",
    )
    before, after = read(tmp_path, VALID), read(tmp_path, reordered)
    assert before.outline("a.yaml") == after.outline("a.yaml")
    assert [one.spec() for one in before.experiments.values()] == [one.spec() for one in after.experiments.values()]


def test_unused_augmentation_is_not_part_of_the_spec():
    assert Experiment(split="a").spec() == Experiment(split="a", augmentation={"zoom": 0.9}).spec()
    assert json.loads(Experiment(split="a", augment=True).spec())["augmentation"]["zoom"] == 0.3


def test_a_spec_reads_back_as_it_was_written():
    text = Experiment(split="a", augment=True).spec()
    assert json.dumps(Spec.parse(text).model_dump(mode="json"), sort_keys=True) == text


def test_the_table_an_experiment_stands_in_decides_no_result(tmp_path):
    assert Experiment(split="a", table="search").spec() == Experiment(split="a").spec()
    study = read(tmp_path, VALID.replace("plain: {", "plain: {table: pretrained, "))
    assert study.tables() == ["base", "pretrained", "all"]
    assert json.loads(study.outline("study.yaml"))["experiments"] == [
        {"name": "plain", "table": "pretrained", "split": "80-10-10", "searched": False},
        {"name": "augmented", "table": "base", "split": "80-10-10", "searched": False},
    ]


def test_tables_without_experiments_are_not_among_them(tmp_path):
    text = VALID.replace("defaults: {", "defaults: {table: ablations, ")
    assert read(tmp_path, text).tables() == ["ablations", "all"]


def test_overrides_take_the_place_of_single_entries(tmp_path):
    study = read(tmp_path, VALID, ["photos={generate: {seed: 7}}", "seeds=[1, 2]"])
    assert study.photos.generate.model_dump() == {"count": 100, "seed": 7}
    assert study.seeds == (1, 2)


def test_an_override_can_take_an_entry_away(tmp_path):
    with_hash = VALID.replace("generate: {count: 100}", f"source: nowhere.zip, sha256: {'a' * 64}")
    photos = read(tmp_path, with_hash, [f"photos={{source: {tmp_path}, sha256: null}}"]).photos
    assert (photos.source, photos.sha256) == (str(tmp_path), None)


def test_an_override_that_is_no_yaml_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"--config seeds=\[1: "):
        read(tmp_path, VALID, ["seeds=[1"])


BLOCKS = ", ".join(["{low: 1, high: 2, step: 1}"] * 10)
RATES = ", ".join(["{low: 0.1, high: 0.2, step: 0.1}"] * 11)


def in_space(text):
    return "plain: {", f"plain: {{search: {{space: {{{text}}}}}, "


FAULTS = {
    "unknown optimizer": (
        "plain: {",
        "plain: {optimizer: {name: sdg}, ",
        "experiments.plain.optimizer",
        "received 'sdg'",
    ),
    "optimizer without name": (
        *("plain: {", "plain: {optimizer: {learning_rate: 0.1}, "),
        *("experiments.plain.optimizer", "its name is required"),
    ),
    "mistyped key": ("plain: {", "plain: {batchsize: 8, ", "experiments.plain.batchsize", "unknown key"),
    "batch size 0": ("plain: {", "plain: {batch_size: 0, ", "experiments.plain.batch_size", "received 0"),
    "batch size as text": ("plain: {", "plain: {batch_size: '8', ", "experiments.plain.batch_size", "received '8'"),
    "infinite rate": ("1e-2", ".inf", "defaults.optimizer.sgd.learning_rate", "received inf"),
    "fractions": ("test: 0.1", "test: 0.2", "splits.80-10-10", "add up to 1.1"),
    "unknown split": ("plain: {", "plain: {split: 70-20-10, ", "experiments.plain.split", "70-20-10"),
    "duplicate key": ("study: small", "study: small\nstudy: other", "'study'", "given twice"),
    "duplicate experiment": ("  augmented", "  plain: {}\n  augmented", "'plain'", "given twice"),
    "missing source": ("generate: {count: 100}", "source: nowhere.zip", "photos.source", "nowhere.zip"),
    "two sources": ("generate: {", "source: a.zip, generate: {", "photos", "not both"),
    "one class": ("[cat, dog]", "[cat, Cat]", "classes", "different"),
    "three classes": ("[cat, dog]", "[cat, dog, bird]", "classes", "received"),
    "wrong dropouts": ("plain: {", "plain: {network: {filters: [8, 8]}, ", "experiments.plain.network", "3 dropouts"),
    "small photos": ("plain: {", "plain: {image_size: 4, ", "experiments.plain.image_size", "received 4"),
    "bad brightness": ("zoom: 0.1", "brightness: [1.2, 0.8]", "experiments.augmented.augmentation", "low to high"),
    "path as name": ("plain:", "../plain:", "experiments", "pattern"),
    "empty space": ("plain: {", "plain: {search: {space: {}}, ", "experiments.plain.search.space", "one or more of"),
    "unknown hyper-parameter": (*in_space("units: 3"), "experiments.plain.search.space.units", "unknown key"),
    "range downwards": (*in_space("dense_units: {low: 9, high: 8, step: 1}"), "space.dense_units", "low to high"),
    "range without step": (*in_space("dense_units: {low: 8, high: 9}"), "space.dense_units.step", "required"),
    "step 0": (*in_space("dropout: [{low: 0.1, high: 0.2, step: 0.0}]"), "space.dropout.0.step", "received 0.0"),
    "dropout 1": (*in_space("dropout: [{low: 0.1, high: 1.0, step: 0.1}]"), "space.dropout.0.high", "received 1.0"),
    "searched dropouts": (*in_space("filters: [{low: 1, high: 2, step: 1}]"), "experiments.plain", "2 dropouts"),
    "searched blocks": (*in_space(f"filters: [{BLOCKS}], dropout: [{RATES}]"), "experiments.plain", "1024 pixels"),
    "optimizer twice": (*in_space("optimizer: [adam, adam]"), "search.space", "different names"),
    "search seed 0": (
        "plain: {",
        "plain: {search: {seed: 0, space: {optimizer: [adam]}}, ",
        "search.seed",
        "received 0",
    ),
    "unknown table": ("plain: {", "plain: {table: others, ", "experiments.plain.table", "received 'others'"),
    "not a mapping": ("  plain: {color: grayscale}", "  plain: 3", "experiments.plain", "received 3"),
}


@pytest.mark.parametrize(("old", "new", "key", "reason"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_refused_naming_file_and_key(tmp_path, old, new, key, reason):
    assert_refused(tmp_path, VALID.replace(old, new), key, reason)


def assert_refused(tmp_path, text, key, reason):
    with pytest.raises(ConfigError) as refusal:
        read(tmp_path, text)
    assert str(tmp_path / "study.yaml") in str(refusal.value)
    assert key in str(refusal.value)
    assert reason in str(refusal.value)


def test_a_fault_is_told_on_one_line_whatever_the_key_holds(tmp_path):
    with pytest.raises(ConfigError) as refusal:
        read(tmp_path, VALID.replace("plain: {", 'plain: {"a\\n\\rb": 1, '))
    assert len(str(refusal.value).splitlines()) == 1


def test_a_fault_in_the_defaults_is_told_once(tmp_path):
    with pytest.raises(ConfigError) as refusal:
        read(tmp_path, VALID.replace("defaults: {", "defaults: {epochs: 0, "))
    assert str(refusal.value).splitlines() == [
        f"{tmp_path / 'study.yaml'}: defaults.epochs: Input should be greater than or equal to 1 (received 0)"
    ]


@pytest.mark.parametrize("text", ["", "[1, 2]", "a: [", "just words", "experiments: 3"])
def test_what_is_no_study_is_refused(tmp_path, text):
    with pytest.raises(ConfigError, match=r"study\.yaml"):
        read(tmp_path, text)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nothing\.yaml"):
        load_study(tmp_path / "nothing.yaml")


def test_the_json_schema_in_the_workflow_is_the_present_one():
    written = json.loads((REPOSITORY / "workflow" / "config.schema.json").read_text(encoding="utf-8"))
    assert written == schema(), "run `make format`"


PRETRAINED = VALID.replace(
    "experiments:",
    "weights: {vgg16: imagenet}\nexperiments:\n"
    "  transfer: {augment: true, network: {backbone: vgg16, head: {pooling: flatten, dense_units: [8]}}}\n"
    "  finetune: {start_from: transfer, thaw: everything, optimizer: {name: sgd, learning_rate: 1e-5}}\n",
)


def test_a_fine_tuning_takes_what_it_does_not_say_from_what_it_starts_from(tmp_path):
    experiments = read(tmp_path, PRETRAINED).experiments
    transfer, finetune = experiments["transfer"], experiments["finetune"]
    assert finetune.network == transfer.network
    assert finetune.augment
    assert (transfer.thaw, finetune.thaw) == ("nothing", "everything")
    assert finetune.optimizer.learning_rate == 1e-5


def test_an_optional_group_is_part_of_the_study_where_it_is_included(tmp_path):
    grouped = VALID.replace("plain: {", "plain: {group: extra, table: ablations, ")
    study = read(tmp_path, grouped)
    assert [*study.included()] == ["augmented"]
    assert study.groups() == {"extra": ["plain"]}
    assert study.tables() == ["base", "all"]
    assert [one["name"] for one in json.loads(study.outline("a.yaml"))["experiments"]] == ["augmented"]
    more = read(tmp_path, grouped, ["include=[extra]"])
    assert [*more.included()] == ["plain", "augmented"]
    assert more.tables() == ["base", "ablations", "all"]
    assert more.experiments["plain"].spec() == read(tmp_path, VALID).experiments["plain"].spec()


def test_the_full_study_has_fifteen_experiments_and_two_optional_groups():
    study = load_study(REPOSITORY / "config" / "full.yaml")
    assert len(study.included()) == 15
    assert {name: len(members) for name, members in study.groups().items()} == {"ablations": 8, "backbones": 4}
    base = json.loads(study.experiments["base-801010-rgb-aug"].spec())
    for name in study.groups()["ablations"]:
        own = json.loads(study.experiments[name].spec())
        assert len([key for key in base if own[key] != base[key]]) == 1, name
    sizes = [study.experiments[name].batch_size for name in study.groups()["ablations"]]
    assert sorted({*sizes, base["batch_size"]}) == [16, 32, 64, 128, 256]


GROUP_FAULTS = {
    "unknown group": ("study: small", "study: small\ninclude: [extra]", "include", "groups are none"),
    "nothing left": ("defaults: {", "defaults: {group: extra, ", "include", "every experiment is of an optional group"),
    "start left out": ("transfer: {", "transfer: {group: extra, ", "experiments.finetune.group", "expected the same"),
}


@pytest.mark.parametrize(("old", "new", "key", "reason"), GROUP_FAULTS.values(), ids=GROUP_FAULTS)
def test_a_fault_in_the_groups_is_refused(tmp_path, old, new, key, reason):
    text = (
        PRETRAINED.replace("start_from: transfer", "start_from: transfer, group: null") if "transfer" in old else VALID
    )
    assert_refused(tmp_path, text.replace(old, new), key, reason)


PRETRAINED_FAULTS = {
    "unknown start": ("start_from: transfer", "start_from: transfr", "experiments.finetune.start_from", "'transfr'"),
    "circle": ("transfer: {", "transfer: {start_from: finetune, ", "experiments.transfer.start_from", "circle"),
    "other split": (
        "finetune: {",
        "finetune: {image_size: 64, ",
        "experiments.finetune.image_size",
        "must keep its image_size",
    ),
    "unknown backbone": ("backbone: vgg16", "backbone: vgg61", "experiments.transfer.network.pretrained", "'vgg61'"),
    "no weights": ("weights: {vgg16: imagenet}", "weights: {vgg19: imagenet}", "weights.vgg16", "experiments.transfer"),
    "no file": ("vgg16: imagenet", "vgg16: nowhere.h5", "weights.vgg16", "no file 'nowhere.h5'"),
    "gray": ("transfer: {", "transfer: {color: grayscale, ", "experiments.transfer", "takes rgb"),
    "searched": (
        "transfer: {",
        "transfer: {search: {space: {optimizer: [adam]}}, ",
        "experiments.transfer",
        "only a convolutional network can be searched",
    ),
    "thawed from scratch": ("plain: {", "plain: {thaw: everything, ", "experiments.plain", "only a pretrained network"),
}


@pytest.mark.parametrize(("old", "new", "key", "reason"), PRETRAINED_FAULTS.values(), ids=PRETRAINED_FAULTS)
def test_a_fault_of_a_pretrained_experiment_is_refused(tmp_path, old, new, key, reason):
    assert_refused(tmp_path, PRETRAINED.replace(old, new), key, reason)
