import json
from pathlib import Path

import pytest
import yaml

from canigatti.config import (
    ConfigError,
    Experiment,
    Outline,
    OutlinedExperiment,
    SearchSpec,
    Spec,
    Square,
    Study,
    load_study,
    parse_study,
    schema,
)
from canigatti.files import InputError
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


def test_an_experiment_inherits_missing_keys_from_the_defaults(tmp_path):
    experiments = read(tmp_path, VALID).experiments
    assert experiments["plain"].color == "grayscale"
    assert experiments["augmented"].color == "rgb"
    assert experiments["augmented"].optimizer.learning_rate == 0.01


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


def test_the_error_of_an_override_that_is_not_yaml_names_it(tmp_path):
    with pytest.raises(ConfigError, match=r"--config seeds=\[1: "):
        read(tmp_path, VALID, ["seeds=[1"])


BLOCKS = ", ".join(["{low: 1, high: 2, step: 1}"] * 10)
RATES = ", ".join(["{low: 0.1, high: 0.2, step: 0.1}"] * 11)


def in_space(text):
    return "plain: {", f"plain: {{search: {{space: {{{text}}}}}, "


INVALID = {
    "unknown optimizer": (
        "plain: {",
        "plain: {optimizer: {name: sdg}, ",
        "experiments.plain.optimizer",
        "received 'sdg'",
    ),
    "optimizer without name": (
        *("plain: {", "plain: {optimizer: {learning_rate: 0.1}, "),
        *("experiments.plain.optimizer", "the key name is required: this replaces the whole optimizer, not only"),
    ),
    "mistyped key": ("plain: {", "plain: {batchsize: 8, ", "experiments.plain.batchsize", "unknown key"),
    "batch size 0": ("plain: {", "plain: {batch_size: 0, ", "experiments.plain.batch_size", "received 0"),
    "batch size as text": ("plain: {", "plain: {batch_size: '8', ", "experiments.plain.batch_size", "received '8'"),
    "infinite rate": ("1e-2", ".inf", "defaults.optimizer.sgd.learning_rate", "received inf"),
    "fractions": ("test: 0.1", "test: 0.2", "splits.80-10-10", "add up to 1.1"),
    "unknown split": ("plain: {", "plain: {split: 70-20-10, ", "experiments.plain.split", "70-20-10"),
    "duplicate key": ("study: small", "study: small\nstudy: other", "'study'", "duplicate key"),
    "duplicate experiment": ("  augmented", "  plain: {}\n  augmented", "'plain'", "duplicate key"),
    "missing source": ("generate: {count: 100}", "source: nowhere.zip", "photos.source", "nowhere.zip"),
    "two sources": ("generate: {", "source: a.zip, generate: {", "photos", "not both"),
    "one class": ("[cat, dog]", "[cat, Cat]", "classes", "different"),
    "generated classes": ("[cat, dog]", "[cat, dog, bird]", "classes", "photos.generate draws two classes, received 3"),
    "class of one": ("[cat, dog]", "[cat]", "classes", "classes: expected 2 to 1,000 names, received 1"),
    "no classes": ("[cat, dog]", "[]", "classes", "classes: expected 2 to 1,000 names, received 0"),
    "too many classes": ("[cat, dog]", f"{[f'c{n}' for n in range(1001)]}", "classes", "1,000 names, received 1,001"),
    "long classes": (
        "[cat, dog]",
        f"{[f'{n:0100}' for n in range(1000)]}",
        "classes",
        "at most 100,000 bytes together",
    ),
    "same class": ("[cat, dog]", "[cat, owl, Chi\u00ean, chie\u0302n]", "classes", "different"),
    "empty class": ("[cat, dog]", "[cat, ' ']", "classes", "printable"),
    "path as class": ("[cat, dog]", "[cat, owl, a/b]", "classes", "received 'a/b'"),
    "one text": ("[cat, dog]", "cat", "classes", "received 'cat'"),
    "wrong dropouts": (
        "plain: {",
        "plain: {network: {filters: [8, 8]}, ",
        "experiments.plain.network",
        "3 dropout rates",
    ),
    "small photos": ("plain: {", "plain: {image_size: 4, ", "experiments.plain.image_size", "received 4"),
    "bad brightness": (
        "zoom: 0.1",
        "brightness: [1.2, 0.8]",
        "experiments.augmented.augmentation",
        "expected [low, high]",
    ),
    "path as name": ("plain:", "../plain:", "experiments", "pattern"),
    "empty space": ("plain: {", "plain: {search: {space: {}}, ", "experiments.plain.search.space", "one or more of"),
    "unknown hyperparameter": (*in_space("units: 3"), "experiments.plain.search.space.units", "unknown key"),
    "range downwards": (*in_space("dense_units: {low: 9, high: 8, step: 1}"), "space.dense_units", "low ≤ high"),
    "range without step": (*in_space("dense_units: {low: 8, high: 9}"), "space.dense_units.step", "required"),
    "step 0": (*in_space("dropout: [{low: 0.1, high: 0.2, step: 0.0}]"), "space.dropout.0.step", "received 0.0"),
    "dropout 1": (*in_space("dropout: [{low: 0.1, high: 1.0, step: 0.1}]"), "space.dropout.0.high", "received 1.0"),
    "searched dropouts": (*in_space("filters: [{low: 1, high: 2, step: 1}]"), "experiments.plain", "2 dropout rates"),
    "searched blocks": (*in_space(f"filters: [{BLOCKS}], dropout: [{RATES}]"), "experiments.plain", "1024 pixels"),
    "optimizer twice": (*in_space("optimizer: [adam, adam]"), "search.space", "different names"),
    "search seed 0": (
        "plain: {",
        "plain: {search: {seed: 0, space: {optimizer: [adam]}}, ",
        "search.seed",
        "received 0",
    ),
    "rates downwards": (*in_space("learning_rate: {low: 0.1, high: 0.01, values: 3}"), "learning_rate", "low < high"),
    "one rate": (*in_space("learning_rate: {low: 0.01, high: 0.1, values: 1}"), "learning_rate.values", "received 1"),
    "number of rates": (*in_space("learning_rate: {low: 0.01, high: 0.1}"), "learning_rate.values", "required"),
    "rate 0": (*in_space("learning_rate: {low: 0.0, high: 0.1, values: 3}"), "learning_rate.low", "received 0.0"),
    "close rates": (*in_space("learning_rate: {low: 0.1, high: 0.11, values: 9}"), "learning_rate", "2% or more"),
    "searched batch 0": (*in_space("batch_size: [8, 0]"), "search.space.batch_size.1", "received 0"),
    "batch size twice": (*in_space("batch_size: [8, 8]"), "search.space", "batch_size: expected different numbers"),
    "no batch size": (*in_space("batch_size: []"), "search.space.batch_size", "at least 1"),
    "unknown pooling": (*in_space("pooling: [maximum]"), "search.space.pooling.0", "received 'maximum'"),
    "head": (*in_space("head: {pooling: [average]}"), "experiments.plain", "search.space.head: only a pretrained"),
    "empty head": (*in_space("head: {}"), "experiments.plain.search.space.head", "one or more of pooling, dense_units"),
    "warm-up of all epochs": (
        *("plain: {", "plain: {epochs: 3, schedule: {name: cosine, warmup_epochs: 3}, "),
        *("experiments.plain", "schedule.warmup_epochs: expected fewer than the 3 epochs, received 3"),
    ),
    "warm-up of a search": (
        "plain: {",
        "plain: {schedule: {name: cosine, warmup_epochs: 3}, search: {epochs: 3, space: {optimizer: [adam]}}, ",
        *("experiments.plain", "search.epochs: expected more than the 3 of schedule.warmup_epochs, received 3"),
    ),
    "negative warm-up": (
        *("plain: {", "plain: {schedule: {name: cosine, warmup_epochs: -1}, "),
        *("experiments.plain.schedule.cosine.warmup_epochs", "received -1"),
    ),
    "late plateau": (
        *("plain: {", "plain: {schedule: {name: plateau, patience: 5}, "),
        *("experiments.plain", "schedule.patience: expected fewer than the 5 of early_stopping.patience"),
    ),
    "factor 1": (
        *("plain: {", "plain: {schedule: {name: plateau, factor: 1.0}, "),
        *("experiments.plain.schedule.plateau.factor", "received 1.0"),
    ),
    "schedule without name": (
        *("plain: {", "plain: {schedule: {warmup_epochs: 2}, "),
        *("experiments.plain.schedule", "the key name is required: this replaces the whole schedule"),
    ),
    "unknown schedule": (
        *("plain: {", "plain: {schedule: {name: linear}, "),
        *("experiments.plain.schedule", "expected one of the names 'cosine', 'plateau', received 'linear'"),
    ),
    "smoothing of 1": ("plain: {", "plain: {label_smoothing: 1.0, ", "experiments.plain.label_smoothing", "1.0"),
    "negative smoothing": ("plain: {", "plain: {label_smoothing: -0.1, ", "plain.label_smoothing", "received -0.1"),
    "mixed precision": ("plain: {", "plain: {mixed_precision: float16, ", "plain.mixed_precision", "'float16'"),
    "weight decay of sgd": (
        *("plain: {", "plain: {optimizer: {name: sgd, weight_decay: 0.1}, "),
        *("experiments.plain.optimizer.sgd.weight_decay", "unknown key"),
    ),
    "pooling": ("plain: {", "plain: {network: {pooling: max}, ", "experiments.plain.network.convolutional", "'max'"),
    "balanced twice": (
        "plain: {",
        "plain: {class_weight: balanced, oversample: true, ",
        "experiments.plain",
        "class_weight: expected null with oversample: true",
    ),
    "unknown resize mode": (
        "plain: {",
        "plain: {resize: stretch, ",
        "experiments.plain.resize",
        "received 'stretch'",
    ),
    "unknown table": ("plain: {", "plain: {table: others, ", "experiments.plain.table", "received 'others'"),
    "not a mapping": ("  plain: {color: grayscale}", "  plain: 3", "experiments.plain", "received 3"),
}


@pytest.mark.parametrize("count", [3, 1000])
def test_a_study_has_up_to_a_thousand_classes(tmp_path, count):
    names = [f"class {number}" for number in range(count)]
    text = VALID.replace("[cat, dog]", str(names)).replace("generate: {count: 100}", f"source: {tmp_path}")
    assert read(tmp_path, text).classes == tuple(names)


def test_classes_may_be_left_out(tmp_path):
    study = read(tmp_path, VALID.replace("classes: [cat, dog]\n", ""))
    assert study.classes is None
    assert Study.from_json(study.to_json()) == study


@pytest.mark.parametrize(("old", "new", "key", "reason"), INVALID.values(), ids=INVALID)
def test_a_validation_error_names_file_and_key(tmp_path, old, new, key, reason):
    assert_rejected(tmp_path, VALID.replace(old, new), key, reason)


def assert_rejected(tmp_path, text, key, reason):
    with pytest.raises(ConfigError) as error:
        read(tmp_path, text)
    assert str(tmp_path / "study.yaml") in str(error.value)
    assert key in str(error.value)
    assert reason in str(error.value)


def test_a_validation_error_is_on_one_line_whatever_the_key_contains(tmp_path):
    with pytest.raises(ConfigError) as error:
        read(tmp_path, VALID.replace("plain: {", 'plain: {"a\\n\\rb": 1, '))
    assert len(str(error.value).splitlines()) == 1


def test_a_validation_error_in_the_defaults_is_reported_once(tmp_path):
    with pytest.raises(ConfigError) as error:
        read(tmp_path, VALID.replace("defaults: {", "defaults: {epochs: 0, "))
    assert str(error.value).splitlines() == [
        f"{tmp_path / 'study.yaml'}: defaults.epochs: Input should be greater than or equal to 1 (received 0)"
    ]


def test_a_configuration_in_memory_is_the_same_study_as_its_file(tmp_path):
    raw = yaml.safe_load(PRETRAINED.replace("1e-2", "0.01").replace("1e-5", "0.00001"))
    assert parse_study(raw, "module") == read(tmp_path, PRETRAINED)


def test_the_error_of_a_configuration_in_memory_names_its_origin():
    raw = yaml.safe_load(VALID.replace("1e-2", "0.01"))
    raw["experiments"]["plain"]["batchsize"] = 8
    with pytest.raises(ConfigError, match=r"^config of a module: experiments\.plain\.batchsize: unknown key"):
        parse_study(raw, "config of a module")
    del raw["experiments"]["plain"]["batchsize"]
    with pytest.raises(ConfigError, match=r"^config of a module: photos\.source: no such file or folder: 'nowhere'"):
        parse_study({**raw, "photos": {"source": "nowhere"}}, "config of a module")


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


@pytest.mark.parametrize("text", ["", "[1, 2]", "a: [", "just words", "experiments: 3"])
def test_a_file_without_a_study_is_rejected(tmp_path, text):
    with pytest.raises(ConfigError, match=r"study\.yaml"):
        read(tmp_path, text)


def test_the_error_of_a_missing_file_names_it(tmp_path):
    with pytest.raises(ConfigError, match=r"nothing\.yaml"):
        load_study(tmp_path / "nothing.yaml")


def test_the_json_schema_in_the_workflow_is_up_to_date():
    written = json.loads((REPOSITORY / "workflow" / "config.schema.json").read_text(encoding="utf-8"))
    assert written == schema(), "run `make format`"


PRETRAINED = VALID.replace(
    "experiments:",
    "weights: {vgg16: imagenet}\nexperiments:\n"
    "  transfer: {augment: true, resize: pad, network: {backbone: vgg16, head: {pooling: flatten, dense_units: [8]}}}\n"
    "  finetune: {start_from: transfer, unfreeze: everything, optimizer: {name: sgd, learning_rate: 1e-5}}\n",
)


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


INVALID_GROUPS = {
    "unknown group": ("study: small", "study: small\ninclude: [extra]", "include", "groups are none"),
    "nothing left": ("defaults: {", "defaults: {group: extra, ", "include", "every experiment is in an optional group"),
    "start not included": ("transfer: {", "transfer: {group: extra, ", "experiments.finetune.group", "expected extra"),
}


@pytest.mark.parametrize(("old", "new", "key", "reason"), INVALID_GROUPS.values(), ids=INVALID_GROUPS)
def test_a_validation_error_of_a_group_names_file_and_key(tmp_path, old, new, key, reason):
    text = (
        PRETRAINED.replace("start_from: transfer", "start_from: transfer, group: null") if "transfer" in old else VALID
    )
    assert_rejected(tmp_path, text.replace(old, new), key, reason)


INVALID_PRETRAINED = {
    "unknown start": ("start_from: transfer", "start_from: transfr", "experiments.finetune.start_from", "'transfr'"),
    "cycle": (
        "transfer: {",
        "transfer: {start_from: finetune, ",
        "experiments.transfer.start_from",
        "expected no cycle",
    ),
    "other split": (
        "finetune: {",
        "finetune: {image_size: 64, ",
        "experiments.finetune.image_size",
        "expected that of transfer",
    ),
    "other resize mode": (
        "finetune: {",
        "finetune: {resize: crop, ",
        "experiments.finetune.resize",
        "expected that of transfer",
    ),
    "unknown backbone": ("backbone: vgg16", "backbone: vgg61", "experiments.transfer.network.pretrained", "'vgg61'"),
    "no weights": ("weights: {vgg16: imagenet}", "weights: {vgg19: imagenet}", "weights.vgg16", "experiments.transfer"),
    "no file": ("vgg16: imagenet", "vgg16: nowhere.h5", "weights.vgg16", "no such file: 'nowhere.h5'"),
    "gray": ("transfer: {", "transfer: {color: grayscale, ", "experiments.transfer", "expects rgb"),
    "searched filters": (
        "transfer: {",
        "transfer: {search: {space: {filters: [{low: 1, high: 2, step: 1}]}}, ",
        "experiments.transfer",
        "search.space.filters: only a convolutional network has it",
    ),
    "searched dense layer": (
        "transfer: {",
        "transfer: {search: {space: {dense_units: {low: 1, high: 2, step: 1}}}, ",
        "experiments.transfer",
        "search.space.dense_units: only a convolutional network has it; a pretrained network has head",
    ),
    "searched pooling": (
        "transfer: {",
        "transfer: {search: {space: {pooling: [average]}}, ",
        "experiments.transfer",
        "search.space.pooling: only a convolutional network has it",
    ),
    "searched fine-tuning": (
        "finetune: {",
        "finetune: {search: {space: {learning_rate: {low: 1e-5, high: 1e-3, values: 3}}}, ",
        "experiments.finetune.search",
        "expected no search with start_from",
    ),
    "unfrozen from scratch": (
        *("plain: {", "plain: {unfreeze: everything, "),
        *("experiments.plain", "only a pretrained network"),
    ),
    "old key": ("unfreeze:", "thaw:", "experiments.finetune.thaw", "this key has been renamed to unfreeze"),
}


@pytest.mark.parametrize(("old", "new", "key", "reason"), INVALID_PRETRAINED.values(), ids=INVALID_PRETRAINED)
def test_a_validation_error_of_a_pretrained_experiment_names_file_and_key(tmp_path, old, new, key, reason):
    assert_rejected(tmp_path, PRETRAINED.replace(old, new), key, reason)
