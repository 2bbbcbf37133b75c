"""Studies: their files, defaults, overrides, groups and JSON, and those that are included."""

import json
from pathlib import Path

import pytest
import yaml
from small_study import PRETRAINED, VALID, read

from canigatti.config import ConfigError, Study, load_study, parse_study, schema
from canigatti.search.space import hyperparameters

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["full", "laptop", "demo"])
def test_the_shipped_configurations_are_valid(name):
    study = load_study(REPOSITORY / "config" / f"{name}.yaml")
    assert study.study == name
    assert [*study.experiments][:2] == ["base-641620-gray", "base-641620-gray-aug"]


def test_accuracy_ranks_unless_the_configuration_names_another_metric(tmp_path):
    assert read(tmp_path, VALID).outline("study.yaml").rank_by == "accuracy"
    assert read(tmp_path, f"{VALID}\nrank_by: macro_f1\n").outline("study.yaml").rank_by == "macro_f1"
    with pytest.raises(ConfigError, match=r"rank_by: .*'accuracy', 'balanced_accuracy', .*received 'precision'"):
        read(tmp_path, f"{VALID}\nrank_by: precision\n")


def test_the_full_study_has_the_settings_of_the_original():
    study = load_study(REPOSITORY / "config" / "full.yaml")
    spec = study.experiments["base-801010-rgb-aug"].resolve()
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


def test_an_experiment_inherits_missing_keys_from_the_defaults(tmp_path):
    experiments = read(tmp_path, VALID).experiments
    assert experiments["plain"].color == "grayscale"
    assert experiments["augmented"].color == "rgb"
    assert experiments["augmented"].optimizer.learning_rate == 0.01


def test_tables_without_experiments_are_left_out(tmp_path):
    text = VALID.replace("defaults: {", "defaults: {table: ablations, ")
    assert read(tmp_path, text).tables() == ["ablations", "all"]


def test_overrides_replace_single_entries(tmp_path):
    study = read(tmp_path, VALID, ["photos={generate: {seed: 7}}", "seeds=[1, 2]"])
    assert study.photos.generate.model_dump() == {"count": 100, "seed": 7}
    assert study.seeds == (1, 2)


def test_an_override_can_remove_an_entry(tmp_path):
    with_hash = VALID.replace("generate: {count: 100}", f"source: nowhere.zip, sha256: {'a' * 64}")
    photos = read(tmp_path, with_hash, [f"photos={{source: {tmp_path}, sha256: null}}"]).photos
    assert (photos.source, photos.sha256) == (str(tmp_path), None)


@pytest.mark.parametrize("count", [3, 1000])
def test_a_study_has_up_to_a_thousand_classes(tmp_path, count):
    names = [f"class {number}" for number in range(count)]
    text = VALID.replace("[cat, dog]", str(names)).replace("generate: {count: 100}", f"source: {tmp_path}")
    assert read(tmp_path, text).classes == tuple(names)


def test_classes_may_be_left_out(tmp_path):
    study = read(tmp_path, VALID.replace("classes: [cat, dog]\n", ""))
    assert study.classes is None
    assert Study.from_json(study.to_json()) == study


def test_a_configuration_in_memory_is_the_same_study_as_its_file(tmp_path):
    raw = yaml.safe_load(PRETRAINED.replace("1e-2", "0.01").replace("1e-5", "0.00001"))
    assert parse_study(raw, "module") == read(tmp_path, PRETRAINED)


@pytest.mark.parametrize("name", ["full", "laptop", "demo"])
def test_a_shipped_study_is_read_back_from_json(name):
    study = load_study(REPOSITORY / "config" / f"{name}.yaml")
    assert Study.from_json(study.to_json()) == study


def test_every_key_has_a_description_in_the_schema():
    definitions = {"Study": schema(), **schema()["$defs"]}
    missing = [
        f"{name}.{key}"
        for name, definition in definitions.items()
        for key, details in definition.get("properties", {}).items()
        if not details.get("description", "").endswith((".", "…"))
    ]
    assert missing == []


def test_the_json_schema_in_the_workflow_is_up_to_date():
    written = json.loads((REPOSITORY / "workflow" / "config.schema.json").read_text(encoding="utf-8"))
    assert written == schema(), "run `make format`"


def test_a_fine_tuned_experiment_inherits_from_the_experiment_it_starts_from(tmp_path):
    experiments = read(tmp_path, PRETRAINED).experiments
    transfer, finetune = experiments["transfer"], experiments["finetune"]
    assert finetune.network == transfer.network
    assert finetune.augment
    assert (transfer.unfreeze, finetune.unfreeze) == ("nothing", "everything")
    assert (transfer.resize, finetune.resize) == ("pad", "pad")
    assert finetune.optimizer.learning_rate == 1e-5


def test_an_optional_group_is_part_of_the_study_if_it_is_included(tmp_path):
    grouped = VALID.replace("plain: {", "plain: {group: extra, table: ablations, ")
    study = read(tmp_path, grouped)
    assert [*study.included()] == ["augmented"]
    assert study.groups() == {"extra": ["plain"]}
    assert study.tables() == ["base", "all"]
    assert [experiment.name for experiment in study.outline("a.yaml").experiments] == ["augmented"]
    larger = read(tmp_path, grouped, ["include=[extra]"])
    assert [*larger.included()] == ["plain", "augmented"]
    assert larger.tables() == ["base", "ablations", "all"]
    assert larger.experiments["plain"].resolve() == read(tmp_path, VALID).experiments["plain"].resolve()


def test_the_full_study_has_fifteen_experiments_and_two_optional_groups():
    study = load_study(REPOSITORY / "config" / "full.yaml")
    assert len(study.included()) == 15
    assert {name: len(members) for name, members in study.groups().items()} == {"ablations": 8, "backbones": 4}
    base = study.experiments["base-801010-rgb-aug"].resolve().model_dump()
    for name in study.groups()["ablations"]:
        spec = study.experiments[name].resolve().model_dump()
        assert len([key for key in base if spec[key] != base[key]]) == 1, name
    sizes = [study.experiments[name].batch_size for name in study.groups()["ablations"]]
    assert sorted({*sizes, base["batch_size"]}) == [16, 32, 64, 128, 256]
