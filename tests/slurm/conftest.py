"""Tests on a real Slurm, of one node with two fake GPUs: `make slurm-test` runs them, and no other target does."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from slurm_cluster import missing, one_node


def pytest_ignore_collect(collection_path, config):
    """Run these tests only with `-m slurm`: they take long, and start daemons."""
    return True if config.option.markexpr != "slurm" else None


@pytest.fixture(scope="session")
def cluster():
    """Start the cluster; all commands of the tests find it."""
    if reason := missing():
        pytest.skip(reason)
    pytest.importorskip("snakemake_executor_plugin_slurm", reason="needs the extra `cluster`")
    with one_node() as environment, pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setenv("CANIGATTI_ALLOW_CPU", "1")  # the GPUs are not real
        yield environment


@pytest.fixture(scope="session")
def one_core():
    """Run a project without Slurm, on one core as its jobs."""

    def run(project, *arguments: str) -> None:
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(before)})
        try:
            answer = project.run(*arguments)
        finally:
            os.sched_setaffinity(0, before)
        assert answer.returncode == 0, answer.stdout + answer.stderr

    return run
