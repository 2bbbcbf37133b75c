"""Several devices on one machine: jobs never share one, and a killed job's device is free again."""

import re
import signal
import subprocess
import sys
import time
from itertools import combinations

import pytest

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
    assert waiting.communicate(timeout=30)[0].split()[2] == "b"
    held["a"].kill()


@pytest.mark.parametrize("devices", ["", "a"])
def test_where_there_is_nothing_to_choose_nothing_is_leased(start, monkeypatch, devices):
    monkeypatch.setenv("CANIGATTI_DEVICES", devices)
    told, _ = start(0).communicate(timeout=30)
    assert told.startswith("None ")
