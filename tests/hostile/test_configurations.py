"""Two hundred mutations of a valid configuration: each is the same study, another one, or refused by its key."""

import copy

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canigatti.config import ConfigError, Study, load_study

VALID = """
study: small
classes: [cat, dog]
photos: {generate: {count: 100, seed: 1}}
splits: {half: {train: 0.5, validation: 0.25, test: 0.25, seed: 3}}
seeds: [42]
weights: {vgg16: imagenet}
defaults:
  split: half
  image_size: 32
  batch_size: 16
  epochs: 3
  early_stopping: {patience: 2}
  network: {filters: [4, 4], dense_units: 8, dropout: [0.1, 0.1, 0.2]}
  optimizer: {name: sgd, learning_rate: 0.01, momentum: 0.9}
  augmentation: {zoom: 0.1, brightness: [0.9, 1.1], probability: {horizontal_flip: 0.5}}
experiments:
  plain: {color: grayscale}
  augmented: {augment: true}
  found: {search: {trials: 2, space: {dense_units: {low: 8, high: 16, step: 8}, optimizer: [adam, sgd]}}}
  transfer: {network: {backbone: vgg16, head: {pooling: flatten, dense_units: [8]}}, optimizer: {name: adam}}
  finetune: {start_from: transfer, thaw: everything}
"""
STUDY = yaml.safe_load(VALID)
NUMBERS = [0, 1, -1, 3, 0.5, -0.5, 1e300, 10**30, float("nan")]
ODD = [None, True, *NUMBERS, "", "x", "cat", "../x", "é\n", [], [1], ["a"], {}, {"a": 1}]


def paths(node, path=()):
    """Every place in the configuration, as keys from the top."""
    if path:
        yield path
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from paths(value, (*path, key))


def holder(raw, path):
    for key in path[:-1]:
        raw = raw[key]
    return raw


@st.composite
def mutations(draw):
    """A mutated configuration, and the path where it was changed."""
    raw, path = copy.deepcopy(STUDY), draw(st.sampled_from(list(paths(STUDY))))
    place, key = holder(raw, path), path[-1]
    kind = draw(st.sampled_from(["replace", "remove", "add", "rename"]))
    if kind == "remove":
        place.pop(key)
    elif kind == "rename" and isinstance(place, dict):
        place[f"{key}x"] = place.pop(key)
    elif kind == "add" and isinstance(place[key], dict):
        place[key][draw(st.sampled_from(["batchsize", "augment", "thaw", "seed", "backbone"]))] = draw(
            st.sampled_from(ODD)
        )
    else:
        place[key] = draw(st.sampled_from(ODD) | st.integers() | st.text(max_size=8))
    return raw, path


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mutation=mutations())
def test_a_mutated_configuration_is_a_study_or_refused_by_its_key(tmp_path, mutation):
    raw, path = mutation
    file = tmp_path / "study.yaml"
    file.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    try:
        study = load_study(file)
    except ConfigError as refusal:
        told = str(refusal)
        assert all(line.startswith(f"{file}: ") for line in told.splitlines() if line.strip()), told
        # Named is the key that was changed, or one above it or below it, or one that depends on it.
        named = [*map(str, path), "experiments", "weights", "splits"]
        assert any(key in told.replace(str(file), "") for key in named), (path, told)
        assert "Traceback" not in told
    else:
        assert isinstance(study, Study)
        unknown = {place[-1] for place in paths(raw)} & {"batchsize"}
        assert not unknown - {*study.experiments, *study.splits}
        assert load_study(file).outline("study.yaml") == study.outline("study.yaml")
        for experiment in study.experiments.values():
            assert experiment.spec()


def test_the_configuration_that_is_mutated_is_valid(tmp_path):
    (tmp_path / "study.yaml").write_text(VALID, encoding="utf-8")
    assert len(load_study(tmp_path / "study.yaml").experiments) == 5


@pytest.mark.parametrize(
    "text", ["\0", "a: &a [*a]", "!!python/object/apply:os.system [ls]", "{" * 200, "\ufeffstudy: x"]
)
def test_text_that_is_hardly_yaml_is_refused(tmp_path, text):
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"study\.yaml"):
        load_study(tmp_path / "study.yaml")
