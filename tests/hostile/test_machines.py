"""What a result depends on besides settings, code and photos is recorded."""

import os
import subprocess

import pytest

from canigatti.training.records import TrainingRecord


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs the affinity of Linux")
def test_cores_and_variables_that_change_the_numbers_are_recorded(train_command, photo_files, make_spec, tmp_path):
    core = min(os.sched_getaffinity(0))
    subprocess.run(
        train_command(photo_files, tmp_path, make_spec()),
        env={**os.environ, "TF_ENABLE_ONEDNN_OPTS": "0"},
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),  # as with `taskset`
        check=True,
        capture_output=True,
    )
    record = TrainingRecord.read(tmp_path / "run.json")
    machine = record.machine
    assert (machine.usable_cores, machine.variables) == (1, {"TF_ENABLE_ONEDNN_OPTS": "0"})
    assert machine.cpu
    assert record.device == "CPU, 1 cores"
