"""Several devices on one machine: jobs never share a device, and the device of a killed job is released."""

import os
import re
import signal
import subprocess
import sys
import time
from itertools import combinations
from typing import NamedTuple

import pytest

from canigatti.files import InputError
from canigatti.training import leases

JOB = """
import os, sys, time
from canigatti.training.leases import lease_device
device = lease_device()
assert os.environ.get("CUDA_VISIBLE_DEVICES") == device
started = time.monotonic()
time.sleep(float(sys.argv[1]))
print(device, started, time.monotonic(), flush=True)
"""


class Lease(NamedTuple):
    device: str
    start: float
    end: float


def overlap(first: Lease, second: Lease) -> bool:
    return first.start < second.end and second.start < first.end


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Start a job that leases a device and holds it for some seconds."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("CANIGATTI_DEVICES", "a,b")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def run(seconds):
        return subprocess.Popen([sys.executable, "-c", JOB, str(seconds)], stdout=subprocess.PIPE, text=True)

    return run


def test_four_jobs_on_two_devices_never_share_one(start):
    jobs = [start(1) for _ in range(4)]
    logs = [job.communicate(timeout=60)[0].splitlines() for job in jobs]
    results = [lines[-1].split() for lines in logs]
    held = [Lease(device, float(start), float(end)) for device, start, end in results]
    assert sorted(lease.device for lease in held) == ["a", "a", "b", "b"]
    simultaneous = [pair for pair in combinations(held, 2) if overlap(*pair)]
    assert all(first.device != second.device for first, second in simultaneous)
    assert simultaneous, "both devices are used"


def test_the_device_of_a_killed_job_is_released(start):
    holders = [start(60), start(60)]
    jobs = {re.fullmatch("using device (.)\n", holder.stdout.readline())[1]: holder for holder in holders}
    assert set(jobs) == {"a", "b"}
    waiting = start(0)
    time.sleep(2)
    assert waiting.poll() is None
    jobs["b"].send_signal(signal.SIGKILL)
    wait, lease, result = waiting.communicate(timeout=30)[0].splitlines()
    assert (wait, lease) == ("waiting for one of the devices a, b", "using device b")
    assert result.startswith("b ")
    jobs["a"].kill()


def test_a_single_device_is_shared(start, monkeypatch):
    monkeypatch.setenv("CANIGATTI_DEVICES", "b")
    first, second = start(5), start(0)
    assert second.communicate(timeout=30)[0].startswith("b ")
    assert first.poll() is None
    first.kill()


def test_without_a_device_there_is_no_lease(start, monkeypatch):
    monkeypatch.setenv("CANIGATTI_DEVICES", "")
    assert start(0).communicate(timeout=30)[0].startswith("None ")


def test_the_gpus_have_the_numbers_of_nvidia_smi(monkeypatch, tmp_path):
    listing = "GPU 0: NVIDIA GeForce RTX 3070 Laptop GPU (UUID: GPU-1)\nGPU 1: NVIDIA H100 (UUID: GPU-2)\n"
    (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\nprintf '{listing}'\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    for variable in ("CANIGATTI_DEVICES", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(variable, raising=False)
    assert leases._list_devices() == ["0", "1"]


@pytest.fixture
def slurm(monkeypatch):
    """A Slurm job with these variables, submitted from a shell with others."""

    def submit(**variables):
        monkeypatch.setenv("SLURM_JOB_ID", "17")
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    for name in ("SLURM_JOB_GPUS", "SLURM_STEP_GPUS", "CUDA_VISIBLE_DEVICES", "CANIGATTI_DEVICES", leases.ALLOW_CPU):
        monkeypatch.setenv(name, "")  # so that it is restored, whatever a lease sets
        monkeypatch.delenv(name)
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    monkeypatch.setattr(leases, "_requests", [])
    return submit


def test_slurm_decides_the_device_whatever_the_shell_that_submitted_says(slurm):
    slurm(CANIGATTI_DEVICES="3", CUDA_VISIBLE_DEVICES="0", SLURM_STEP_GPUS="2")
    assert leases.lease_device() == "0"
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "0"


def test_a_slurm_job_without_a_gpu_sees_none(slurm):
    slurm(CANIGATTI_DEVICES="3", CUDA_VISIBLE_DEVICES="1")
    assert leases.lease_device() is None
    assert os.environ["CUDA_VISIBLE_DEVICES"] == ""
    leases.check_no_gpu_is_missing()


def test_equal_names_in_two_slurm_jobs_are_different_devices(start, slurm, monkeypatch):
    slurm(CUDA_VISIBLE_DEVICES="0,1", SLURM_STEP_GPUS="0,1")
    first = [start(60), start(60)]
    assert sorted(job.stdout.readline() for job in first) == ["using device 0\n", "using device 1\n"]
    monkeypatch.setenv("SLURM_JOB_ID", "18")
    assert start(0).communicate(timeout=30)[0].startswith("using device 0")
    assert [job.poll() for job in first] == [None, None]
    for job in first:
        job.kill()


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        (
            {"SLURM_JOB_ID": "17", "SLURM_STEP_GPUS": "1"},
            "Slurm allocated the GPU 1 to this job, but TensorFlow",
        ),
        ({"CANIGATTI_DEVICES": "1"}, "CANIGATTI_DEVICES is 1, but TensorFlow sees no GPU"),
    ],
)
def test_a_gpu_that_was_asked_for_and_is_not_seen_is_an_error_unless_the_cpu_is_allowed(
    slurm, monkeypatch, capsys, variables, message
):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    leases.check_no_gpu_is_missing()  # of a command that uses no GPU, whatever the others use
    leases.lease_device()
    with pytest.raises(InputError, match=message):
        leases.check_no_gpu_is_missing()
    monkeypatch.setenv(leases.ALLOW_CPU, "1")
    leases.check_no_gpu_is_missing()
    assert message in capsys.readouterr().out


def test_nothing_is_trained_on_the_cpu_in_place_of_a_gpu(train_command, photo_files, make_spec, tmp_path):
    result = subprocess.run(
        train_command(photo_files, tmp_path / "out", make_spec()),
        env={**os.environ, "SLURM_JOB_ID": "17", "SLURM_JOB_GPUS": "0", "CUDA_VISIBLE_DEVICES": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "Slurm allocated the GPU 0 to this job, but TensorFlow sees no GPU" in result.stderr + result.stdout
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out" / "model.keras").exists()
