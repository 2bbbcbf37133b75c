"""Robustness, test-time augmentation and learning curves in a configuration."""

import json

import pytest
import yaml
from small_study import PRETRAINED, VALID, read

from canigatti.config import ConfigError, Experiment, Outline, OutlinedExperiment, Study

CURVE = "learning_curve: {experiment: augmented, fractions: [1/4, 1, 0.5, 1/16], seeds: [1, 2]}\n"


def with_key(text, base=VALID):
    return base + text


def refusal(tmp_path, text, base=VALID):
    with pytest.raises(ConfigError) as error:
        read(tmp_path, with_key(text, base))
    return str(error.value).partition("study.yaml: ")[2]


def test_without_these_keys_the_outline_has_none_of_them(tmp_path):
    """Otherwise, the report of every existing study would run again."""
    outline = read(tmp_path, VALID).outline("study.yaml")
    assert not {"robustness", "test_time_augmentation", "learning_curve"} & json.loads(outline.to_json()).keys()
    assert Outline.from_json(outline.to_json()) == outline


@pytest.mark.parametrize("key", ["robustness", "test_time_augmentation"])
def test_experiments_are_selected_in_the_order_of_the_study(tmp_path, key):
    study = read(tmp_path, with_key(f"{key}: {{experiments: [augmented, plain]}}\n"))
    outline = study.outline("study.yaml")
    assert getattr(outline, key) == ("plain", "augmented")
    assert Outline.from_json(outline.to_json()) == outline
    assert refusal(tmp_path, f"{key}: {{experiments: [dull]}}\n") == f"{key}.experiments: no experiment is named 'dull'"
    assert refusal(tmp_path, f"{key}: {{experiments: [plain, plain]}}\n") == f"{key}.experiments: plain is listed twice"
    assert "at least 1 item" in refusal(tmp_path, f"{key}: {{experiments: []}}\n")
    assert refusal(tmp_path, f"{key}: {{experiment: plain}}\n").startswith(f"{key}.experiments: this key is required")


def test_an_experiment_of_a_group_that_is_not_included_is_not_measured_further(tmp_path):
    text = VALID.replace("plain: {", "plain: {group: extra, ")
    text += "robustness: {experiments: [plain, augmented]}\nlearning_curve: {experiment: plain}\n"
    study = read(tmp_path, text)
    outline = study.outline(None)
    assert (outline.robustness, outline.learning_curve, study.curve_experiments()) == (("augmented",), None, {})
    included = read(tmp_path, text + "include: [extra]\n").outline(None)
    assert included.robustness == ("plain", "augmented")
    assert included.learning_curve.experiment == "plain"


def test_a_learning_curve_derives_an_experiment_for_each_fraction_but_1(tmp_path):
    study = read(tmp_path, with_key(CURVE))
    assert study.learning_curve.fractions == (1 / 16, 1 / 4, 0.5, 1.0)
    derived, whole = study.curve_experiments(), study.experiments["augmented"]
    assert {value: list(names) for value, names in derived.items()} == {
        1 / 16: ["augmented-1of16"],
        1 / 4: ["augmented-1of4"],
        0.5: ["augmented-1of2"],
    }
    spec = derived[1 / 4]["augmented-1of4"].resolve()
    same_steps = {"epochs": 400, "early_stopping": whole.early_stopping.model_copy(update={"patience": 20})}
    assert spec == whole.resolve().model_copy(update={"train_fraction": 0.25, **same_steps})
    assert Study.from_json(study.to_json()) == study


def test_a_fraction_that_is_not_one_in_so_many_has_as_many_steps(tmp_path):
    study = read(tmp_path, with_key("learning_curve: {experiment: augmented, fractions: [1/4, 1/2, 3/4, 1]}\n"))
    [reduced] = study.curve_experiments()[0.75].values()
    whole = study.experiments["augmented"]
    assert reduced.epochs == round(whole.epochs * 4 / 3) != whole.epochs
    assert reduced.early_stopping.patience == round(whole.early_stopping.patience * 4 / 3)


def test_schedules_are_stretched_like_the_epochs():
    settings = [{"name": "cosine", "warmup_epochs": 3}, {"name": "plateau", "patience": 2}]
    for schedule in settings:
        raw = yaml.safe_load(VALID.replace("1e-2", "0.01"))
        raw["experiments"]["plain"]["schedule"] = schedule
        study = Study.model_validate({**raw, "learning_curve": {"experiment": "plain"}})
        [one] = study.curve_experiments()[1 / 8].values()
        expected = {name: value if name == "name" else 8 * value for name, value in schedule.items()}
        assert expected.items() <= one.schedule.model_dump().items()


def test_the_outline_has_the_digest_of_each_derived_experiment(tmp_path):
    study = read(tmp_path, with_key(CURVE))
    curve = study.outline(None).learning_curve
    assert (curve.experiment, curve.fractions, curve.seeds) == ("augmented", (1 / 16, 1 / 4, 0.5), (1, 2))
    for entry, members in zip(curve.derived, study.curve_experiments().values(), strict=True):
        assert entry == OutlinedExperiment.of(entry.name, members[entry.name])
    assert read(tmp_path, with_key("learning_curve: {experiment: plain}\n")).outline(None).learning_curve.seeds == (42,)


def test_what_an_experiment_starts_from_is_trained_on_the_same_fraction(tmp_path):
    study = read(tmp_path, with_key("learning_curve: {experiment: finetune}\n", PRETRAINED))
    members = study.curve_experiments()[1 / 8]
    assert list(members) == ["transfer-1of8", "finetune-1of8"]
    assert members["finetune-1of8"].start_from == "transfer-1of8"
    assert members["transfer-1of8"].start_from is None
    assert {one.train_fraction for one in members.values()} == {1 / 8}
    assert [one.name for one in study.outline(None).learning_curve.derived][1] == "finetune-1of8"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("experiment: dull", "learning_curve.experiment: no experiment is named 'dull'"),
        ("experiment: plain, fractions: [0.5, 1]", "expected at least 4 fractions with 1 among them"),
        ("experiment: plain, fractions: [1/16, 1/8, 1/4, 1/2]", "expected at least 4 fractions with 1 among them"),
        ("experiment: plain, fractions: [0.1, 1/10, 0.5, 1]", "expected distinct fractions"),
        ("experiment: plain, fractions: [0.1, 1/2/3, 0.5, 1]", "expected a number or a fraction such as 1/16"),
        ("experiment: plain, fractions: [0.1, 1/0, 0.5, 1]", "expected a number or a fraction such as 1/16"),
        ("experiment: plain, fractions: [0.1, 0.123456, 0.5, 1]", "at most four decimals, received 0.123456"),
        ("experiment: plain, fractions: [0.1, 3/2, 0.5, 1]", "less than or equal to 1"),
        ("experiment: plain, fractions: [0, 0.2, 0.5, 1]", "greater than 0"),
        ("experiment: plain, fractions: half", "learning_curve.fractions"),
        ("experiment: plain, seeds: [3, 3]", "expected distinct numbers"),
        ("experiment: plain, seeds: []", "at least 1 item"),
        ("experiment: plain, fraction: [1]", "learning_curve.fraction: unknown key"),
    ],
)
def test_an_impossible_learning_curve_is_refused_by_its_key(tmp_path, settings, message):
    received = refusal(tmp_path, f"learning_curve: {{{settings}}}\n")
    assert message in received
    assert received.startswith("learning_curve")


def test_a_name_that_the_learning_curve_needs_is_refused(tmp_path):
    text = VALID + "  plain-1of4: {}\nlearning_curve: {experiment: plain}\n"
    with pytest.raises(ConfigError, match="learning_curve: it trains an experiment named plain-1of4"):
        read(tmp_path, text)
    long = "a" * 97
    with pytest.raises(ConfigError, match=r"learning_curve: the name a+-1of16 is longer than 100 characters"):
        read(tmp_path, VALID + f"  {long}: {{}}\nlearning_curve: {{experiment: {long}}}\n")


def test_a_search_cannot_be_on_a_learning_curve(tmp_path):
    text = VALID.replace("plain: {", "plain: {search: {space: {optimizer: [adam, sgd]}}, ")
    message = "learning_curve.experiment: expected no search, but plain has one"
    assert refusal(tmp_path, "learning_curve: {experiment: plain}\n", text) == message
    fraction = text.replace("plain: {", "plain: {train_fraction: 0.5, ")
    assert "train_fraction: a search uses the whole training set" in refusal(tmp_path, "", fraction)
    half = VALID.replace("plain: {", "plain: {train_fraction: 0.5, ")
    message = "learning_curve.experiment: expected train_fraction: 1 in plain"
    assert refusal(tmp_path, "learning_curve: {experiment: plain}\n", half) == message


def test_an_experiment_can_be_trained_on_a_fraction_of_its_training_set():
    assert Experiment(train_fraction=0.5).resolve().train_fraction == 0.5
    assert "train_fraction" not in json.loads(Experiment().resolve().to_json())
