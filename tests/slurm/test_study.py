"""A whole study on Slurm: its numbers are those of a local run, and its jobs run side by side."""

import time
from dataclasses import replace
from itertools import combinations

import pytest
from slurm_heads import Head, jobs

pytestmark = pytest.mark.slurm

SEARCH = (
    "  found: {split: most, search: {trials: 2, executions: 1, epochs: 2, seed: 3, space: {optimizer: [adam, sgd]}}}\n"
)
EQUAL = (
    "predictions.csv",
    "validation.csv",
    "metrics.json",
    "uncertain.csv",
    "manifest.csv",
    "images-16.npy",
    "best.json",
)


@pytest.fixture(scope="module")
def head(cluster, tmp_path_factory, copy_project, tiny):
    project = copy_project(tmp_path_factory.mktemp("slurm") / "project")
    project.write_config(tiny.replace("  other: {split: most}\n", SEARCH))
    return Head(project)


@pytest.fixture(scope="module")
def submitted(head):
    """Run the study, and return its jobs: those of other tests are on the same cluster."""
    before = {job.number for job in jobs()}
    process, gpus = head.start(), {}
    while process.poll() is None:
        gpus |= {job.number: job.gpu for job in jobs() if job.gpu}  # Slurm forgets it when the job ends
        time.sleep(0.5)
    assert process.returncode == 0, head.log
    return [replace(job, gpu=gpus.get(job.number, "")) for job in jobs() if job.number not in before]


def test_the_numbers_are_those_of_a_local_run_on_as_many_cores(
    head, submitted, tmp_path_factory, copy_project, one_core
):
    local = copy_project(tmp_path_factory.mktemp("local") / "project")
    local.write_config((head.project.folder / "study.yaml").read_text(encoding="utf-8"))
    one_core(local)
    folders = [head.path("."), local.folder / "results/tiny"]
    names = [path.relative_to(folders[1]) for name in EQUAL for path in folders[1].rglob(name)]
    assert len(names) > 20
    different = [str(name) for name in names if len({(folder / name).read_bytes() for folder in folders}) > 1]
    assert not different
    assert (head.path("report/index.html")).is_file()


def test_two_networks_train_at_once_each_on_a_gpu_of_its_own(submitted):
    networks = [job for job in submitted if job.rule.startswith("train")]
    assert len(networks) == 5
    # Slurm's times are whole seconds: a job that starts in the second in which another one ends may follow it.
    pairs = [
        {one.gpu, other.gpu}
        for one, other in combinations(networks, 2)
        if min(one.end, other.end) - max(one.start, other.start) > 1
    ]
    assert pairs, networks
    assert all(gpus == {"0", "1"} for gpus in pairs), networks


def test_only_what_computes_for_long_is_a_job_of_slurm(submitted):
    assert len(submitted) <= 20
    rules = {job.rule.split()[0] for job in submitted}
    assert rules == {"inspect_photos", "store_photos", "train", "train_trial", "evaluate", "explain_photos"}
