"""Several devices on one machine: jobs never share one, and a killed job's device is free again."""

import os
import re
import signal
import subprocess
import sys
import time
from itertools import combinations

import pytest

from canigatti.training import leases

JOB = """
import os, sys, time
from canigatti.training.leases import lease_device
device = lease_device()
assert os.environ.get("CUDA_VISIBLE_DEVICES") == device
began = time.monotonic()
time.sleep(float(sys.argv[1]))
print(device, began, time.monotonic(), flush=True)
"""


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Start a job that leases a device and keeps it for so many seconds."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("CANIGATTI_DEVICES", "a,b")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def run(seconds):
        return subprocess.Popen([sys.executable, "-c", JOB, str(seconds)], stdout=subprocess.PIPE, text=True)

    return run


def test_four_jobs_on_two_devices_never_share_one(start):
    jobs = [start(1) for _ in range(4)]
    told = [job.communicate(timeout=60)[0].splitlines() for job in jobs]
    spans = [(device, float(began), float(ended)) for *_, last in told for device, began, ended in [last.split()]]
    assert sorted(device for device, _, _ in spans) == ["a", "a", "b", "b"]
    for one, other in combinations(spans, 2):
        assert one[0] != other[0] or one[2] <= other[1] or other[2] <= one[1]
    at_once = [one[1] < other[2] and other[1] < one[2] for one, other in combinations(spans, 2)]
    assert any(at_once)  # and both are used


def test_the_device_of_a_killed_job_is_free_again(start):
    holders = [start(60), start(60)]
    held = {re.fullmatch("on device (.)\n", holder.stdout.readline())[1]: holder for holder in holders}
    assert set(held) == {"a", "b"}
    waiting = start(0)
    time.sleep(2)
    assert waiting.poll() is None
    held["b"].send_signal(signal.SIGKILL)
    waited, took, told = waiting.communicate(timeout=30)[0].splitlines()
    assert (waited, took) == ("waits for one of the devices a, b", "on device b")
    assert told.startswith("b ")
    held["a"].kill()


def test_a_single_device_is_shared(start, monkeypatch):
    monkeypatch.setenv("CANIGATTI_DEVICES", "b")
    first, second = start(5), start(0)
    assert second.communicate(timeout=30)[0].startswith("b ")
    assert first.poll() is None
    first.kill()


def test_where_there_is_none_nothing_is_chosen(start, monkeypatch):
    monkeypatch.setenv("CANIGATTI_DEVICES", "")
    assert start(0).communicate(timeout=30)[0].startswith("None ")


def test_the_gpus_are_counted_as_nvidia_smi_lists_them(monkeypatch, tmp_path):
    listing = "GPU 0: NVIDIA GeForce RTX 3070 Laptop GPU (UUID: GPU-1)\nGPU 1: NVIDIA H100 (UUID: GPU-2)\n"
    (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\nprintf '{listing}'\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    for variable in ("CANIGATTI_DEVICES", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(variable, raising=False)
    assert leases._devices() == ["0", "1"]
