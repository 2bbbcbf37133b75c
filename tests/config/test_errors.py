"""Invalid configurations: the message names the file and the key, on one line."""

import pytest
import yaml
from small_study import PRETRAINED, VALID, read

from canigatti.config import ConfigError, load_study, parse_study


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
    "mistyped key": ("plain: {", "plain: {batchsize: 8, ", "plain.batchsize", "unknown key; did you mean batch_size?"),
    "mistyped key of a list": (
        *in_space("filters: [{low: 1, hihg: 2, step: 1}]"),
        *("experiments.plain.search.space.filters.0.hihg", "unknown key; did you mean high?"),
    ),
    "mistyped key of a network": (
        *("plain: {", "plain: {network: {filter: [8]}, "),
        *("experiments.plain.network.filter:", "unknown key; did you mean filters?"),
    ),
    "mistyped key of the study": ("study: small", "study: small\nsede: 1", "sede", "unknown key; did you mean seeds?"),
    "key like a tag": ("study: small", "study: small\n<a>: 1", "<a>", "unknown key"),
    "unknown key of a split": (
        *("{train", "{some: 0.1, train"),
        *("splits.80-10-10.some", "unknown key; expected seed, test, train, validation"),
    ),
    "rate as text": ("1e-2", "'2e-5'", "defaults.optimizer.learning_rate", "this is text to YAML; write 2.0e-05"),
    "batch size 0": ("plain: {", "plain: {batch_size: 0, ", "experiments.plain.batch_size", "received 0"),
    "batch size as text": ("plain: {", "plain: {batch_size: '8', ", "experiments.plain.batch_size", "received '8'"),
    "infinite rate": ("1e-2", ".inf", "defaults.optimizer.learning_rate", "received inf"),
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
    "factor of a random search": (
        "plain: {",
        "plain: {search: {factor: 2, space: {optimizer: [adam, sgd]}}, ",
        *("experiments.plain.search", "factor: expected method: halving, received random"),
    ),
    "rounds of halving": (
        "plain: {",
        "plain: {search: {method: halving, round_trials: 2, space: {optimizer: [adam, sgd]}}, ",
        *("experiments.plain.search", "round_trials: expected method: bayesian, received halving"),
    ),
    "too few epochs for the rungs": (
        "plain: {",
        "plain: {search: {method: halving, epochs: 7, space: {optimizer: [adam, sgd]}}, ",
        *("experiments.plain.search", "epochs: expected 8 or more, so that the first of 4 rungs has one, received 7"),
    ),
    "only random trials": (
        "plain: {",
        "plain: {search: {method: bayesian, trials: 5, space: {optimizer: [adam, sgd]}}, ",
        *("experiments.plain.search", "trials: expected more than the 5 of initial_trials, received 5"),
    ),
    "unknown method": (
        "plain: {",
        "plain: {search: {method: grid, space: {optimizer: [adam, sgd]}}, ",
        *("experiments.plain.search.method", "received 'grid'"),
    ),
    "giving up with balanced classes": (
        "plain: {",
        "plain: {oversample: true, early_stopping: {give_up_after: 3}, ",
        *("experiments.plain", "early_stopping.give_up_after: expected null with balanced classes"),
    ),
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
        *("experiments.plain.schedule.warmup_epochs", "received -1"),
    ),
    "late plateau": (
        *("plain: {", "plain: {schedule: {name: plateau, patience: 5}, "),
        *("experiments.plain", "schedule.patience: expected fewer than the 5 of early_stopping.patience"),
    ),
    "factor 1": (
        *("plain: {", "plain: {schedule: {name: plateau, factor: 1.0}, "),
        *("experiments.plain.schedule.factor", "received 1.0"),
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
        *("experiments.plain.optimizer.weight_decay", "unknown key; expected learning_rate, momentum, name, nesterov"),
    ),
    "pooling": ("plain: {", "plain: {network: {pooling: max}, ", "experiments.plain.network.pooling", "'max'"),
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


def test_the_error_of_a_configuration_in_memory_names_its_origin():
    raw = yaml.safe_load(VALID.replace("1e-2", "0.01"))
    raw["experiments"]["plain"]["batchsize"] = 8
    with pytest.raises(ConfigError, match=r"^config of a module: experiments\.plain\.batchsize: unknown key"):
        parse_study(raw, "config of a module")
    del raw["experiments"]["plain"]["batchsize"]
    with pytest.raises(ConfigError, match=r"^config of a module: photos\.source: no such file or folder: 'nowhere'"):
        parse_study({**raw, "photos": {"source": "nowhere"}}, "config of a module")


@pytest.mark.parametrize("text", ["", "[1, 2]", "a: [", "just words", "experiments: 3"])
def test_a_file_without_a_study_is_rejected(tmp_path, text):
    with pytest.raises(ConfigError, match=r"study\.yaml"):
        read(tmp_path, text)


def test_the_error_of_a_missing_file_names_it(tmp_path):
    with pytest.raises(ConfigError, match=r"nothing\.yaml"):
        load_study(tmp_path / "nothing.yaml")


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
    "unknown backbone": ("backbone: vgg16", "backbone: vgg61", "experiments.transfer.network", "'vgg61'"),
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
