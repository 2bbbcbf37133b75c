"""One writer per output: a command waits for another that writes the same, and ends with its workflow."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from canigatti import ownership
from canigatti.__main__ import STEPS, app
from canigatti.files import write_text
from canigatti.ownership import WORKFLOW, announce_workflow

SHORT = 10  # seconds within which a process must have ended, on a busy machine

WORKFLOW_SCRIPT = """
import subprocess, sys
from canigatti.ownership import announce_workflow
announce_workflow()
subprocess.run(["bash", "-c", '"$@"; true', "bash", *sys.argv[1:]])
"""


def wait_until(condition, seconds=SHORT):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def start():
    """A function like `subprocess.Popen`; what is still running after the test is killed, with its children."""
    started = []

    def popen(*arguments, **options) -> subprocess.Popen:
        process = subprocess.Popen(*arguments, start_new_session=True, **options)
        started.append(process)
        return process

    yield popen
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_every_command_that_writes_claims_its_output_first(monkeypatch):
    claimed = []
    monkeypatch.setattr(ownership, "claim", claimed.append)
    steps = [one.callback for one in app.registered_commands if one.rich_help_panel == STEPS]
    writing = {callback.__name__: callback for callback in steps if callback.__name__ != "schema"}
    assert len(writing) == len(steps) - 1
    for command in writing.values():
        with pytest.raises(TypeError):  # the arguments of the command itself are missing
            command(output=Path("somewhere", command.__name__))
    assert claimed == [Path("somewhere", name) for name in writing]


def test_a_second_writer_waits_and_names_the_output(start, tmp_path):
    claim = (
        "import sys, time; from pathlib import Path; from canigatti.ownership import claim; claim(Path(sys.argv[1]))"
    )
    options = {"stdout": subprocess.PIPE, "text": True}
    output = tmp_path / "folder" / "seed42"
    script = f"{claim}; print('claimed', flush=True); time.sleep(600)"
    first = start([sys.executable, "-c", script, output], **options)
    assert first.stdout.readline() == "claimed\n"
    second = start([sys.executable, "-c", f"{claim}; print('claimed')", output], **options)
    assert (
        second.stdout.readline() == f"{output}: another process is writing it; waiting until that process has ended\n"
    )
    time.sleep(1)
    assert second.poll() is None
    first.kill()
    assert second.communicate(timeout=SHORT)[0] == "claimed\n"


def test_a_process_can_claim_its_own_output_twice_and_the_lock_is_outside_the_output(tmp_path):
    for _ in range(2):
        ownership.claim(tmp_path / "seed42")
    assert [path.name for path in tmp_path.iterdir()] == [".seed42.lock"]


@pytest.mark.skipif(os.getuid() == 0 and sys.platform != "linux", reason="needs a folder without the right to write")
def test_an_output_that_cannot_be_locked_is_named():
    with pytest.raises(OSError, match="cannot write /proc/nothing/seed42"):
        ownership.claim(Path("/proc/nothing/seed42"))


@pytest.fixture
def ended_workflow(monkeypatch):
    """Announce a workflow that ends, which is this process' child."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    monkeypatch.setenv(WORKFLOW, f"{process.pid}@{ownership._place()}")
    yield process
    process.kill()
    process.wait()


def test_nothing_gets_its_final_name_after_the_workflow_has_ended(tmp_path, ended_workflow):
    write_text(tmp_path / "file", "before")
    ended_workflow.send_signal(signal.SIGKILL)  # and remains as a zombie
    wait_until(lambda: psutil.Process(ended_workflow.pid).status() == psutil.STATUS_ZOMBIE)
    with pytest.raises(SystemExit, match="workflow that started this command has ended"):
        write_text(tmp_path / "file", "after")
    assert (tmp_path / "file").read_text() == "before"
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_a_workflow_on_another_machine_or_none_is_not_watched(tmp_path, monkeypatch):
    for announced in ("", "1@elsewhere/1", "999999999@elsewhere/1"):
        monkeypatch.setenv(WORKFLOW, announced)
        write_text(tmp_path / "file", announced)
        assert (tmp_path / "file").read_text() == announced


def test_a_slurm_job_outlives_the_workflow_that_submitted_it_and_ends_with_that_of_its_step(
    tmp_path, monkeypatch, ended_workflow
):
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    monkeypatch.setenv("SLURM_STEP_ID", "0")
    announce_workflow()
    ended_workflow.kill()
    ended_workflow.wait()
    write_text(tmp_path / "file", "of the job")
    monkeypatch.setenv(WORKFLOW, f"999999999@{ownership._place()}/slurm17.0")
    with pytest.raises(SystemExit, match="workflow that started this command has ended"):
        write_text(tmp_path / "file", "after")


def test_a_workflow_within_a_workflow_announces_both(monkeypatch):
    monkeypatch.setenv(WORKFLOW, "7@elsewhere/1")
    for _ in range(2):
        announce_workflow()
    assert os.environ[WORKFLOW] == f"7@elsewhere/1 {os.getpid()}@{ownership._place()}"


def test_a_training_ends_with_its_killed_workflow_though_its_shell_lives(
    start, tmp_path, train_command, photo_files, make_spec
):
    command = train_command(
        photo_files, tmp_path / "out", make_spec(epochs=100_000, early_stopping={"patience": 10**5})
    )
    workflow = start([sys.executable, "-c", WORKFLOW_SCRIPT, *command], stdout=subprocess.DEVNULL)
    wait_until(lambda: list(tmp_path.glob("out/checkpoint/[!.]*.npz")), seconds=120)
    (shell,) = psutil.Process(workflow.pid).children()
    (training,) = shell.children()
    workflow.kill()  # not waited for: it is a zombie meanwhile
    psutil.wait_procs([shell, training], timeout=SHORT)
    assert not training.is_running()
    workflow.wait()
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"checkpoint", "tensorboard"}


WORKERS_SCRIPT = """
import time
from canigatti.photos.workers import map_processes

def task(number):
    time.sleep(0.02)
    return number

if __name__ == "__main__":
    results = map_processes(task, range(10_000), 3, "sleep")
    print(next(results), flush=True)
    time.sleep(600)
"""


def test_worker_processes_end_with_their_killed_parent(start, tmp_path):
    (tmp_path / "script.py").write_text(WORKERS_SCRIPT, encoding="utf-8")
    parent = start([sys.executable, tmp_path / "script.py"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    parent.stdout.readline()
    workers = psutil.Process(parent.pid).children()
    assert len(workers) == 3
    parent.kill()
    _, alive = psutil.wait_procs(workers, timeout=2)
    assert alive == []
