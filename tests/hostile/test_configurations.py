"""Two hundred mutations of a valid configuration: each is valid, or is rejected with an error that names the key."""

import copy
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canigatti.config import ConfigError, Spec, Study, load_study

VALID = Path(__file__).with_name("study.yaml").read_text(encoding="utf-8")
STUDY = yaml.safe_load(VALID)
NUMBERS = [0, 1, -1, 3, 0.5, -0.5, 1e300, 10**30, float("nan")]
ODD = [None, True, *NUMBERS, "", "x", "cat", "../x", "é\n", [], [1], ["a"], {}, {"a": 1}]


def paths(node, path=()):
    """Yield the path of every key and item of the configuration."""
    if path:
        yield path
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from paths(value, (*path, key))


def parent_of(raw, path):
    for key in path[:-1]:
        raw = raw[key]
    return raw


@st.composite
def mutations(draw):
    """Return a mutated configuration and the path of the mutation."""
    raw, path = copy.deepcopy(STUDY), draw(st.sampled_from(list(paths(STUDY))))
    parent, key = parent_of(raw, path), path[-1]
    kind = draw(st.sampled_from(["replace", "remove", "add", "rename"]))
    if kind == "remove":
        parent.pop(key)
    elif kind == "rename" and isinstance(parent, dict):
        parent[f"{key}x"] = parent.pop(key)
    elif kind == "add" and isinstance(parent[key], dict):
        parent[key][draw(st.sampled_from(["batchsize", "augment", "thaw", "unfreeze", "seed", "backbone"]))] = draw(
            st.sampled_from(ODD)
        )
    else:
        parent[key] = draw(st.sampled_from(ODD) | st.integers() | st.text(max_size=8))
    return raw, path


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mutation=mutations())
def test_a_mutated_configuration_is_valid_or_the_error_names_its_key(tmp_path, mutation):
    raw, path = mutation
    file = tmp_path / "study.yaml"
    file.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    try:
        study = load_study(file)
    except ConfigError as error:
        message = str(error)
        assert all(line.startswith(f"{file}: ") for line in message.splitlines() if line.strip()), message
        # The message names the mutated key, a parent or child of it, or a key that depends on it.
        expected = [*map(str, path), "experiments", "weights", "splits"]
        assert any(key in message.replace(str(file), "") for key in expected), (path, message)
        assert "Traceback" not in message
    else:
        assert isinstance(study, Study)
        unknown = {path[-1] for path in paths(raw)} & {"batchsize"}
        assert not unknown - {*study.experiments, *study.splits}
        assert load_study(file).outline("study.yaml") == study.outline("study.yaml")
        for experiment in study.experiments.values():
            assert Spec.from_json(experiment.resolve().to_json()) == experiment.resolve()


def test_the_original_configuration_is_valid(tmp_path):
    (tmp_path / "study.yaml").write_text(VALID, encoding="utf-8")
    assert len(load_study(tmp_path / "study.yaml").experiments) == 5


@pytest.mark.parametrize(
    "text", ["\0", "a: &a [*a]", "!!python/object/apply:os.system [ls]", "{" * 200, "\ufeffstudy: x"]
)
def test_text_that_is_not_valid_yaml_is_rejected(tmp_path, text):
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"study\.yaml"):
        load_study(tmp_path / "study.yaml")
