"""The text of the configuration that `canigatti init` writes."""

from pathlib import Path

import pytest

from canigatti.config import FROM_FOLDERS, parse_study
from canigatti.config.strict_yaml import parse_yaml
from canigatti.scaffolding.choice import Choice, choose_name, choose_weights
from canigatti.scaffolding.design import Limits, design
from canigatti.scaffolding.survey import survey
from canigatti.scaffolding.writing import quote, render

UNUSUAL = ["yes", "null", "1", "a: b", "a, b", "it's", 'say "x"', "[x]", "#1", "- x", "é", "🐈", "a\\b", "{x}", "~"]


@pytest.fixture
def study_of(write_photos, tmp_path):
    """Return a function that writes photos and returns the configuration for them: its text, and parsed."""

    def write(counts, name="mine", weights=None, has_search=False, limits=Limits()):  # noqa: B008
        found = survey(write_photos(tmp_path / "photos", counts, side=8))
        choice = Choice(name, weights or {}, has_search)
        text = render(
            found, design(found, limits), choice, dict.fromkeys(weights or {}, "block_13_expand"), "snakemake"
        )
        return text, parse_study(parse_yaml(text), "mine.yaml")

    return write


def test_the_configuration_is_valid_and_has_a_base_network_and_a_pretrained_one(study_of, tmp_path):
    (tmp_path / "weights.h5").touch()
    text, study = study_of({"cat": 3, "dog": 4}, weights={"mobilenetv2": str(tmp_path / "weights.h5")})
    assert [*study.experiments] == ["plain", "augmented", "mobilenetv2-transfer", "mobilenetv2-finetune"]
    assert study.classes == ("cat", "dog")
    assert study.photos.source == str(tmp_path / "photos")
    assert study.weights["mobilenetv2"].source == str(tmp_path / "weights.h5")
    assert [one.augment for one in study.experiments.values()] == [False, True, True, True]
    assert study.rank_by == "accuracy"
    assert "learning_rate: 0.00003}" in text
    assert study.experiments["mobilenetv2-finetune"].unfreeze == "block_13_expand"
    assert text.startswith("# A study of 7 photos of 2 classes.\n")
    assert "\n#   snakemake\n" in text
    assert max(map(len, text.splitlines())) <= 120 + len(str(tmp_path))


def test_several_backbones_a_search_and_none(study_of):
    _, study = study_of({"cat": 3, "dog": 4}, weights={"mobilenetv2": "imagenet", "efficientnetb0": "imagenet"})
    assert [*study.experiments][2::2] == ["mobilenetv2-transfer", "efficientnetb0-transfer"]
    text, study = study_of({"cat": 3, "dog": 4}, has_search=True)
    assert [*study.experiments] == ["plain", "augmented", "searched"]
    assert study.experiments["searched"].search.trials == 8
    assert "weights" not in parse_yaml(text)


def test_unequal_classes_are_ranked_and_weighted_accordingly(study_of):
    _, study = study_of({"daisy": 3, "dandelion": 30})
    assert study.rank_by == "balanced_accuracy"
    assert [*study.experiments] == ["plain", "augmented", "balanced"]
    assert study.experiments["balanced"].class_weight == "balanced"


def test_classes_with_unusual_names_are_quoted(study_of):
    _, study = study_of(dict.fromkeys(UNUSUAL, 3))
    assert sorted(study.classes) == sorted(UNUSUAL)


@pytest.mark.parametrize("text", [*UNUSUAL, "my photos/a b", "/tmp/x.zip", "2026-01-01", "1e-4", "x:", "photos #1"])
def test_a_quoted_text_is_that_text_in_a_list_and_as_a_value(text):
    assert parse_yaml(f"[{quote(text)}, x]") == [text, "x"]
    assert parse_yaml(f"key: {quote(text)} # comment") == {"key": text}


def test_plain_texts_are_not_quoted():
    assert [*map(quote, ("daisy", "my photos/a b.zip"))] == ["daisy", "my photos/a b.zip"]


def test_classes_that_cannot_be_configured_are_left_out(study_of):
    text, study = study_of({"001.Albatross": 3, "002.Auklet": 3})
    assert study.classes is None
    assert "# classes: left out, so that the classes are the 2 that are found in the source" in text


def test_many_classes_are_left_out(study_of):
    assert study_of({f"class{number}": 3 for number in range(101)})[1].classes is None


def test_too_few_test_photos_are_explained(study_of):
    text, _ = study_of({"cat": 20, "dog": 40})
    assert "  # about 4 test photos of cat, the smallest class\n  # fewer than 30, because there are too few" in text


def test_given_folders_are_used(study_of):
    _, study = study_of({f"{subset}/{name}": 3 for subset in ("train", "val", "test") for name in ("cat", "dog")})
    assert study.splits == {"given": FROM_FOLDERS}
    assert study.experiments["plain"].split == "given"


def test_folders_that_are_not_used_are_explained(study_of):
    text, study = study_of({f"{subset}/{name}": 3 for subset in ("train", "test") for name in ("cat", "dog")})
    assert [*study.splits] == ["64-16-20"]
    assert "# The source has folders for train and test, but no folder for validation:" in text


def test_a_limit_on_photos_is_written(study_of):
    _, study = study_of({"cat": 20, "dog": 40}, limits=Limits(photos=20))
    assert study.photos.limit_per_class == 10


NAMES = {"flowers": "flowers", "my flowers.zip": "my-flowers", "Blumen für Anna": "Blumen-fur-Anna", "a.b": "a-b"}


@pytest.mark.parametrize(("folder", "name"), NAMES.items())
def test_the_name_of_a_study_is_like_that_of_the_photos(folder, name):
    assert choose_name(Path("somewhere", folder), None) == name


def test_the_working_directory_has_a_name_too(tmp_path, monkeypatch):
    (tmp_path / "birds").mkdir()
    monkeypatch.chdir(tmp_path / "birds")
    assert choose_name(Path(), None) == "birds"
    assert choose_name(Path(), "other") == "other"


def test_weights_are_downloaded_or_local(tmp_path):
    file = tmp_path / "a=b.weights.h5"
    file.touch()
    chosen = choose_weights("mobilenetv2, vgg16", [f"vgg16={file}"])
    assert chosen == {"mobilenetv2": "imagenet", "vgg16": str(file)}
    assert Choice("x", chosen, has_search=False).weights_files == {"vgg16": file}
    assert choose_weights("none", []) == {}
