"""The commands that a user types, before any job runs."""

import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from canigatti import __version__
from canigatti.__main__ import FOR_PEOPLE, STEPS, app
from canigatti.provenance import PACKAGE


@pytest.fixture(scope="module")
def empty(tmp_path_factory, copy_project):
    """The project with nothing run."""
    return copy_project(tmp_path_factory.mktemp("empty"))


def processor_seconds() -> float:
    """CPU time of all processes started here; on a quiet machine planning takes as long as that."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


BAD = {
    "unknown optimizer": ("plain: {", "plain: {optimizer: {name: sdg}, ", "experiments.plain.optimizer"),
    "mistyped key": ("plain: {", "plain: {colour: rgb, ", "experiments.plain.colour"),
    "batch size 0": ("plain: {", "plain: {batch_size: 0, ", "experiments.plain.batch_size"),
    "fractions": ("test: 0.2}", "test: 0.3}", "splits.most"),
    "duplicate key": ("study: tiny", "study: tiny\nstudy: tiny", "duplicate key 'study'"),
    "missing source": ("generate: {count: 60, seed: 3}", "source: nowhere.zip", "photos.source"),
}


@pytest.mark.parametrize(("old", "new", "key"), BAD.values(), ids=BAD)
def test_a_bad_configuration_is_refused_and_nothing_is_written(empty, tiny, old, new, key):
    empty.write_config(tiny.replace(old, new))
    answer = empty.run_snakemake("--cores", "2", "--configfile", "study.yaml", warm=True)
    assert answer.returncode != 0
    assert re.search(rf"study\.yaml: .*{key}", answer.stdout + answer.stderr)
    assert "Traceback" not in answer.stdout + answer.stderr
    assert not (empty.folder / "results").exists()


def test_a_bad_configuration_is_refused_at_once(empty, tiny):
    old, new, key = BAD["mistyped key"]
    empty.write_config(tiny.replace(old, new))
    started = processor_seconds()
    answer = empty.run()
    assert processor_seconds() - started < 5
    assert answer.returncode != 0
    assert key in answer.stdout + answer.stderr


def test_two_configurations_are_refused(empty, tiny):
    empty.write_config(tiny)
    answer = empty.run_snakemake("--cores", "2", "--configfile", "study.yaml", "config/demo.yaml", warm=True)
    assert "give one --configfile" in answer.stdout + answer.stderr


def seconds_of(*command: str, folder: Path) -> tuple[float, subprocess.CompletedProcess]:
    """CPU time of a command, and its result."""
    started = processor_seconds()
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return processor_seconds() - started, answer


def test_the_full_study_is_planned_within_3_seconds_and_without_tensorflow(empty):
    """On a slow machine, within four starts of Snakemake itself, which take three seconds on two usual cores."""
    snakemake = [sys.executable, "-X", "importtime", "-m", "snakemake"]
    start, _ = seconds_of(*snakemake, "--version", folder=empty.folder)
    planning, answer = seconds_of(*snakemake, "--dry-run", "--cores", "1", folder=empty.folder)
    assert planning < max(3, 4 * start)
    assert answer.returncode == 0, answer.stderr
    imported = {line.rsplit("|")[-1].strip() for line in answer.stderr.splitlines() if line.startswith("import time")}
    assert "canigatti.config" in imported
    assert not imported & {"tensorflow", "keras", "matplotlib", "sklearn"}
    assert "base-801010-rgb-aug" in answer.stdout + answer.stderr


def test_every_command_explains_itself_without_loading_heavy_libraries():
    code = "import sys; from canigatti.__main__ import app; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not set(loaded) & {"tensorflow", "keras", "pandas", "matplotlib", "sklearn", "PIL"}
    listing = subprocess.run(
        [sys.executable, "-m", "canigatti", "--help"], capture_output=True, text=True, check=True
    ).stdout
    commands = re.findall(r"^. ([a-z-]+)  ", listing, flags=re.MULTILINE)
    assert {
        "fetch",
        "generate",
        "inspect",
        "split",
        "store",
        "train-trial",
        "train",
        "evaluate",
        "init",
        "predict",
    } <= {*commands}


def test_the_help_lists_what_people_call_before_the_steps_of_the_workflow():
    text = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "120"}).output
    people, steps = text.index(FOR_PEOPLE), text.index(STEPS)
    assert people < text.index(" init ") < text.index(" predict ") < steps < text.index(" fetch ")
    assert steps < text.index(" train ")
    assert "completion" not in text


def test_the_version_is_printed():
    assert CliRunner().invoke(app, ["--version"]).output == f"canigatti {__version__}\n"


def test_a_user_error_is_reported_without_a_traceback(tmp_path):
    command = ["fetch", "--source", "nowhere.zip", "--output", "source.json"]
    answer = subprocess.run(
        [sys.executable, "-m", "canigatti", *command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 1
    assert answer.stderr.startswith("canigatti: ")
    assert "nowhere.zip" in answer.stderr
    assert not (tmp_path / "source.json").exists()


@pytest.mark.parametrize("command", ["--unlock", "--dry-run", "--touch"])
def test_commands_that_run_no_job_need_no_number_of_cores(empty, tiny, command):
    empty.write_config(tiny)
    answer = subprocess.run(
        [sys.executable, "-m", "snakemake", command, "--configfile", "study.yaml"],
        cwd=empty.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr


def test_stages_import_only_stages_to_their_left():
    stages = ["photos", "training", "search", "evaluation", "audit", "report"]
    allowed = {stage: {*stages[: number + 1]} for number, stage in enumerate(stages)}
    allowed |= {"prediction": {"photos", "training", "evaluation", "prediction"}}
    allowed |= {"scaffolding": {"photos", "training", "search", "evaluation", "prediction", "scaffolding"}}
    allowed |= {"live": {*stages, "live"}, "terminal": {"terminal"}}
    allowed |= {"tracking": {"training", "evaluation", "live", "tracking"}}
    allowed |= {"__main__.py": {*allowed}, "planning_corrections.py": {"photos"}}
    allowed |= {"planning_source.py": {"photos"}, "planning_search.py": {"search"}}
    allowed |= {"provenance.py": {"training"}}  # names of modules, not imports
    for path in PACKAGE.rglob("*.py"):
        text, place = path.read_text(encoding="utf-8"), path.relative_to(PACKAGE).parts[0]
        rooms = (*stages, "live", "prediction", "scaffolding", "terminal", "tracking")
        imported = {room for room in rooms if f"canigatti.{room}" in text}
        assert imported <= allowed.get(place, set()), path


def test_an_optional_group_is_a_target_of_its_own(empty, tiny):
    empty.write_config(tiny.replace("plain: {", "plain: {group: extra, "))
    assert not {job for job in empty.planned() if job.endswith(" plain")}
    assert {"train plain", "evaluate plain"} <= empty.planned("extra")
    assert "write_report" not in empty.planned("extra")
    assert {"train plain", "train other", "write_report"} <= empty.planned("--config", "include=[extra]")


def test_an_optional_group_cannot_have_the_name_of_a_rule(empty, tiny):
    empty.write_config(tiny.replace("plain: {", "plain: {group: train, "))
    answer = empty.run("--dry-run")
    assert answer.returncode != 0
    assert re.search(r"study\.yaml: .*experiments\.plain\.group.*train", answer.stdout + answer.stderr)
