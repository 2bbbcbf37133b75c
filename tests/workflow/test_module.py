"""Another workflow imports this one with Snakemake's `module`, and configures it with its own config."""

import os

import pytest

from canigatti.photos.demo.archive import draw_members, zip_bytes

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
TWO = """
configfile: "study.yaml"

module pets:
    snakefile: "canigatti/workflow/Snakefile"
    prefix: "first"
    config: config["pets"]

use rule * from pets as pets_*

module birds:
    snakefile: "canigatti/workflow/Snakefile"
    prefix: "second/folder"
    config: config["birds"]

use rule * from birds as birds_*

rule own:
    default_target: True
    input: rules.pets_all.input, rules.birds_all.input
"""
MADE = """
configfile: "study.yaml"

rule everything:
    input: "pets/results/tiny/splits/half.csv"

module pets:
    snakefile: "canigatti/workflow/Snakefile"
    prefix: "pets"
    config: config

use rule * from pets as pets_*

rule make_photos:
    input: "kept.zip"
    output: "made/photos.zip"
    shell: "cp {input} {output}"
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


SEARCHED = """
  found:
    network: {filters: [4], dense_units: 4, dropout: [0.1, 0.1]}
    search: {trials: 1, executions: 1, space: {optimizer: [adam, sgd]}}
"""
PRETRAINED = """
  found-head:
    image_size: 32
    network: {backbone: mobilenetv2, head: {dense_units: [4]}}
    search: {trials: 1, executions: 1, space: {head: {pooling: [flatten, average]}}}
  finetune: {start_from: found-head, unfreeze: Conv_1}
weights: {mobilenetv2: made-up.weights.h5}
audit: {backbone: mobilenetv2, image_size: 32}
"""


def two_studies(project, tiny, more):
    """Let the importing workflow have two studies of the same name, one of them with `more` experiments."""
    studies = {"pets": tiny.replace("epochs: 2", "epochs: 1") + more, "birds": tiny.replace("seed: 3", "seed: 4")}
    indented = {name: "\n".join(f"  {line}" for line in text.splitlines()) for name, text in studies.items()}
    project.write_config("".join(f"{name}:\n{text}\n" for name, text in indented.items()))
    (project.folder / "Snakefile").write_text(TWO, encoding="utf-8")


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


def test_every_path_of_two_studies_has_the_prefix_of_its_module(importing, tiny):
    (importing.folder / "made-up.weights.h5").touch()
    two_studies(importing, tiny, SEARCHED + PRETRAINED)
    planned = importing.run("--dry-run", "--printshellcmds")
    plan = planned.stdout + planned.stderr
    assert planned.returncode == 0, plan
    paths = {word.strip("',:;()\"") for word in plan.split() if "results/tiny" in word}
    assert len(paths) > 150
    options = {path.rpartition("=")[2] for path in paths}  # such as --split=PATH
    assert [path for path in options if not path.startswith(("first/results/", "second/folder/results/"))] == []


@pytest.mark.slow
def test_two_studies_run_at_once_under_two_prefixes(importing, tiny):
    two_studies(importing, tiny, SEARCHED)
    answer = importing.run("--resources", "gpu=1", warm=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    folders = {name: importing.folder / name / "results/tiny" for name in ("first", "second/folder")}
    trained = {name: {path.parts[-3] for path in at.glob("training/*/*/run.json")} for name, at in folders.items()}
    assert trained == {
        "first": {"plain", "augmented", "other", "found"},
        "second/folder": {"plain", "augmented", "other"},
    }
    manifests = {(folder / "photos/manifest.csv").read_bytes() for folder in folders.values()}
    assert len(manifests) == 2
    assert not (importing.folder / "results").exists()
    assert importing.planned() == set()


def test_a_config_that_names_a_file_is_that_study_with_the_keys_beside_it(importing, tiny, full):
    (importing.folder / "own.yaml").write_text(tiny.replace("0.01", "1e-2"), encoding="utf-8")
    importing.write_config("configuration: own.yaml\nstudy: renamed\n")
    assert "results/renamed/report/index.html" in importing.run("--dry-run", full).stdout
    # `snakemake --configfile` merges a whole study into it.
    importing.write_config(f"configuration: nowhere.yaml\n{tiny}")
    assert "results/tiny/report/index.html" in importing.run("--dry-run", full).stdout


def test_the_importing_workflow_keeps_its_own_default_target(importing, tiny):
    first = 'rule first:\n    output: touch("done")\n'
    text = IMPORTING.partition("rule own")[0].replace("canigatti/Snakefile", "canigatti/workflow/Snakefile")
    (importing.folder / "Snakefile").write_text(first + text, encoding="utf-8")
    assert importing.planned() == {"first"}
    (importing.folder / "Snakefile").write_text(text, encoding="utf-8")
    assert "pets_write_report" in importing.planned()


def test_photos_that_a_rule_of_the_importing_workflow_makes_are_made_first_and_compared_by_content(importing, tiny):
    def photos(seed):
        (importing.folder / "kept.zip").write_bytes(zip_bytes(draw_members(60, seed)))

    photos(seed=3)
    (importing.folder / "Snakefile").write_text(MADE, encoding="utf-8")
    importing.write_config(tiny.replace("generate: {count: 60, seed: 3}", "source: made/photos.zip"))
    first = {"make_photos", "pets_fetch_photos", "pets_inspect_photos", "pets_split_photos half"}
    assert importing.planned() == first | {"everything"}
    run = importing.run(warm=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert importing.planned() == set()
    os.utime(importing.folder / "made/photos.zip")
    assert importing.planned() == set()
    manifest = importing.folder / "pets/results/tiny/photos/manifest.csv"
    before = manifest.read_bytes()
    photos(seed=4)
    again = importing.run(warm=True)
    assert again.returncode == 0, again.stdout + again.stderr
    assert manifest.read_bytes() != before
    assert importing.planned() == set()


def test_photos_that_nobody_makes_are_missing_before_any_job_runs(importing, tiny):
    importing.write_config(tiny.replace("generate: {count: 60, seed: 3}", "source: made/photos.zip"))
    answer = importing.run()
    assert answer.returncode != 0
    assert (
        "made/photos.zip: expected a zip file or a folder of photos, but it does not exist"
        in answer.stdout + answer.stderr
    )
    assert not (importing.folder / "results").exists()
