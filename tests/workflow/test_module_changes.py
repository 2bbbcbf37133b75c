"""Which jobs run again when a module of the package is edited: exactly those whose outputs it can decide."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from canigatti.provenance import PACKAGE

EVERYTHING = """
  found:
    network: {filters: [4], dense_units: 4, dropout: [0.1, 0.1]}
    search: {trials: 1, executions: 1, space: {optimizer: [adam, sgd]}}
  transfer: {network: {backbone: mobilenetv2, head: {dense_units: [4]}}, image_size: 32}
  finetune: {start_from: transfer, unfreeze: Conv_1}
weights: {mobilenetv2: made-up.weights.h5}
"""
TRAINING = "train train_trial"
# By module, the rules whose outputs it can decide; `train transfer` are the jobs of that rule for that experiment.
# Everything downstream of them runs again too. A module that decides no output has none.
DECIDES = {}


@pytest.fixture(scope="module")
def study(tmp_path_factory, copy_project, tiny):
    """A study with every rule, whose outputs are made up and recorded as finished (`snakemake --touch`)."""
    project = copy_project(tmp_path_factory.mktemp("modules"))
    (project.folder / "made-up.weights.h5").write_bytes(b"")
    project.write_config(tiny + EVERYTHING.lstrip("\n"))
    for job in jobs(project.run("--dry-run", "--forceall").stdout):
        for output in job["output"]:
            path = project.folder / output
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(parents=True, exist_ok=True) if "tensorboard" in output else path.write_text(output)
    assert project.run("--touch", "--forceall").returncode == 0
    assert project.planned() == set()
    return project


def jobs(dry_run: str) -> list[dict]:
    """The jobs that a dry run lists: name as in `Project.planned`, input and output."""
    found = []
    for block in re.split(r"^(?:local)?rule ", dry_run, flags=re.MULTILINE)[1:]:
        lines = dict(re.findall(r"^    (input|output|wildcards): (.*)$", block, flags=re.MULTILINE))
        wildcards = re.findall(
            r"(?:experiment|split|size|trial|execution|backbone)=([^,\n]+)", lines.get("wildcards", "")
        )
        name = " ".join([re.match(r"\w+", block).group(), *wildcards])
        found.append(
            {
                "name": name,
                **{key: lines[key].split(", ") if lines.get(key) else [] for key in ("input", "output")},
            }
        )
    return [job for job in found if job["name"] != "all"]


def downstream(of: set[str], graph: list[dict]) -> set[str]:
    """These jobs and all that need their outputs; an `ancient` input does not count, but its record is an input too."""
    reached = set(of)
    while True:
        made = {output for job in graph if job["name"] in reached for output in job["output"]}
        more = {job["name"] for job in graph if made & set(job["input"])} - reached
        if not more:
            return reached
        reached |= more


def modules() -> list[str]:
    return sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")


def test_the_table_lists_every_module_of_the_package():
    assert sorted(DECIDES) == modules()


@pytest.fixture(scope="module")
def graph(study):
    """All jobs of the study."""
    return jobs(study.run("--dry-run", "--forceall").stdout)


@pytest.fixture(scope="module")
def dry_runs(study):
    files = [f"src/canigatti/{module}" for module in modules()]
    environment = {**os.environ, "PYTHONPATH": str(study.folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    script = Path(__file__).with_name("dry_runs.py")
    answer = subprocess.run(
        [sys.executable, script, study.folder, *files], env=environment, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return {file.removeprefix("src/canigatti/"): jobs(text) for file, text in json.loads(answer.stdout).items()}


@pytest.mark.parametrize("module", modules())
def test_editing_a_module_reruns_what_it_can_decide_and_nothing_else(graph, dry_runs, module):
    decided = DECIDES[module].split(", ") if DECIDES[module] else []
    direct = {job["name"] for job in graph for rule in decided if (job["name"] + " ").startswith(rule + " ")}
    assert {job["name"] for job in dry_runs[module]} == downstream(direct, graph)
