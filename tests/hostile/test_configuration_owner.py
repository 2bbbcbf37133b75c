"""Two configuration files with the same `study:`."""

import os
import shutil

import pytest

from canigatti.config import ConfigError, ConfigurationRecord, check_owner, names_study, record_owner


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A working directory with results that belong to pets.yaml."""
    monkeypatch.chdir(tmp_path)
    for name in ("pets.yaml", "copy.yaml"):
        (tmp_path / name).write_text("study: pets\n")
    results = tmp_path / "results/pets"
    record_owner(results, tmp_path / "pets.yaml")
    return results


def test_a_copied_configuration_is_refused_with_both_ways_out(study, tmp_path):
    with pytest.raises(ConfigError) as raised:
        check_owner(study, tmp_path / "copy.yaml")
    message = str(raised.value)
    assert "the study pets belongs to pets.yaml" in message
    assert "--config study=NAME" in message
    assert "--config study=pets" in message
    assert "\n" not in message


def test_the_same_file_by_any_path_is_accepted(study, tmp_path):
    (tmp_path / "link.yaml").symlink_to("pets.yaml")
    os.link(tmp_path / "pets.yaml", tmp_path / "hard.yaml")
    (tmp_path / "folder").mkdir()
    for path in ("pets.yaml", "./pets.yaml", "folder/../pets.yaml", "link.yaml", "hard.yaml", tmp_path / "pets.yaml"):
        check_owner(study, tmp_path / path)


def test_a_link_to_a_configuration_elsewhere_stands_for_that(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "work").mkdir()
    (tmp_path / "real.yaml").write_text("study: pets\n")
    (tmp_path / "work/link.yaml").symlink_to("../real.yaml")
    monkeypatch.chdir(tmp_path / "work")
    record_owner(tmp_path / "work/results/pets", tmp_path / "work/link.yaml")
    (tmp_path / "work/link.yaml").unlink()
    check_owner(tmp_path / "work/results/pets", tmp_path / "real.yaml")


def test_a_renamed_configuration_is_accepted(study, tmp_path):
    (tmp_path / "pets.yaml").rename(tmp_path / "renamed.yaml")
    check_owner(study, tmp_path / "renamed.yaml")


def test_a_copy_of_the_whole_folder_is_independent(study, tmp_path, monkeypatch):
    copied = tmp_path.with_name(f"{tmp_path.name}-copied")
    shutil.copytree(tmp_path, copied)
    monkeypatch.chdir(copied)
    check_owner(copied / "results/pets", copied / "pets.yaml")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"configuration": 1}', "\0"])
def test_a_damaged_record_is_named_with_the_way_out(study, tmp_path, content):
    (study / "configuration.json").write_text(content)
    with pytest.raises(ConfigError, match=r"configuration\.json.*--config study=pets") as raised:
        check_owner(study, tmp_path / "pets.yaml")
    assert "\n" not in str(raised.value)


def test_results_without_a_record_are_accepted(tmp_path):
    check_owner(tmp_path / "results/pets", tmp_path / "pets.yaml")


def test_only_an_override_of_the_study_names_it():
    assert names_study(["seeds=[1]", "study=pets"])
    assert not names_study(["seeds=[1]", "include=[study]", "studying=pets"])


def test_a_run_records_its_configuration_and_a_copy_is_told_before_anything_runs(placed, placed_options):
    arguments, options = placed_options
    record = placed.folder / "results/chosen/configuration.json"
    assert ConfigurationRecord.read(record).configuration == options["configuration"]
    text = (placed.folder / options["configuration"]).read_text(encoding="utf-8")
    copy = "the copy.yaml"
    (placed.folder / copy).write_text(text.replace("study: written", "study: chosen").replace("epochs: 1", "epochs: 2"))
    others = [entry for entry in arguments if not entry.startswith("study=")]
    before = record.read_bytes()
    for mode in (["--dry-run"], []):
        answer = placed.run(*mode, *others, configuration=copy)
        assert answer.returncode != 0
        assert f"the study chosen belongs to {options['configuration']}" in answer.stdout + answer.stderr
        assert "Traceback" not in answer.stderr
    assert "train plain" in placed.planned(*arguments, configuration=copy), "asked for, the copy is planned"
    assert record.read_bytes() == before, "a dry run records nothing"
    answer = placed.run("--touch", *arguments, configuration=copy)
    assert answer.returncode == 0, answer.stderr
    assert ConfigurationRecord.read(record).configuration == copy
    assert placed.run("--dry-run", *others, configuration=copy).returncode == 0, "it owns the study from now on"
