"""Another workflow imports this one with Snakemake's `module`, and configures it with its own config."""

import pytest

IMPORTING = """
configfile: "study.yaml"

module pets:
    snakefile: "canigatti/Snakefile"
    config: config

use rule * from pets as pets_*

rule own:
    default_target: True
    input: rules.pets_all.input
    output: touch("done")
"""


@pytest.fixture
def importing(tmp_path, copy_project, project_class, tiny):
    """A workflow in a folder of its own; the project is in a folder below."""
    copy_project(tmp_path / "canigatti")
    project = project_class(tmp_path)
    (tmp_path / "Snakefile").write_text(IMPORTING, encoding="utf-8")
    (tmp_path / "src").symlink_to(tmp_path / "canigatti" / "src")
    project.write_config(tiny.replace("study: tiny", "study: imported"))
    return project


def test_an_imported_study_is_configured_by_the_importing_workflow(importing):
    answer = importing.run("--dry-run")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "results/imported/report/index.html" in answer.stdout + answer.stderr
    assert {"pets_train plain", "pets_train other", "pets_write_report", "own"} <= importing.planned()
    commands = importing.run("--dry-run", "--printshellcmds").stdout
    assert '"configuration": null' in commands, "the page must not show a command that does not exist"


def test_an_error_in_that_configuration_names_the_module_and_the_key(importing):
    text = (importing.folder / "study.yaml").read_text(encoding="utf-8")
    importing.write_config(text.replace("plain: {", "plain: {colour: rgb, "))
    answer = importing.run("--dry-run")
    assert answer.returncode != 0
    assert "config of the module pets: experiments.plain.colour: unknown key" in answer.stdout + answer.stderr
